# Format the C++ sources
#
# Usage: ./dev fmt [FILE...]
#
# Runs clang-format-19 with the repository's .clang-format over the given files, or over all that git knows.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

command -v clang-format-19 >/dev/null || dev deps build
if [[ $# -gt 0 ]]; then
  clang-format-19 -i -- "$@"
else
  git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' | xargs -0 -r clang-format-19 -i --
fi
