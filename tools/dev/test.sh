# Run every test; the last line printed is `N passed, N failed`
#
# Usage: ./dev test [--quick | --tsan] [FILTER]
#
# Runs one after the other, and goes on after a failure:
#   lint      structure, format and clang-tidy (./dev lint)
#   unit      all C++ tests of the release build, in parallel
#   clients   stock clients in their own languages against the built program (tests/clients)
#   asan      the C++ tests again with address and undefined-behaviour sanitizers
#   planted   six planted bugs that the simulation must find (./dev sim --planted --quick)
#   fuzz      every fuzzer for 10 seconds
# --quick leaves out the torture, asan, planted, fuzz and the client cases that take minutes. --tsan runs something else: the C++ tests, and client
# cases of pop, holds, groups and resets, with the thread sanitizer; any report is a failure. With FILTER only the C++ and client tests whose
# name contains it run (as a regular expression for the C++ tests).
# Exits non-zero when anything failed. Logs and JUnit files are kept in build/test.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

quick=false
tsan=false
filter=""
for argument in "$@"; do
  case "$argument" in
    --quick) quick=true ;;
    --tsan) tsan=true ;;
    -*) die "test does not know '$argument'; ./dev test --help" ;;
    *) filter="$argument" ;;
  esac
done

readonly kLogs="$SLUICE_ROOT/build/test"
readonly kFuzzSeconds=10
mkdir -p "$kLogs"
passed=0
failed=0
summary=()
failures=()

record() {
  local step="$1" ok="$2" bad="$3" seconds="$4" note="${5:-}"
  passed=$((passed + ok))
  failed=$((failed + bad))
  summary+=("$(printf '%-9s %5d passed %4d failed  %4d s  %s' "$step" "$ok" "$bad" "$seconds" "$note")")
}

# A step that says `N passed, N failed` in its output is believed; one that fails without saying so counts as one failure.
run_step() {
  local step="$1" started=$SECONDS status=0 ok=0 bad=0 counts log="$kLogs/$1.log"
  shift
  say "$step: $*"
  "$@" 2>&1 | tee "$log" >&2 || status=$?
  counts="$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)"
  if [[ -n "$counts" ]]; then
    read -r ok _ bad _ <<<"$counts"
  else
    ok=$((status == 0 ? 1 : 0))
  fi
  [[ $status -eq 0 || $bad -gt 0 ]] || bad=1
  record "$step" "$ok" "$bad" $((SECONDS - started)) "$([[ $bad -eq 0 ]] || echo "see ${log#"$SLUICE_ROOT/"}")"
  [[ $bad -eq 0 ]] || name_failures "$step" "$log"
}

# What failed is named again at the very end: of a long log often only the end is kept.
name_failures() {
  local step="$1" log="$2" line
  while IFS= read -r line; do failures+=("$step: $line"); done < <(
    sed 's/\x1b\[[0-9;]*[A-Za-z]//g' "$log" | grep -E '^FAIL |[0-9]+ - .* \((Failed|Timeout|SEGFAULT|Subprocess)|(error|warning): |^[^ ]+:[0-9]+: \[[a-z-]+' |
      sort -u | tail -n 20 || true)
}

summarise() {
  printf '\n'
  printf '%s\n' "${summary[@]}"
  [[ ${#failures[@]} -eq 0 ]] || printf '  failed in %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}

cpp_tests() {
  local preset="$1" junit="$kLogs/$1.xml"
  local with_filter=()
  [[ -z "$filter" ]] || with_filter=(-R "$filter")
  ! $quick || with_filter+=(-LE torture)
  (compile "$preset") || return 1
  ctest --test-dir "build/$preset" -j "$(jobs_default)" --timeout 120 --output-on-failure --progress \
    --output-junit "$junit" --no-tests=ignore "${with_filter[@]}" || true
  python3 tools/dev/junit_counts.py "$junit"
}

client_tests() {
  local extra=()
  [[ -z "$filter" ]] || extra+=(--only "$filter")
  ! $quick || extra+=(--quick)
  dev deps test
  tests/clients/run --server "$SLUICE_ROOT/build/release/sluice" "${extra[@]}"
}

# The server's reports go to files: a case only sees that it ended as it should.
tsan_clients() {
  local reports="$kLogs/tsan-report" only=()
  local pattern
  for pattern in ${filter:-pop hold group reset}; do only+=(--only "$pattern"); done
  rm -f "$reports".*
  dev deps test
  TSAN_OPTIONS="log_path=$reports exitcode=0" tests/clients/run --server "$SLUICE_ROOT/build/tsan/sluice" --quick --jobs 2 \
    "${only[@]}" || return 1
  ! compgen -G "$reports.*" >&2 || die "the thread sanitizer has reported; see the files above"
}

if $tsan; then
  dev deps build
  run_step tsan cpp_tests tsan
  run_step clients tsan_clients
  summarise
  exit
fi

dev deps build
[[ -n "$filter" ]] || run_step lint dev lint
run_step unit cpp_tests release
if [[ ! -x tests/clients/run ]]; then
  summary+=("clients   not run: tests/clients/run is not there")
elif [[ ! -x build/release/sluice ]]; then
  summary+=("clients   not run: build/release/sluice was not built")
  failed=$((failed + 1))
else
  run_step clients client_tests
fi
if ! $quick; then
  run_step asan cpp_tests asan
  [[ -n "$filter" ]] || run_step planted dev sim --planted --quick --seconds 60
  [[ -n "$filter" ]] || run_step fuzz dev fuzz all "$kFuzzSeconds"
fi

summarise
