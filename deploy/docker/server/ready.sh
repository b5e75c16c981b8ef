#!/bin/bash
# Exit with 0 if every model of the configuration can answer. The image has no curl; bash opens connections itself.
# A model's metadata are answered only while a version is AVAILABLE; its status is answered with 200 while LOADING, too.
set -u

config=${1:-/etc/tagline/models/models.config}
port=${2:-8501}

text=$(sed 's/#.*$//' "$config") || exit 1
pattern="(^|[^[:alnum:]_])name[[:space:]]*:[[:space:]]*[\"']([^\"']+)[\"']"
names=()
while [[ $text =~ $pattern ]]; do
  names+=("${BASH_REMATCH[2]}")
  text=${text#*"${BASH_REMATCH[0]}"}
done
if ((${#names[@]} == 0)); then
  echo "$config names no model; expected model_config_list { config { name: ... } }"
  exit 1
fi

for name in "${names[@]}"; do
  if ! { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
    echo "no server listens on port $port yet"
    exit 1
  fi
  printf 'GET /v1/models/%s/metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$name" >&3
  IFS= read -r -t 4 answer <&3 || answer="no answer within 4 s"
  exec 3>&-
  if [[ $answer != HTTP/1.?" 200 "* ]]; then
    echo "model $name is not ready: ${answer%$'\r'}"
    exit 1
  fi
done
