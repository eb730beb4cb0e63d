# Remove everything that was built
#
# Usage: ./dev clean [PRESET]
#
# Removes build/ (or build/PRESET) and the compile_commands.json link. The compiler cache and ./sluice-data stay.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

if [[ $# -gt 0 ]]; then
  is_verb "$1" "$(presets)" || die "there is no preset '$1'; there are: $(presets)"
  rm -rf "${SLUICE_ROOT:?}/build/$1"
else
  rm -rf "${SLUICE_ROOT:?}/build" "$SLUICE_ROOT/compile_commands.json"
fi
