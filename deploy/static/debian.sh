#!/usr/bin/env bash
# What Debian's archive has, for builds: nothing of the machine changes, and no root is needed.
#
#   deploy/static/debian.sh source PACKAGE FOLDER           its source, patched, into FOLDER
#   deploy/static/debian.sh sysroot ARCHITECTURE FOLDER PACKAGE…
#                                        the packages and all they need, unpacked under FOLDER
#
# The archive is the one that the machine itself uses, as apt knows it; signatures are checked.
set -euo pipefail

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
what=${1:?source or sysroot}
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# fresh_apt ARCHITECTURE: an apt of its own, to which no package is installed.
fresh_apt() {
  local architecture=$1
  mkdir -p "$scratch"/{lists/partial,archives/partial,sources}
  touch "$scratch/status"
  cat > "$scratch/apt.conf" <<CONFIGURATION
Dir::State "$scratch";
Dir::State::lists "$scratch/lists";
Dir::State::status "$scratch/status";
Dir::Cache "$scratch";
Dir::Cache::archives "$scratch/archives";
Dir::Etc::sourcelist "$scratch/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
CONFIGURATION
  machine_sources > "$scratch/sources.list"
  if [ ! -s "$scratch/sources.list" ]; then
    echo "debian.sh: apt knows of no Debian archive here; on Debian, run apt-get update first" >&2
    exit 1
  fi
  own apt-get -qq update
}

# The suites that the machine takes packages from, as lines of sources.list: packages and sources.
machine_sources() {
  # shellcheck disable=SC2016  # apt-get expands these
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | sort -u |
    while read -r origin archive suite component; do
      [ "$origin" = Debian ] || continue
      echo "deb [signed-by=$keyring] $archive $suite $component"
      echo "deb-src [signed-by=$keyring] $archive $suite $component"
    done
}

own() { APT_CONFIG=$scratch/apt.conf "$@"; }

case "$what" in
  source)
    package=$1 folder=$2
    fresh_apt "$(dpkg --print-architecture)"
    (cd "$scratch/sources" && own apt-get -qq source "$package")
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    mv "$scratch/sources/$package"-*/ "$folder"
    ;;
  sysroot)
    architecture=$1 folder=$2
    shift 2
    fresh_apt "$architecture"
    own apt-get -qq -y --download-only install "$@"
    rm -rf "$folder.new"
    mkdir -p "$folder.new/usr/lib"
    # As an installed Debian has it.
    ln -s usr/lib "$folder.new/lib"
    for archive in "$scratch"/archives/*.deb; do
      dpkg-deb --fsys-tarfile "$archive" |
        tar -x -C "$folder.new" --keep-directory-symlink --exclude './usr/share/doc' \
          --exclude './usr/share/locale' --exclude './usr/share/man'
    done
    rm -rf "$folder"
    mv "$folder.new" "$folder"
    ;;
  *)
    echo "debian.sh: source or sysroot, not $what" >&2
    exit 2
    ;;
esac
