# Install the Debian packages that are missing
#
# Usage: ./dev deps [--list] [GROUP]
#
# Reads tools/dev/packages.txt. Does nothing, in a fraction of a second, when all are there. Otherwise installs what is
# missing with apt-get, without asking, as root or through sudo. --list only prints what is missing.
# GROUP is build (compiler and libraries) or test (Java, Maven and Go for the client tests); default: both.
# Every other verb that builds calls this first.
set -euo pipefail
source "$SLUICE_ROOT/tools/dev/common.sh"

# The first dotted number a command prints about its version.
version_of() {
  local out
  case "$1" in
    go) out="$(go version 2>/dev/null)" ;;
    *) out="$("$1" --version 2>&1)" ;;
  esac || true
  grep -oE '[0-9]+(\.[0-9]+)+' <<<"$out" | head -n 1 || true
}

at_least() { [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]; }

tool_is_there() {
  local command="$1" wanted="$2" have
  command -v "$command" >/dev/null || return 1
  have="$(version_of "$command")"
  [[ -n "$have" ]] && at_least "$have" "$wanted"
}

installed_packages() { dpkg-query -W -f='${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p'; }

missing() {
  local installed group package command version
  installed="$(installed_packages)"
  while read -r group package command version; do
    [[ -z "$group" || "$group" == \#* ]] && continue
    [[ -z "$wanted_group" || "$group" == "$wanted_group" ]] || continue
    if [[ -n "$command" ]]; then
      tool_is_there "$command" "$version" || echo "$package"
    else
      grep -qxF "$package" <<<"$installed" || echo "$package"
    fi
  done <"$SLUICE_ROOT/tools/dev/packages.txt"
}

install() {
  local as_root=()
  if [[ "$(id -u)" != 0 ]]; then
    command -v sudo >/dev/null ||
      die "these packages are missing and neither root nor sudo is here to install them; as root, run:
  apt-get update && apt-get install -y --no-install-recommends $*"
    as_root=(sudo)
  fi
  say "installing: $*"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >&2 || die "apt-get update failed: is a Debian mirror reachable? (/etc/apt/sources.list)"
  "${apt[@]}" install --no-install-recommends "$@" >&2 ||
    die "apt-get could not install: $*
Sluice is built on Debian 12 (bookworm); on another system, install the same libraries and clang 19 by hand."
}

command -v dpkg-query >/dev/null || die "this is no Debian system: install what tools/dev/packages.txt lists by hand"
only_list=false
wanted_group=""
for argument in "$@"; do
  case "$argument" in
    --list) only_list=true ;;
    build | test) wanted_group="$argument" ;;
    *) die "deps takes --list, build or test; got '$argument'" ;;
  esac
done
mapfile -t packages < <(missing)
((${#packages[@]} == 0)) && exit 0
if $only_list; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi
install "${packages[@]}"
mapfile -t left < <(missing)
((${#left[@]} == 0)) || die "still missing or too old after the installation: ${left[*]}"
