# Check structure, format and common mistakes
#
# Usage: ./dev lint [--all|--quick] [FILE...]
#
# Three steps; each message names file, line, rule and what to do:
#   structure     tools/lint: include arrows, core folders without I/O, banned calls, sizes, READMEs (about a second)
#   clang-format  100 columns, the repository's .clang-format
#   clang-tidy    the checks of .clang-tidy, for files that differ from the main branch, or the given ones
# --all runs clang-tidy over every source, --quick leaves it out.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

dev deps build
exec python3 tools/lint "$@"
