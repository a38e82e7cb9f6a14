#!/bin/sh
# Makes squall's agent a service of this Mac: copies the program to /usr/local/bin, writes
# /Library/LaunchDaemons/squall.agent.plist and, if there is none, /etc/squall/agent.yaml, and starts
# the agent.
#
#   deploy/launchd/install.sh [--listen ADDRESS] [--tls FILE] [--dry-run]
#
# $SQUALL is the program; otherwise that of this checkout's build, or the one in $PATH. The program
# does it all by itself: `squall agent install`, and `squall agent uninstall` undoes it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

squall=${SQUALL:-$here/../../build/squall}
[ -x "$squall" ] || squall=$(command -v squall) || {
  echo "install.sh: no squall here: make build, or brew install, or SQUALL=/path/to/squall" >&2
  exit 1
}
case " $* " in
  *" --dry-run "*) ;;
  *) [ "$(id -u)" -eq 0 ] || exec sudo "$squall" agent install "$@" ;;
esac
exec "$squall" agent install "$@"
