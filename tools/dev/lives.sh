# Starts and ends clients at every moment of their lives, a thousand times, with sanitizers.
#
# Usage: ./dev lives [ROUNDS]
#
# Builds the client's tests with AddressSanitizer (leaks included) and with ThreadSanitizer and repeats the test `Lives` in
# both: ROUNDS (default 25) times 40 lives. `./dev test` runs one round of each.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

rounds="${1:-25}"
[[ "$rounds" =~ ^[1-9][0-9]*$ ]] || die "lives takes a number of rounds; got '$rounds'"
dev deps build
for preset in asan tsan; do
  compile "$preset" sluice_client_test
  "build/$preset/src/client/sluice_client_test" --gtest_filter='Lives.*' --gtest_repeat="$rounds" --gtest_break_on_failure
done
