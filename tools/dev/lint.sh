# Check structure, format and common mistakes
#
# Usage: ./dev lint [--quick] [FILE...]
#        ./dev lint --record-sizes
#
# Three steps; each message names file, line, rule and what to do:
#   structure     tools/lint: include arrows, core folders without I/O, banned calls, sizes, READMEs (about a second)
#   clang-format  100 columns, the repository's .clang-format
#   clang-tidy    the checks of .clang-tidy; a source that passed is read again only when it or a header of ours changed
# With FILEs, clang-format and clang-tidy look at those only. --quick leaves clang-tidy out. --record-sizes writes the
# size of each folder's longest file to tools/lint/size.json, which keeps files from growing unnoticed.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

dev deps build
configure release
# Folders and files that are new since then: clang-tidy is told how they are compiled.
cmake --build "$SLUICE_ROOT/build/release" --target build.ninja >/dev/null 2>&1 || die "configuring failed"
exec python3 tools/lint "$@"
