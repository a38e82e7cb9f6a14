#!/usr/bin/env bash
# Builds the libcurl of the static program, from Debian's source package: HTTP alone, names by c-ares.
#
#   deploy/static/curl.sh FOLDER [CMAKE-ARGUMENT…]
#
# FOLDER gets include/ and lib/. What was built there by this very script is kept as it is; remove the
# folder to take over Debian's updates.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift

stamp="$(cat "$0" "$here/find_static.cmake" | sha256sum) $*"
if [ -e "$folder/stamp" ] && [ "$(cat "$folder/stamp")" = "$stamp" ]; then exit 0; fi

# One for all.
source=$here/../../build-static/curl-source
[ -e "$source/CMakeLists.txt" ] || "$here/debian.sh" source curl "$source"
rm -rf "$folder" "$folder-build"
options=(
  -D CMAKE_BUILD_TYPE=Release
  -D CMAKE_PROJECT_INCLUDE="$here/find_static.cmake"
  -D BUILD_SHARED_LIBS=OFF -D BUILD_CURL_EXE=OFF -D BUILD_TESTING=OFF -D ENABLE_MANUAL=OFF
  -D CMAKE_C_COMPILER_LAUNCHER="$(command -v ccache || true)"
  # It asks squall where authorities are.
  -D CURL_CA_BUNDLE=none -D CURL_CA_PATH=none
  -D CURL_USE_OPENSSL=ON -D OPENSSL_USE_STATIC_LIBS=ON -D ENABLE_ARES=ON -D USE_NGHTTP2=ON
  -D CURL_ZLIB=ON -D CURL_BROTLI=ON -D CURL_ZSTD=ON
  -D HTTP_ONLY=ON -D CURL_DISABLE_LDAP=ON -D CURL_DISABLE_LDAPS=ON -D CURL_USE_GSSAPI=OFF
  -D CURL_USE_LIBSSH2=OFF -D CURL_USE_LIBSSH=OFF -D CURL_USE_LIBPSL=OFF -D USE_LIBRTMP=OFF
  -D USE_LIBIDN2=OFF -D CURL_DISABLE_NTLM=ON
)
cmake -S "$source" -B "$folder-build" -G Ninja "${options[@]}" "$@" > "$folder-build.log"
cmake --build "$folder-build" >> "$folder-build.log"
cmake --install "$folder-build" --prefix "$folder" >> "$folder-build.log"
echo "$stamp" > "$folder/stamp"
