#!/usr/bin/env bash
# Installs what squall is built, tested and checked with, as far as it is missing.
#
#   deploy/install-deps.sh [build] [test] [lint] [bench]
#
# Debian and its kin by apt-get (as root or through sudo), macOS by Homebrew. Asks nothing. When all
# is there it says nothing and costs a few milliseconds.
set -euo pipefail

debian_packages() {
  case "$1" in
    build)
      echo g++ make cmake ninja-build ccache pkg-config python3
      echo libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
      echo libcurl4-openssl-dev libssl-dev zlib1g-dev libev-dev libhttp-parser-dev libabsl-dev
      echo libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev
      echo libgtest-dev libgmock-dev
      ;;
    # Another reader of the histograms that squall writes, which is in Java.
    test) echo nginx openssl curl wrk iproute2 libhdrhistogram-java default-jre-headless ;;
    # llvm has the symbolizer: without it sanitizers name no function and no suppression matches.
    lint) echo clang clang-format clang-tidy libclang-rt-dev llvm ;;
    bench) echo wrk nghttp2-client apache2-utils linux-perf libbenchmark-dev ;;
  esac
}

homebrew_formulae() {
  case "$1" in
    build)
      echo cmake ninja ccache pkgconf grpc protobuf curl openssl@3 libev http-parser abseil
      echo spdlog fmt cli11 nlohmann-json yaml-cpp googletest
      ;;
    test) echo nginx openssl@3 ;;
    lint) echo llvm clang-format ;;
    # The measuring itself is for Linux.
    bench) echo google-benchmark ;;
  esac
}

# Debian's package starts a web server on port 80, now and at every boot. Tests start their own.
# policy-rc.d is how Debian lets one forbid that; a machine that has such a policy keeps it.
without_nginx_service() {
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    $as_root sh -c "printf '%s\n' '#!/bin/sh' 'case \"\$1\" in nginx*) exit 101 ;; esac' > $policy"
    $as_root chmod 755 "$policy"
    trap '$as_root rm -f "$policy"' EXIT
  fi
  "$@"
  $as_root update-rc.d nginx disable
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
  case " ${missing[*]} " in
    *" nginx "*) without_nginx_service apt_get install "${missing[@]}" ;;
    *) apt_get install "${missing[@]}" ;;
  esac
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
    echo "install-deps: no group \"$group\". Groups: build test lint bench" >&2
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
