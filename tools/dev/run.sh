# Start Sluice: name server and broker in one process
#
# Usage: ./dev run [ARGUMENTS OF sluice serve]
#        ./dev run --demo
#
# Installs what is missing, builds the release program if needed, then runs `sluice serve` with the given arguments:
# name server on port 9876, broker on port 10911, data in ./sluice-data. Ctrl-C stops it cleanly.
# --demo runs `sluice demo` instead: a broker of its own, a producer and consumers, and says what it does.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

command=serve
if [[ "${1:-}" == --demo ]]; then
  command=demo
  shift
fi
dev deps build
compile release sluice
exec "$SLUICE_ROOT/build/release/sluice" "$command" "$@"
