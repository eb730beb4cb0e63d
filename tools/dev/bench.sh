# Run the benchmarks, or the one named
#
# Usage: ./dev bench [NAME] [ARGUMENTS OF THE PROGRAM]
#
# Builds the release preset. A benchmark is one file NAME_bench.cc in bench/ (Google Benchmark; its arguments, such as
# --benchmark_filter=REGEX, can follow the name). docs/BENCHMARKS.md tells how to read the figures.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

dev deps build
mapfile -t names < <(find bench -maxdepth 1 -name '*_bench.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
((${#names[@]} > 0)) || die "there are no benchmarks in bench/ yet"
if [[ $# -gt 0 && "$1" != -* ]]; then
  name="${1%_bench}_bench"
  shift
  is_verb "$name" "${names[*]}" || die "there is no benchmark '$name'; there are: ${names[*]}"
  names=("$name")
fi
compile release "${names[@]}"
for name in "${names[@]}"; do
  say "$name"
  "build/release/bench/$name" "$@"
done
