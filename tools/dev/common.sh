# What the verbs share. Sourced by ./dev and by every script here; expects SLUICE_ROOT.

# The paragraph a verb's script begins with, without the comment marks.
help_of() {
  awk 'NR == 1 && /^#!/ { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$SLUICE_ROOT/tools/dev/$1.sh"
}

is_verb() {
  local verb
  for verb in $2; do [[ "$verb" == "$1" ]] && return 0; done
  return 1
}

say() { printf '\n== %s\n' "$*" >&2; }

die() {
  printf './dev: %s\n' "$*" >&2
  exit 1
}

dev() { bash "$SLUICE_ROOT/tools/dev/$1.sh" "${@:2}"; }

presets() { sed -n 's/.*"name": "\([a-z]*\)", "inherits".*/\1/p' "$SLUICE_ROOT/CMakePresets.json" | xargs; }

jobs_default() { echo "${SLUICE_JOBS:-$(nproc)}"; }

# A compiler cache shared by all presets; a fresh clone in another folder hits it too, because paths are made relative.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$SLUICE_ROOT}"
export CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-true}"
export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"
export CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-5G}"

# Configures a preset once and again when its settings changed. Quiet unless it fails.
configure() {
  local preset="$1" dir="$SLUICE_ROOT/build/$1" stamp log
  stamp="$dir/.configured"
  log="$dir/configure.log"
  if [[ -f "$stamp" && -f "$dir/build.ninja" && "$stamp" -nt "$SLUICE_ROOT/CMakePresets.json" ]]; then return 0; fi
  mkdir -p "$dir"
  if ! cmake --preset "$preset" -S "$SLUICE_ROOT" >"$log" 2>&1; then
    cat "$log" >&2
    die "configuring '$preset' failed; the log is $log"
  fi
  touch "$stamp"
}

# compile PRESET [TARGET...]: configures and builds. Exits when something does not compile.
compile() {
  local preset="$1"
  shift
  configure "$preset"
  cmake --build "$SLUICE_ROOT/build/$preset" -j "$(jobs_default)" ${1:+--target "$@"} >&2 ||
    die "the build of '$preset' failed; the first error above is the one to look at"
  link_compile_commands "$preset"
}

# Editors and clang-tidy look for compile_commands.json at the top: it points into the preset built last, release first.
link_compile_commands() {
  local link="$SLUICE_ROOT/compile_commands.json"
  [[ "$1" == release || ! -e "$link" ]] || return 0
  ln -sfn "build/$1/compile_commands.json" "$link"
}
