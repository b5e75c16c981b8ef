#!/usr/bin/env bash
# Build the image of the pipeline's steps by docker or podman, or by what CONTAINER_ENGINE names:
#   build.sh [--gpu] [--base IMAGE] [NAME:TAG]
# IMAGE replaces the base in the Dockerfile: a mirror's copy of it, say.
set -euo pipefail

device=cpu
base=
while [[ "${1:-}" == --* ]]; do
  case "$1" in
    --gpu) device=gpu ;;
    --base)
      base=${2:-}
      [ -n "$base" ] || break
      shift
      ;;
    *) break ;;
  esac
  shift
done
if [ $# -gt 1 ] || [[ "${1:-}" == -* ]]; then
  echo "usage: deploy/docker/pipeline/build.sh [--gpu] [--base IMAGE] [NAME:TAG]" >&2
  exit 2
fi
name=${1:-tagline:$device}
cd "$(dirname "$0")/../../.."

# A client may be installed without a running daemon; only `info` shows whether it answers.
engine=
candidates=(docker podman)
if [ -n "${CONTAINER_ENGINE:-}" ]; then
  candidates=("$CONTAINER_ENGINE")
fi
for candidate in "${candidates[@]}"; do
  if command -v "$candidate" >/dev/null 2>&1 && "$candidate" info >/dev/null 2>&1; then
    engine=$candidate
    break
  fi
done
if [ -z "$engine" ]; then
  echo "the image needs a container engine, and ${candidates[*]} did not answer \`info\`: start the daemon," \
    "install an engine, or set CONTAINER_ENGINE" >&2
  exit 1
fi

arguments=(build --file deploy/docker/pipeline/Dockerfile --build-arg "DEVICE=$device" --tag "$name")
if [ -n "$base" ]; then
  arguments+=(--build-arg "${device^^}_BASE=$base")
fi
case "${engine##*/}" in
  # BuildKit finds the ignore file beside the Dockerfile, and skips the stages that the last one does not use.
  docker) export DOCKER_BUILDKIT=1 ;;
  *) arguments+=(--ignorefile deploy/docker/pipeline/Dockerfile.dockerignore) ;;
esac
"$engine" "${arguments[@]}" .
echo "built $name"
