# Run the benchmarks: the table of docs/BENCHMARKS.md, or the one named
#
# Usage: ./dev bench [NAME] [ARGUMENTS]
#
# Without a name, or with arguments only, it measures the table (bench/table): Sluice, Apache RocketMQ and the ceiling in turn, in
# about 15 minutes; --quick takes 3, --help tells the rest. A NAME is a folder bench/NAME with a __main__.py, a script
# bench/compare_NAME, or one file bench/NAME_bench.cc (Google Benchmark; its arguments, such as --benchmark_filter=REGEX, can follow);
# `programs` runs all of the last kind. Builds the release preset.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

name=table
if [[ $# -gt 0 && "$1" != -* ]]; then
  name="$1"
  shift
fi
dev deps build
mapfile -t programs < <(find bench -maxdepth 1 -name '*_bench.cc' -printf '%f\n' | sed 's/_bench\.cc$//' | sort)
mapfile -t scripts < <({ find bench -mindepth 2 -maxdepth 2 -name __main__.py -printf '%h\n' | sed 's|^bench/||'; find bench -maxdepth 1 -name 'compare_*' -printf '%f\n' | sed 's/^compare_//'; } | sort)

if is_verb "$name" "${scripts[*]}"; then
  compile release sluice
  script="bench/$name"
  [[ -d "$script" ]] || script="bench/compare_$name"
  PYTHONDONTWRITEBYTECODE=1 exec python3 "$script" "$@"
fi
name="${name%_bench}"
if [[ "$name" != programs ]]; then
  is_verb "$name" "${programs[*]}" ||
    die "there is no benchmark '$name'; there are: ${scripts[*]} ${programs[*]}, and programs for all of the latter"
  programs=("$name")
fi
compile release sluice "${programs[@]/%/_bench}"
for name in "${programs[@]}"; do
  say "$name"
  "build/release/bench/${name}_bench" "$@"
done
