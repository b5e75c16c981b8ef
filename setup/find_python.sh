#!/usr/bin/env bash
# Print the path of a working Python 3.10: TAGLINE_PYTHON, one on PATH, one of pyenv's, or one that uv installs.
set -u

# A pyenv shim has the name but may fail when run, so each candidate must print its version.
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
