# Torture the real program: kill -9 under load, and power cuts
#
# Usage: ./dev torture [--restarts N] [--cuts N] [--seed N] [--keep]
#
# Starts build/release/sluice, puts clients of every kind on it, and for ASYNC_FLUSH and SYNC_FLUSH each:
#   kill storm   kills it N times (default 200) and starts it again; then everything that was acknowledged must be there,
#                once and in order, nothing early, no lease cut short
#   power cuts   records its writes and syncs, makes the disk's content of N moments (default 60) without what was not
#                synced, and starts it on each: with SYNC_FLUSH all that was acknowledged by then must be there
# tests/torture/README.md tells how it works.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

dev deps build
compile release sluice sluice_record_writes
exec tests/torture/run "$@"
