#!/usr/bin/env bash
# Runs the whole suite again and again: a verdict that changes with the load or the order of tests is a fault.
#
#   tests/repeat.sh N [--shuffle] [--load | --together K] [--fresh]
#
#   N          runs in all
#   --shuffle  each run in another order; its seed is printed and, given as PROXYLESS_TEST_ORDER_SEED, makes the same order again
#   --load     beside processes that keep every core busy
#   --together K runs at once, each of which is load for the others; where fewer are left, busy processes take their places
#   --fresh    begins anew; else the runs of the same tests that were made before, and stopped, are counted
#
# The tests are built once. The logs of failed runs are kept. Last line: "N passed, N failed"; the exit code is 0 where none failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

usage() {
    sed -nE '2,/^set/s/^# ?//p' "$0" >&2
    exit 2
}

runs=
shuffle=
load=
fresh=
together=1
while [ $# -gt 0 ]; do
    case $1 in
        --shuffle) shuffle=1 ;;
        --load) load=1 ;;
        --fresh) fresh=1 ;;
        --together)
            shift
            together=${1:-}
            case $together in '' | *[!0-9]*) usage ;; esac
            [ "$together" -ge 2 ] || usage
            ;;
        *[!0-9]* | '') usage ;;
        *)
            [ -z "$runs" ] || usage
            runs=$1
            ;;
    esac
    shift
done
[ -n "$runs" ] && [ "$runs" -gt 0 ] || usage
[ -z "$load" ] || [ "$together" = 1 ] || usage

dotnet build -c Release tests/Proxyless.Tests > /dev/null || {
    echo "the tests do not build: dotnet build -c Release" >&2
    exit 1
}
tests=artifacts/bin/Proxyless.Tests/release
program=$tests/Proxyless.Tests

# The same code, tested in the same way, is counted on; any other begins anew.
version=$(cat "$tests"/Proxyless*.dll artifacts/bin/Proxyless.Agent/release/proxyless-agent.dll | sha256sum | cut -c1-16)
folder=artifacts/repeat
state=$folder/${version}${shuffle:+-shuffle}${load:+-load}
[ "$together" = 1 ] || state=$state-together-$together
mkdir -p "$folder"
[ -z "$fresh" ] || rm -f "$state"
touch "$state"

busy=()
members=()
# Background jobs are process groups of their own.
set -m
stop() {
    # With all that they have started.
    for process in "${busy[@]}" "${members[@]}"; do
        kill -- "-$process" 2> /dev/null
    done
    busy=()
    members=()
}
trap stop EXIT
trap 'exit 130' INT TERM
keep_a_core_busy() {
    (while [ -d "/proc/$$" ]; do for _ in {1..100000}; do :; done; done) &
    busy+=($!)
    # Bash does not tell of its end.
    disown
}
if [ -n "$load" ]; then
    for _ in $(seq "$(nproc)"); do
        keep_a_core_busy
    done
fi

# A run, whose log is kept if it failed.
run_once() {
    local run=$1 seed=$2 log start verdict summary
    log=$folder/$(basename "$state")-$run-$BASHPID.log
    start=$SECONDS
    if env ${seed:+"PROXYLESS_TEST_ORDER_SEED=$seed"} "$program" -noColor > "$log" 2>&1; then
        verdict=passed
    else
        verdict=failed
    fi
    summary=$(sed -nE 's/^ *Proxyless.Tests +(Total: .*)/\1/p' "$log" | tail -n 1)
    # A process that ended early has tested nothing.
    [ -n "$summary" ] || verdict=failed
    # A line a run, which is counted when the command is given again: its number, passed or failed, and the seed.
    echo "$run $verdict $seed" >> "$state"
    echo "run $run of $runs: $verdict ($((SECONDS - start)) s)${seed:+, order seed $seed}${summary:+; $summary}"
    if [ $verdict = failed ]; then
        grep -F '[FAIL]' "$log"
        echo "  log: $log"
    else
        rm -f "$log"
    fi
}

done_before=$(wc -l < "$state")
[ "$done_before" -eq 0 ] || echo "$done_before runs were made before"
run=$((done_before + 1))
while [ "$run" -le "$runs" ] || [ ${#members[@]} -gt 0 ]; do
    while [ ${#members[@]} -lt "$together" ] && [ "$run" -le "$runs" ]; do
        seed=
        [ -z "$shuffle" ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
        run_once "$run" "$seed" &
        members+=($!)
        run=$((run + 1))
    done
    while [ "$together" -gt 1 ] && [ $((${#members[@]} + ${#busy[@]})) -lt "$together" ]; do
        keep_a_core_busy
    done
    # The next one begins as soon as any ends.
    wait -n "${members[@]}"
    for place in "${!members[@]}"; do
        kill -0 "${members[place]}" 2> /dev/null || unset "members[place]"
    done
done
stop

passed=$(head -n "$runs" "$state" | grep -c ' passed ')
failed=$(head -n "$runs" "$state" | grep -c ' failed ')
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
