#!/usr/bin/env bash
# One file for each kind of Linux machine, with nothing to install: dist/squall-linux-amd64 and
# dist/squall-linux-arm64. Says their sizes and sums, which dist/SHA256SUMS has as well.
#
#   deploy/static/build.sh [amd64] [arm64]
#
# On Debian 12 for amd64, after deploy/install-deps.sh build static arm64.
set -euo pipefail
cd "$(dirname "$0")/../.."

most_bytes=$((25 * 1000 * 1000))

architectures=("$@")
[ ${#architectures[@]} -gt 0 ] || architectures=(amd64 arm64)
if [ "$(dpkg --print-architecture 2>/dev/null)" != amd64 ]; then
  echo "static files are built on Debian for amd64" >&2
  exit 1
fi

# What Debian has of each library, for a machine of another kind. The compiler is the machine's.
sysroot_packages=(
  libc6-dev libstdc++-12-dev libgrpc++-dev libprotobuf-dev protobuf-compiler-grpc libabsl-dev
  libssl-dev libc-ares-dev libre2-dev zlib1g-dev libev-dev libhttp-parser-dev libnghttp2-dev
  libbrotli-dev libzstd-dev libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev
  libluajit-5.1-dev
)

build_one() {
  local architecture=$1 preset=$2 build=$3 strip=$4
  shift 4
  deploy/static/curl.sh "$PWD/$build/libcurl" "$@"
  cmake --preset "$preset" > "$build/configure.log"
  cmake --build "$build" --target squall
  mkdir -p dist
  "$strip" -o "dist/squall-linux-$architecture" "$build/squall"
}

for architecture in "${architectures[@]}"; do
  case "$architecture" in
    amd64)
      mkdir -p build-static
      build_one amd64 static build-static strip
      ;;
    arm64)
      build="build-static-arm64"
      mkdir -p $build
      if [ "$(cat $build/sysroot/packages 2>/dev/null)" != "${sysroot_packages[*]}" ]; then
        deploy/static/debian.sh sysroot arm64 "$PWD/$build/sysroot" "${sysroot_packages[@]}"
        echo "${sysroot_packages[*]}" > $build/sysroot/packages
      fi
      build_one arm64 static-arm64 $build aarch64-linux-gnu-strip \
        -D CMAKE_TOOLCHAIN_FILE="$PWD/cmake/linux-arm64.cmake"
      ;;
    *)
      echo "no static file for \"$architecture\": amd64 or arm64" >&2
      exit 2
      ;;
  esac
done

cd dist
for architecture in "${architectures[@]}"; do
  file=squall-linux-$architecture
  bytes=$(stat -c %s "$file")
  echo "dist/$file: $bytes bytes, SHA-256 $(sha256sum "$file" | cut -d ' ' -f 1)"
  if [ "$bytes" -gt $most_bytes ]; then
    echo "dist/$file: more than $most_bytes bytes" >&2
    exit 1
  fi
done
sha256sum squall-linux-* > SHA256SUMS
