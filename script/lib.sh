# Shared by the scripts of this folder: where things are, and how progress is shown.
# Source it; it changes to the project's root.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# What is fetched or unpacked lives outside the checkout, so that a second clone finds it.
cache=${CARILLON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/carillon}
mkdir -p "$cache"
export CARILLON_CACHE=$cache

if [ -t 2 ]; then bold=$'\e[1m'; dim=$'\e[2m'; red=$'\e[31m'; plain=$'\e[0m'; else bold= dim= red= plain=; fi
step() { printf '%s==>%s %s\n' "$bold" "$plain" "$*" >&2; }
note() { printf '    %s%s%s\n' "$dim" "$*" "$plain" >&2; }
die()  { printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2; exit 1; }

# Runs a command as root: directly, or by sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || die "this step needs root: run it as root, or install sudo"
  sudo "$@"
}

# Sanitizers do not find the compiler's own symbolizer by its name with a version.
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
export TSAN_OPTIONS="external_symbolizer_path=$ASAN_SYMBOLIZER_PATH${TSAN_OPTIONS:+:$TSAN_OPTIONS}"

# What a person needs of a failed command's log: a sanitizer's report from its beginning, or else the last lines.
show_failure() {
  if grep -qE 'ERROR: [A-Za-z]+Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$1"; then
    grep -E -m 1 -A 60 'ERROR: [A-Za-z]+Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$1" >&2
  else
    tail -n 30 "$1" >&2
  fi
}

# Runs a long command with its output in a log; shows what went wrong when it fails.
quietly() {
  local what=$1 log=$2; shift 2
  mkdir -p "$(dirname "$log")"
  local began=$SECONDS
  if ! "$@" >"$log" 2>&1; then
    show_failure "$log"
    die "$what failed; the whole log is $log"
  fi
  note "$what: done in $((SECONDS - began)) s"
}
