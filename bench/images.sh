#!/bin/sh
# Proxyless and torchvision in turn, so that a machine that is slow for a moment is slow for both.
#   bench/images.sh FOLDER [ROUNDS]
set -eu
folder=$1
rounds=${2:-3}
here=$(dirname "$0")
proxyless="dotnet run --project $here/../src/Proxyless.Cli -c Release --no-build --"
for _ in $(seq "$rounds"); do
    $proxyless bench data --data "$folder" --resolution 224 --threads 1 --json 2>/dev/null
    python3 "$here/torchvision_images.py" "$folder"
done
$proxyless bench data --data "$folder" --resolution 224 2>/dev/null
