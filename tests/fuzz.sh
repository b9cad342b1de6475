#!/usr/bin/env bash
# Feeds every reader of files with damaged ones, as FuzzTests do, in large: tests/fuzz.sh [INPUTS], 100000 where none are given.
# PROXYLESS_FUZZ_SEED chooses other damage. A reader has a process of its own: one that dies is counted as crashed, and the reader goes on
# behind the input that ended it. The last line counts the readers that stood everything and those that did not.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export PROXYLESS_FUZZ_INPUTS=${1:-100000}

program=artifacts/bin/Proxyless.Tests/release/Proxyless.Tests
most_crashes=20
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PROXYLESS_FUZZ_FOLDER=$work

# Numbers of a line of progress or result, added to what there is of the reader.
add() {
    inputs=$((inputs + $1)) read=$((read + $2)) refused=$((refused + $3)) findings=$((findings + $4))
    slowest=$(($5 > slowest ? $5 : slowest))
}

# Feeds one reader until it has had all its inputs.
feed() {
    export PROXYLESS_FUZZ_READER=$1 PROXYLESS_FUZZ_FIRST=0
    inputs=0 read=0 refused=0 findings=0 crashed=0 slowest=0
    local status=0
    while true; do
        rm -f "$work/progress" "$work/result" "$work/findings"
        "$program" -class '*.FuzzTests' -noColor > "$work/log" 2>&1
        status=$?
        if [ -s "$work/result" ]; then
            add $(cat "$work/result")
            break
        fi

        crashed=$((crashed + 1))
        if [ ! -s "$work/progress" ]; then
            echo "  the tests did not begin:" >> "$work/details"
            tail -n 5 "$work/log" | cut -c 1-300 >> "$work/details"
            break
        fi

        set -- $(cat "$work/progress")
        echo "  input $1 of '$PROXYLESS_FUZZ_READER' ended the process: $(grep -m 1 -iE 'overflow|fatal|abort|signal|exception' "$work/log" | cut -c 1-200)" >> "$work/details"
        add $(($1 - PROXYLESS_FUZZ_FIRST + 1)) "$2" "$3" "$4" "$5"
        export PROXYLESS_FUZZ_FIRST=$(($1 + 1))
        [ "$crashed" -lt "$most_crashes" ] || break
    done

    [ ! -s "$work/findings" ] || sed 's/^/  /' "$work/findings" | cut -c 1-500 >> "$work/details"
    if [ "$crashed" -eq 0 ] && [ "$findings" -eq 0 ] && [ "$status" -ne 0 ]; then
        grep -E 'Range|Actual|damaged enough|cannot be fed|ArgumentOutOf' "$work/log" | sed 's/^/  /' >> "$work/details"
    fi

    printf '%-28s | %8d | %8d | %8d | %8d | %8d\n' "$PROXYLESS_FUZZ_READER" "$inputs" "$read" "$refused" "$((crashed + findings))" "$slowest"
    if [ "$status" -eq 0 ] && [ "$crashed" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        cat "$work/details"
    fi

    rm -f "$work/details"
}

if ! dotnet build -c Release tests/Proxyless.Tests > "$work/build" 2>&1; then
    grep -m 5 error "$work/build"
    echo "0 passed, 1 failed"
    exit 1
fi

unset PROXYLESS_FUZZ_READER
readers=$("$program" -class '*.FuzzTests' -list tests -preEnumerateTheories -noColor | sed -nE 's/.*\(name: "(.*)"\)$/\1/p')
printf '%-28s | %8s | %8s | %8s | %8s | %8s\n' kind inputs read refused crashed "slowest ms"
while IFS= read -r reader; do
    [ -z "$reader" ] || feed "$reader"
done <<< "$readers"

# No reader at all is no success.
[ "$((passed + failed))" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
