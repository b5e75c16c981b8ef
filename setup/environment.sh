#!/usr/bin/env bash
# Make the virtual environment $1 from requirements.lock, or bring it up to date. The marker that `make` looks for is
# written last, so that a half-made environment is never taken for a complete one.
set -euo pipefail

venv=$1
cd "$(dirname "$0")/.."
# By content: a checkout gives unchanged files a new time.
packages=$(cat requirements.lock setup/environment.sh | sha256sum | cut -c1-64)
project=$(sha256sum < pyproject.toml | cut -c1-64)
installed=$(cat "$venv/.ready" 2>/dev/null || true)
if [ "$installed" = "$packages $project" ]; then
  touch "$venv/.ready"
  exit 0
fi

pip=("$venv/bin/python" -m pip --disable-pip-version-check install -qq --no-deps)
if [ "${installed% *}" != "$packages" ]; then
  python=$(setup/find_python.sh)
  command -v c++ >/dev/null || command -v g++ >/dev/null || {
    echo "Tagline needs a C++ compiler, since one package (pyfarmhash) comes as source only: apt install g++" >&2
    exit 1
  }
  echo "setting up $venv with $($python --version): about 3 GB, some minutes"
  "$python" -m venv --clear "$venv"
  # The lock is complete, so nothing is left to resolve; every file is checked against its hash.
  "${pip[@]}" --require-hashes --requirement requirements.lock
fi
# A change of pyproject.toml alone (an entry point, a list of packages) needs no download.
"${pip[@]}" --no-build-isolation --editable .
printf '%s %s\n' "$packages" "$project" > "$venv/.ready"
