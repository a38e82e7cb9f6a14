#!/usr/bin/env bash
# Builds the fuzzing programs (preset asan) and runs each for its part of the time.
#
#   tests/support/run_fuzz.sh SECONDS [NAME…]
#
# NAMEs are those in tests/fuzz/CMakeLists.txt; all by default. Inputs that reached something new are
# kept in build-asan/corpus and are where the next run begins. An input that broke something is kept in
# build-asan/found: build-asan/tests/fuzz/fuzz_NAME FILE runs it again.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=$1
shift
names=("$@")
build=$PWD/build-asan
cmake --preset asan
cmake --build "$build" --target fuzz_targets
if [ ${#names[@]} -eq 0 ]; then
  names=(tests/fuzz/*_fuzz.cc)
  names=("${names[@]##*/}")
  names=("${names[@]%_fuzz.cc}")
fi
part=$((seconds / ${#names[@]}))
[ "$part" -gt 0 ] || part=1  # 0 would be without end

failed=()
mkdir -p "$build/found"
for name in "${names[@]}"; do
  corpus=$build/corpus/$name
  log=$build/found/$name.log
  arguments=("$corpus")
  mkdir -p "$corpus"
  # Those that read text have seeds.
  if [ -d "tests/fuzz/seeds/$name" ]; then
    arguments+=("tests/fuzz/seeds/$name" -dict=tests/fuzz/words.dict)
  fi
  if "$build/tests/fuzz/fuzz_$name" "${arguments[@]}" -max_total_time="$part" -timeout=10 \
    -artifact_prefix="$build/found/$name-" -print_final_stats=1 >"$log" 2>&1; then
    echo "fuzz_$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $part s"
  else
    failed+=("$name")
    tail -n 60 "$log"
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "run_fuzz: broken by an input, see above and $build/found: ${failed[*]}" >&2
  exit 1
fi
