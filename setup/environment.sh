#!/usr/bin/env bash
# Makes the virtual environment $1 from requirements.lock. A half-made one is not left behind as a whole one: the
# marker that `make` looks for is written last.
set -euo pipefail

venv=$1
cd "$(dirname "$0")/.."
# By content: a checkout makes files newer that are the same.
made_of=$(cat requirements.lock pyproject.toml setup/environment.sh | sha256sum)
if [ -f "$venv/.ready" ] && [ "$(cat "$venv/.ready")" = "$made_of" ]; then
  touch "$venv/.ready"
  exit 0
fi
python=$(setup/find_python.sh)
command -v c++ >/dev/null || command -v g++ >/dev/null || {
  echo "Tagline needs a C++ compiler, since one package (pyfarmhash) comes as source alone: apt install g++" >&2
  exit 1
}

echo "setting up $venv with $($python --version): about 3 GB, some minutes"
"$python" -m venv --clear "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check install -qq)
# The lock is complete, so nothing is left to resolve; hashes hold every file to what was locked.
"${pip[@]}" --no-deps --require-hashes --requirement requirements.lock
"${pip[@]}" --no-deps --no-build-isolation --editable .
printf '%s\n' "$made_of" > "$venv/.ready"
