# Simulate broker, disk and time: many crashes a second, every promise checked
#
# Usage: ./dev sim [--seed N] [--seconds S]
#        ./dev sim --planted [--quick] [--only NAME]
#
# Plays runs from seed N on (default: a new one) for S seconds (default 60) and stops at the first broken promise: it prints
# what happened, and the seed. With --seed alone it plays that one run: the way to see a failure again. A minute or more of
# runs fails, too, when it was not 1,000 times as fast as real time.
# --planted shows that the simulation finds bugs: each mutation of tests/sim/planted/bugs.py, one after the other.
# tests/sim/README.md tells how it works.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

dev deps build
if [[ "${1:-}" == --planted ]]; then
  shift
  compile release sluice_sim
  exec python3 -B tests/sim/planted/check.py "$@"
fi
seed="" seconds=""
arguments=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --seed) seed="${2:?--seed needs a number}"; shift 2 ;;
    --seconds) seconds="${2:?--seconds needs a number}"; shift 2 ;;
    *) arguments+=("$1"); shift ;;
  esac
done
[[ -n "$seed" || -n "$seconds" ]] || seconds=60
[[ -n "$seed" ]] || seed="$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')"
[[ "$seed" =~ ^[0-9]+$ ]] || die "--seed needs a number; got '$seed'"
compile release sluice_sim
exec build/release/tests/sim/sluice_sim --least 1000 --seed "$seed" ${seconds:+--seconds "$seconds"} "${arguments[@]}"
