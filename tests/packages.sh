#!/usr/bin/env bash
# Packs, then does outside the repository what strangers do: installs the tools, runs programs on the libraries.
#   tests/packages.sh                  all steps in a folder that is deleted afterwards
#   tests/packages.sh FOLDER STEP      one of the steps below; they need those of pack, the last three the model of tool
# Restored packages of others are shared with the machine. Ours are not, or an old build of the same version would stay.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
steps=(pack contents another-onnxruntime tool library inference measurement agent)

if [ $# -eq 0 ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    for step in "${steps[@]}"; do
        echo "== $step"
        bash "$0" "$folder" "$step"
    done
    exit
fi

mkdir -p "$1"
folder=$(cd "$1" && pwd)
feed=$folder/feed
tools=$folder/tools
step=$2
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

# Ends the step with what is wrong.
fail() {
    echo "$*" >&2
    exit 1
}

# The sources of this machine and the folder of our packages; the restored packages without ours and libtorch.
outside() {
    [ -f "$folder/nuget.config" ] || printf '%s\n' '<configuration><packageSources>' \
        "<add key=\"packed\" value=\"$feed\" />" '</packageSources></configuration>' > "$folder/nuget.config"
    local shared=${NUGET_PACKAGES:-$HOME/.nuget/packages}
    export NUGET_PACKAGES=$folder/restored
    if [ ! -d "$NUGET_PACKAGES" ]; then
        mkdir "$NUGET_PACKAGES"
        find "$shared" -mindepth 1 -maxdepth 1 -type d ! -name 'proxyless*' ! -name 'libtorch-*' \
            -exec ln -s -t "$NUGET_PACKAGES" {} +
    fi
    cd "$folder"
}

version() {
    basename "$feed"/Proxyless.Measurement.*.nupkg .nupkg | sed 's/^Proxyless\.Measurement\.//'
}

# A console program on one of our packages.
console() {
    local name=$1 package=$2
    rm -rf "$name"
    dotnet new console --output "$name" --no-restore > /dev/null
    (cd "$name" && dotnet add package "$package" --version "$(version)") > "$name.log" || fail "$(cat "$name.log")"
}

build() {
    (cd "$1" && dotnet build -c Release "${@:2}") > "$1.log" || fail "$(cat "$1.log")"
}

# The first C# of a package's readme.
snippet() {
    sed -n '/^```csharp$/,/^```$/p' "$repository/src/$1/README.md" | sed '/^```/d'
}

case $step in
pack)
    rm -rf "$feed" "$tools" "$folder/restored"
    cd "$repository"
    dotnet pack -c Release --output "$feed" > "$folder/pack.log" || fail "$(cat "$folder/pack.log")"
    ;;
contents)
    dotnet run "$repository/tests/PackageContents.cs" -- "$feed"
    ;;
another-onnxruntime)
    cd "$repository"
    if dotnet pack -c Release --no-build src/Proxyless.Measurement --output "$folder/other" \
        -p:OnnxRuntimePackage=Another > "$folder/other.log"; then
        fail "packed with another ONNX Runtime under the same version"
    fi
    grep -q 'Packages are made with Microsoft.ML.OnnxRuntime' "$folder/other.log" || fail "$(cat "$folder/other.log")"
    ;;
tool)
    outside
    dotnet tool install Proxyless.Cli --version "$(version)" --tool-path "$tools" > tool.log || fail "$(cat tool.log)"
    "$tools/proxyless" run --search-epochs 2 --train-epochs 10 --out run --overwrite --json > run.json
    grep -q '"top1"' run.json && [ -s run/model.onnx ] || fail "$(cat run.json)"
    rm -rf images
    "$tools/proxyless" data sample --out images > /dev/null
    ;;
library)
    outside
    console search Proxyless
    cp "$repository/samples/SearchFromCode/Program.cs" search/
    build search
    grep -q 'fetches libtorch' search.log || fail "libtorch came from elsewhere: $(cat search.log)"
    dotnet run --no-build -c Release --project search -- sample "$folder/from-code" 1
    [ -s from-code/model.onnx ]
    snippet Proxyless > search/Program.cs
    build search
    build search -r linux-arm64 -p:UseAppHost=false
    grep -q 'warning PROXYLESS001' search.log || fail "no warning where there is no libtorch: $(cat search.log)"
    rm -rf search/bin restored/libtorch-*
    ;;
inference)
    outside
    console classify Proxyless.Inference
    if grep -qi torch classify/obj/project.assets.json; then
        fail "Proxyless.Inference brings TorchSharp"
    fi
    cp "$repository/samples/ClassifyPhoto/Program.cs" classify/
    build classify
    mapfile -t photos < <(find images/test -type f | sort)
    [ "${#photos[@]}" -gt 20 ]
    # Of each photo its file, the likeliest class and that one's probability in percent.
    dotnet run --no-build -c Release --project classify -- run/model.onnx "${photos[@]}" \
        | sed -E 's/^(.*): (.*) ([0-9.]+) ?%$/\1 \2 \3/' > ours.txt
    "$tools/proxyless" predict --model run --json "${photos[@]}" | tr -d '\n' | sed 's/"image"/\n&/g' \
        | sed -nE 's/^"image": *"([^"]*)"[^[]*\[[^"]*"class": *"([^"]*)", *"probability": *([0-9.eE-]+).*/\1 \2 \3/p' \
        | awk '{ printf "%s %s %.1f\n", $1, $2, 100 * $3 }' > tools.txt
    [ "$(wc -l < tools.txt)" -eq "${#photos[@]}" ] || fail "the tool classified fewer: $(wc -l < tools.txt)"
    diff tools.txt ours.txt || fail "the library and the tool differ"
    echo "${#photos[@]} photos alike"
    snippet Proxyless.Inference > classify/Program.cs
    build classify
    ;;
measurement)
    outside
    console measure Proxyless.Measurement
    snippet Proxyless.Measurement > measure/Program.cs
    build measure
    (cd run && dotnet run --no-build -c Release --project ../measure)
    ;;
agent)
    outside
    dotnet tool install Proxyless.Agent --version "$(version)" --tool-path "$tools" > agent.log \
        || fail "$(cat agent.log)"
    "$tools/proxyless-agent" --help | grep -q serve || fail "no help"
    "$tools/proxyless-agent" time run/model.onnx
    ;;
*)
    fail "no step '$step'; there are: ${steps[*]}"
    ;;
esac
