#!/usr/bin/env bash
# One run over three agents, all on this machine's loopback: deploy/demo.sh PROGRAM
#
# Starts a target and three agents, sends 100,003 requests over a list of URLs in shuffled order, and
# holds the report against the target's own count. Leaves nothing behind.
set -euo pipefail

squall=$1
work=$(mktemp -d)
started=()

cleanup() {
  trap '' INT TERM
  for process in ${started[@]+"${started[@]}"}; do
    kill "$process" 2>/dev/null || true
  done
  wait
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME ARGUMENT…: starts `squall ARGUMENT…` and sets `address` to where it listens.
start() {
  local name=$1
  shift
  "$squall" "$@" >"$work/$name.out" 2>"$work/$name.err" &
  local process=$! deadline=$((SECONDS + 10))
  started+=("$process")
  until address=$(sed -n 's/^listening on \(http:\/\/\)\{0,1\}\([^ ]*\).*/\2/p' "$work/$name.out") &&
    [ -n "$address" ]; do
    if [ $SECONDS -ge $deadline ] || ! kill -0 "$process" 2>/dev/null; then
      echo "demo: squall $* does not listen:" >&2
      cat "$work/$name.out" "$work/$name.err" >&2
      exit 1
    fi
    sleep 0.05
  done
  echo "started: squall $*   ($address)"
}

start target target --listen 127.0.0.1:0
target=$address
target_process=${started[0]}
agents=
for name in ash beech cedar; do
  start "$name" agent --listen 127.0.0.1:0 --name "$name"
  agents=$agents${agents:+,}$address
done

for number in $(seq 1 500); do
  echo "/items/$number?page=$((number % 7))"
done >"$work/urls.txt"

command=("$squall" run --agents "$agents" --urls "$work/urls.txt" -u "http://$target"
  --order shuffled --seed 1 -n 100003 -c 97 --json "$work/result.json")
printf '\n$ %s\n\n' "${command[*]}"
"${command[@]}"

# The target prints its counts when it stops; its /__stats are not counted by itself.
counts=$(python3 - "$target" "$work/result.json" <<'PYTHON'
import json, sys, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with direct.open(f"http://{sys.argv[1]}/__stats", timeout=5) as stats:
    counted = json.load(stats)["requests"]
with open(sys.argv[2], encoding="utf-8") as result:
    print(json.load(result)["totals"]["recorded"], counted)
PYTHON
)
kill "$target_process"
wait "$target_process" || true
printf '\nThe target itself says:\n'
sed '/^listening on/d; s/^/  /' "$work/target.out"

read -r recorded counted <<<"$counts"
if [ "$recorded" != "$counted" ] || [ "$recorded" != 100003 ]; then
  echo "demo: asked for 100003, recorded $recorded, counted by the target $counted" >&2
  exit 1
fi
printf '\nAsked for, recorded and counted by the target: %s each.\n' "$recorded"
