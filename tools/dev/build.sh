# Build everything of a preset (default: release)
#
# Usage: ./dev build [PRESET] [TARGET...]
#
# Presets (CMakePresets.json): release, debug, asan, tsan, fuzz. Results go to build/PRESET; the program is
# build/PRESET/sluice. ccache is used, so a build of known sources takes seconds. SLUICE_JOBS=N limits the parallel jobs.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

preset="${1:-release}"
[[ $# -gt 0 ]] && shift
is_verb "$preset" "$(presets)" || die "there is no preset '$preset'; there are: $(presets)"
dev deps build
compile "$preset" "$@"
