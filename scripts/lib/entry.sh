# Sourced by every command in scripts/: finds Debian's python3 (installing it on a bare machine) and starts
# the Python module that does the work. `python3` on the path may be another one, without apt's modules.

halyard_exec() {
  local module=$1
  shift
  if [ ! -x /usr/bin/python3 ]; then
    echo "halyard: installing python3 (everything else is written in it)" >&2
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
      if ! command -v sudo >/dev/null; then
        echo "halyard: python3 is missing; run as root: apt-get install python3" >&2
        exit 1
      fi
      as_root="sudo"
    fi
    if ! { $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -qq --no-install-recommends python3 >/dev/null; } </dev/null; then
      echo "halyard: could not install python3; run as root: apt-get update && apt-get install python3" >&2
      exit 1
    fi
  fi
  local lib
  lib=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
  export PYTHONDONTWRITEBYTECODE=1
  exec /usr/bin/python3 "$lib/$module" "$@"
}
