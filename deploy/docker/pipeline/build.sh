#!/usr/bin/env bash
# Builds the image of the pipeline's steps by docker or podman: build.sh [--gpu] [NAME:TAG]. CONTAINER_ENGINE names one.
set -euo pipefail

device=cpu
if [ "${1:-}" = --gpu ]; then
  device=gpu
  shift
fi
if [ $# -gt 1 ] || [[ "${1:-}" == -* ]]; then
  echo "usage: deploy/docker/pipeline/build.sh [--gpu] [NAME:TAG]" >&2
  exit 2
fi
name=${1:-tagline:$device}
cd "$(dirname "$0")/../../.."

# A client without its daemon is no engine, so each is asked.
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
  echo "the image needs a container engine that runs, and ${candidates[*]} did not answer \`info\`: start the daemon, install one, or set CONTAINER_ENGINE" >&2
  exit 1
fi

arguments=(build --file deploy/docker/pipeline/Dockerfile --build-arg "DEVICE=$device" --tag "$name")
case "${engine##*/}" in
  # Docker's builder finds the list beside the Dockerfile, and leaves out the stages that nobody asks for.
  docker) export DOCKER_BUILDKIT=1 ;;
  *) arguments+=(--ignorefile deploy/docker/pipeline/Dockerfile.dockerignore) ;;
esac
"$engine" "${arguments[@]}" .
echo "built $name"
