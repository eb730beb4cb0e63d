# Feed the fuzzers (default: all, 10 seconds each)
#
# Usage: ./dev fuzz [TARGET|all] [SECONDS]
#
# A fuzzer is one file NAME_fuzz.cc in tests/fuzz, built with libFuzzer and the address and undefined-behaviour sanitizers.
# What it finds interesting is kept in build/fuzz/corpus/NAME, so that the next run goes on from there; inputs worth keeping
# for good are in tests/fuzz/corpus/NAME, words that help it along in tests/fuzz/NAME.dict. An input that crashes is written
# to build/fuzz/found and named in the output.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

target="${1:-all}"
seconds="${2:-10}"
[[ "$seconds" =~ ^[0-9]+$ ]] || die "the time to fuzz is a number of seconds; got '$seconds'"
dev deps build
mapfile -t names < <(find tests/fuzz -name '*_fuzz.cc' -printf '%f\n' 2>/dev/null | sed 's/\.cc$//' | sort)
((${#names[@]} > 0)) || { echo "there are no fuzzers in tests/fuzz"; echo "0 passed, 0 failed"; exit 0; }
if [[ "$target" != all ]]; then
  [[ "$target" == *_fuzz ]] || target="${target}_fuzz"
  is_verb "$target" "${names[*]}" || die "there is no fuzzer '$target'; there are: ${names[*]}"
  names=("$target")
fi
compile fuzz "${names[@]}"

# Leaves the exit status in build/fuzz/NAME.status.
fuzz_one() {
  local name="$1" kept="build/fuzz/corpus/$1" given="tests/fuzz/corpus/$1" log="build/fuzz/$1.log"
  mkdir -p "$kept" build/fuzz/found
  local corpora=("$kept") words=()
  [[ ! -d "$given" ]] || corpora+=("$given")
  [[ ! -f "tests/fuzz/$name.dict" ]] || words+=("-dict=tests/fuzz/$name.dict")
  local status=0
  "$(find build/fuzz -type f -name "$name" -perm -u+x | head -n 1)" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/found/$name-" "${words[@]}" "${corpora[@]}" >"$log" 2>&1 || status=$?
  echo "$status" >"build/fuzz/$name.status"
}

bad=0
for name in "${names[@]}"; do
  fuzz_one "$name" &
  while (($(jobs -rp | wc -l) >= $(jobs_default))); do wait -n || true; done
done
wait
for name in "${names[@]}"; do
  if [[ "$(cat "build/fuzz/$name.status")" == 0 ]]; then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log") runs, nothing found"
  else
    bad=$((bad + 1))
    echo "$name: FOUND SOMETHING, the end of build/fuzz/$name.log:"
    tail -n 30 "build/fuzz/$name.log"
  fi
done
echo "$((${#names[@]} - bad)) passed, $bad failed"
[[ $bad -eq 0 ]]
