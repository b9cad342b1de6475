#!/bin/sh
# Proxyless and torchvision in turn, so that a machine that is slow for a moment is slow for both. Needs a build (dotnet build -c
# Release) and torchvision (Debian: apt install python3-torchvision; PYTHON names the interpreter that has it).
#   bench/images.sh FOLDER [ROUNDS]
set -eu
folder=$1
rounds=${2:-3}
here=$(dirname "$0")
python=${PYTHON:-python3}
proxyless() { dotnet run --project "$here/../src/Proxyless.Cli" -c Release --no-build -- bench data --data "$folder" --resolution 224 "$@"; }
for _ in $(seq "$rounds"); do
    proxyless --threads 1 --json
    "$python" "$here/torchvision_images.py" "$folder"
done
proxyless
