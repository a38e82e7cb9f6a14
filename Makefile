# The front door. What squall is made of is CMake's to know; these targets install what they need
# (deploy/install-deps.sh), configure once, and cost next to nothing when all is up to date.
PREFIX ?= /usr/local
DESTDIR ?=
# In all, divided over the fuzzing programs.
FUZZ_SECONDS ?= 55
# Of tests/bench/bench.py, e.g. --cases plain-50 --json bench.json.
BENCH_FLAGS ?=

sources = $(shell find agent common controller target tests -name '*.cc' -o -name '*.h')

.DEFAULT_GOAL := help
.PHONY: help demo test build install format lint bench bench-micro fuzz check-long clean \
        check-format check-includes check-warnings check-headers check-tidy check-asan check-tsan \
        check-portable deb check-deb static static-amd64 check-static \
        deps-build deps-test deps-lint deps-bench deps-package deps-static deps-arm64

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 24

demo: build ## a target, three agents and one run over them, in under a minute
	deploy/demo.sh build/squall

test: build/build.ninja deps-test ## build everything, run unit and integration tests
	cmake --build build
	ctest --test-dir build --output-on-failure --parallel $(shell getconf _NPROCESSORS_ONLN)

build: build/build.ninja ## build the program: build/squall
	cmake --build build --target squall

install: build ## put program, service, manual and docs under PREFIX (/usr/local); DESTDIR for packages
	cmake --build build --target squall_pages
	DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

deb: build/build.ninja deps-package ## build a Debian package: dist/squall_VERSION_ARCHITECTURE.deb
	cmake --build build --target squall squall_packed
	cd build && cpack -G DEB -B packages
	mkdir -p dist && rm -f dist/squall_*.deb && cp build/packages/squall_*.deb dist

check-deb: deb ## lintian, and install, use, upgrade and purge the package in a Debian of its own (root)
	lintian --fail-on error,warning dist/squall_*.deb
	python3 tests/package/check_deb.py dist/squall_*.deb

static: deps-build deps-static deps-arm64 ## one file that needs nothing installed, for Linux on amd64 and on arm64: dist/
	deploy/static/build.sh amd64 arm64

static-amd64: deps-build deps-static
	deploy/static/build.sh amd64

check-static: deps-test deps-arm64 ## try the files of `make static` in bare folders, and under qemu
	python3 tests/static/test_bare.py
	python3 tests/static/test_arm64.py

format: deps-lint ## format the sources in place
	clang-format -i $(sources)

lint: check-format check-includes check-headers check-tidy ## format, includes, headers, clang-tidy

bench: build/build.ninja deps-test deps-bench ## measure squall beside wrk, h2load, ab and a bare loop (docs/benchmarks.md)
	cmake --build build --target bench_programs
	python3 tests/bench/bench.py $(BENCH_FLAGS)

bench-micro: build/build.ninja deps-bench ## what a request costs squall's own pure pieces
	cmake --preset release
	cmake --build build --target bench_micro
	build/tests/bench/bench_micro

fuzz: deps-build deps-lint ## fuzz whatever reads foreign bytes, for FUZZ_SECONDS (55) in all
	tests/support/run_fuzz.sh $(FUZZ_SECONDS)

check-long: lint ## what takes too long for every change: clang-tidy, 20 min of fuzzing, sanitizers at full scale
	tests/support/run_fuzz.sh 1200
	SQUALL_TEST_SCALE=1 tests/support/run_sanitized.sh asan
	SQUALL_TEST_SCALE=1 tests/support/run_sanitized.sh tsan

clean: ## remove everything that was built
	rm -rf build build-dev build-asan build-tsan build-portable build-static build-static-arm64 dist

# Parts of lint and of .ci/run.

check-format: deps-lint
	@clang-format --dry-run -Werror $(sources)

check-includes: deps-build
	python3 tests/lint/check_includes.py

check-warnings: build-dev/build.ninja
	cmake --build build-dev

check-portable: deps-build deps-test ## what macOS gets of it, built on Linux: unit tests and a fleet test
	cmake --preset portable
	cmake --build build-portable
	ctest --test-dir build-portable --output-on-failure -LE 'integration|fleet' --parallel $(shell getconf _NPROCESSORS_ONLN)
	ctest --test-dir build-portable --output-on-failure -R '^integration.agent_loss$$'

check-headers: build-dev/build.ninja
	cmake --build build-dev --target squall_header_check

check-tidy: check-warnings deps-lint
	run-clang-tidy -quiet -p build-dev '$(CURDIR)/(agent|common|controller|target)/.*\.cc$$'

check-asan check-tsan: check-%: deps-build deps-test deps-lint
	tests/support/run_sanitized.sh $*

# Ninja runs CMake again when a CMakeLists.txt changes, but knows nothing of the presets.
build/build.ninja: CMakePresets.json | deps-build
	cmake --preset release

build-dev/build.ninja: CMakePresets.json | deps-build
	cmake --preset dev

deps-build deps-test deps-lint deps-bench deps-package deps-static deps-arm64: deps-%:
	@deploy/install-deps.sh $*
