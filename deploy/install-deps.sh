#!/usr/bin/env bash
# Installs what squall is built, tested and checked with, as far as it is missing.
#
#   deploy/install-deps.sh [build] [test] [lint] [bench] [package] [static] [arm64]
#
# Debian and its kin by apt-get (as root or through sudo), macOS by Homebrew. Asks nothing. When all
# is there it says nothing and costs a few milliseconds.
set -euo pipefail

debian_packages() {
  case "$1" in
    build)
      echo g++ make cmake ninja-build ccache pkg-config python3
      echo libgrpc++-dev libc-ares-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
      echo libcurl4-openssl-dev libssl-dev zlib1g-dev libev-dev libhttp-parser-dev libabsl-dev
      echo libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev libre2-dev
      echo libzstd-dev libluajit-5.1-dev
      echo libgtest-dev libgmock-dev
      ;;
    # An ssh server of a test's own; another reader of the histograms that squall writes, which is in
    # Java.
    test)
      echo nginx openssl ca-certificates curl wrk iproute2 openssh-client openssh-server
      echo libhdrhistogram-java default-jre-headless
      # What the package is for: shells, man, systemd's own check of units; YAML for Kubernetes'.
      echo zsh fish man-db systemd python3-yaml
      ;;
    # llvm has the symbolizer: without it sanitizers name no function and no suppression matches.
    lint) echo clang clang-format clang-tidy libclang-rt-dev llvm ;;
    # Beside those of build: what libcurl is made of.
    static) echo dpkg-dev debian-archive-keyring libnghttp2-dev libbrotli-dev ;;
    # The compiler, and what runs its program. No libraries (deploy/static/debian.sh).
    arm64) echo g++-aarch64-linux-gnu qemu-user ;;
    bench) echo wrk nghttp2-client apache2-utils linux-perf libbenchmark-dev valgrind ;;
    package) echo dpkg-dev lintian debootstrap systemd-container ;;
  esac
}

homebrew_formulae() {
  case "$1" in
    build)
      echo cmake ninja ccache pkgconf grpc c-ares protobuf curl openssl@3 libev http-parser abseil
      echo spdlog fmt cli11 nlohmann-json yaml-cpp re2 zstd luajit googletest
      ;;
    test) echo nginx openssl@3 ;;
    lint) echo llvm clang-format ;;
    # The measuring itself is for Linux, and so are packages.
    bench) echo google-benchmark ;;
    package) echo ;;
  esac
}

# Debian's packages start a web server on port 80 and an ssh server on port 22, now and at every
# boot. Tests start their own. policy-rc.d is how Debian lets one forbid that; a machine that has
# such a policy keeps it.
without_services() {
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    $as_root sh -c \
      "printf '%s\n' '#!/bin/sh' 'case \"\$1\" in nginx*|ssh*) exit 101 ;; esac' > $policy"
    $as_root chmod 755 "$policy"
    trap '$as_root rm -f "$policy"' EXIT
  fi
  apt_get install "$@"
  for package in "$@"; do
    case "$package" in
      nginx) $as_root update-rc.d nginx disable ;;
      openssh-server) $as_root update-rc.d ssh disable ;;
    esac
  done
}

# Others may be installing: waits for their lock.
apt_get() {
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends "$@"
}

install_debian() {
  local installed missing=()
  installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    case "$installed" in
      *" installed=$package "*) ;;
      *) missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "install-deps: not root and no sudo. As root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=sudo
  fi
  echo "install-deps: installing ${missing[*]}"
  apt_get update
  without_services "${missing[@]}"
}

install_homebrew() {
  local missing=()
  for formula in "$@"; do
    [ -d "$(brew --prefix)/opt/$formula" ] || missing+=("$formula")
  done
  [ ${#missing[@]} -eq 0 ] || brew install "${missing[@]}"
}

groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(build)
for group in "${groups[@]}"; do
  if [ -z "$(debian_packages "$group")" ]; then
    echo "install-deps: no group \"$group\". Groups: build test lint bench package static arm64" >&2
    exit 2
  fi
done
list() { for group in "${groups[@]}"; do "$1" "$group"; done; }

# Package names hold no blanks: the lists are split into words on purpose.
# shellcheck disable=SC2046
if command -v apt-get >/dev/null; then
  install_debian $(list debian_packages)
elif command -v brew >/dev/null; then
  install_homebrew $(list homebrew_formulae)
elif [ "$(uname)" = Darwin ]; then
  echo "install-deps: needs Homebrew (https://brew.sh) to install:" $(list homebrew_formulae) >&2
  exit 1
else
  echo "install-deps: neither apt-get nor brew here. By their names in Debian 12, what is needed:" >&2
  list debian_packages >&2
  echo "Install these and run cmake --preset release && cmake --build build." >&2
  exit 1
fi
