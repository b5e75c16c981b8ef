#!/usr/bin/env bash
# Prints the path of a Python 3.10 that runs: from PATH, from pyenv's versions, or by uv. TAGLINE_PYTHON names another.
set -u

# A pyenv shim answers to the name and then fails, so each candidate is asked what it is.
is_310() {
  [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = 3.10 ]
}

candidates=("${TAGLINE_PYTHON:-}" python3.10 python3 python)
for root in "${PYENV_ROOT:-}" "$HOME/.pyenv"; do
  [ -n "$root" ] && candidates+=("$root"/versions/3.10*/bin/python)
done
for candidate in "${candidates[@]}"; do
  if [ -n "$candidate" ] && is_310 "$candidate"; then
    command -v "$candidate"
    exit 0
  fi
done

if command -v uv >/dev/null 2>&1 && uv python install --quiet 3.10 >&2; then
  candidate=$(uv python find --quiet --no-project 3.10 2>/dev/null)
  if [ -n "$candidate" ] && is_310 "$candidate"; then
    printf '%s\n' "$candidate"
    exit 0
  fi
fi

echo "Tagline needs Python 3.10 and found none: install it (\`apt install python3.10-venv\`, \`pyenv install 3.10\` or \`pip install uv\`), or set TAGLINE_PYTHON to its path." >&2
exit 1
