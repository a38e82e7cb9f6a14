#!/usr/bin/env bash
# Builds with sanitizers (preset asan or tsan) and runs all tests under them.
#
#   tests/support/run_sanitized.sh asan|tsan [argument of ctest…]
#
# Reports go to files, not to the processes' standard error: a test that starts squall need not look
# for them, and none is lost. Any report fails this script, whatever the tests said.
# SQUALL_TEST_SCALE divides the size of integration tests, SQUALL_TEST_ROUNDS repeats them.
set -euo pipefail
cd "$(dirname "$0")/../.."

preset=$1
shift
build=$PWD/build-$preset
reports=$build/reports
cmake --preset "$preset"
cmake --build "$build"
rm -rf "$reports"
mkdir "$reports"

everything=no
[ -z "${SQUALL_TEST_SCALE:-}" ] || everything=yes
export SQUALL_TEST_SCALE=${SQUALL_TEST_SCALE:-10} SQUALL_TEST_ROUNDS=${SQUALL_TEST_ROUNDS:-1}
common=log_path=$reports/report:halt_on_error=1
export ASAN_OPTIONS=$common:detect_stack_use_after_return=1
export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=$common:print_stacktrace=1
# For the libraries that are not instrumented: see tsan_ignore.txt and tsan.supp.
suppressions=$PWD/tests/support/tsan.supp
export TSAN_OPTIONS=$common:second_deadlock_stack=1:ignore_noninstrumented_modules=1:suppressions=$suppressions:print_suppressions=0

# What measures says nothing of an instrumented program; of what waits most of its time, or runs the
# same code as other tests do, each sanitizer sees one. With SQUALL_TEST_SCALE given by the caller, all
# run.
excluded='^$'
if [ "$everything" = no ]; then
  excluded='^(integration\.(addresses|bad_agents|bench|calibrate|checks|closed_form|coverage|littles_law|memory|mix|options|parallelism|phases|policy_limits|rates|reconcile|replay|report|save|sending|server_counts|service|sleeping_users|ssh)|fleet\.(network|promises|staged)|package\..*)$'
  if [ "$preset" = tsan ]; then
    excluded='^(integration\.(addresses|bad_agents|bad_files|bad_input|bench|calibrate|checks|closed_form|coverage|failures|fleet_check|list_formats|littles_law|memory|mix|options|parallelism|phases|plans|policy|policy_limits|proxies|rates|reconcile|replay|report|save|sending|server_counts|service|sleeping_users|ssh|templates|url_lists|user_runs|users)|fleet\.(network|promises|staged)|package\..*)$'
  fi
fi
status=0
ctest --test-dir "$build" --output-on-failure --parallel "$(getconf _NPROCESSORS_ONLN)" \
  -E "$excluded" "$@" || status=$?
if [ -n "$(ls "$reports")" ]; then
  cat "$reports"/*
  echo "run_sanitized: $(find "$reports" -type f | wc -l) process(es) reported, see above" >&2
  exit 1
fi
exit "$status"
