#!/bin/sh
# ride.sh - cleave over a link that changes, against the two that do not adapt.
#
#   scripts/ride.sh [SECONDS]     60 by default; the ride is played as fast
#
# The last part of the demo, which has drawn the pictures. Measures what the
# bundled network costs here and on a server (once; kept in the demo's folder), then
# runs it three times at once, each over a link of its own that all play the
# same ride (zoo/ride.csv, made up after LTE in a moving car): with the
# server away for a tenth of the time. The device is emulated: this machine,
# slowed down. Prints what was chosen when, and how the three compare.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-60}
slow=40     # times slower than this machine: the emulated device
delay=10ms  # of the link, each way
rate=5      # inferences a second
away_from=36
away_to=42 # of 60 seconds
build=build
demo=$build/demo
ride=$demo/ride

fail()
{
    echo "ride: $*" >&2
    exit 1
}

[ -e $demo/drawn ] || fail "There are no pictures; run scripts/demo.sh."
mkdir -p $ride/server $ride/device
cp zoo/shapes.onnx zoo/shapes.yaml zoo/classes.txt $ride/device/
cp zoo/shapes.onnx zoo/shapes.yaml zoo/classes.txt $ride/server/

running=
finish()
{
    for pid in $running; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    running=
    rm -f $ride/told
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

listen() # what it logs to, a command that says "listening on": sets $told
{
    log=$1
    shift
    rm -f $ride/told
    mkfifo $ride/told
    "$@" >$ride/told 2>"$log" &
    running="$running $!"
    read -r line <$ride/told || { cat "$log" >&2; fail "$2 did not start."; }
    told=${line#listening on }
}

serve() # sets $told to the server's URL
{
    listen $ride/server.log $build/cleave serve --models $ride/server \
        --listen 127.0.0.1:0 --cache $demo/server-cache --quiet
}

application() # the server's URL: the zoo's application, on the emulated device
{
    sed -e "s,threads=1,threads=1\,slow=$slow," -e "s,url: .*,url: $1," \
        zoo/shapes.app.yaml
}

seconds_of() # of 60: of this ride
{
    awk -v s="$1" -v all="$seconds" 'BEGIN { printf "%.3g", s * all / 60 }'
}

sed 's,^images/,,' $demo/pictures/labels.csv >$ride/labels.csv
if [ ! -e $ride/measured ] || [ zoo/shapes.onnx -nt $ride/measured ]; then
    echo "Measuring what each design costs on a device $slow times slower (about a minute)."
    serve
    application "$told" >$ride/device/profile.app.yaml
    $build/cleave profile $ride/device/profile.app.yaml --db $ride/ride.db \
        --data $demo/pictures/images --labels $ride/labels.csv --fast \
        --limit 48 --calibrate 16 --cache $demo/device-cache --quiet \
        >$ride/profile.txt 2>$ride/profile.log ||
        { cat $ride/profile.log >&2; fail "No profile."; }
    finish
    : >$ride/measured
fi
[ ! -e $ride/device/shapes.calib ] ||
    cp $ride/device/shapes.calib $ride/server/

serve
server=${told#http://}
awk -F, -v all="$seconds" 'NR > 1 { $1 = $1 * all / 60 } { print $1 "," $2 }' \
    zoo/ride.csv >$ride/trace.csv
echo "Riding for $seconds seconds over three links; the server is away from $(
    seconds_of $away_from) to $(seconds_of $away_to) s."

runs=
for policy in cleave device-only server-jpeg; do
    listen $ride/$policy.link $build/cleave link --to "$server" \
        --trace $ride/trace.csv --delay $delay --quiet \
        --cut "$(seconds_of $away_from)s..$(seconds_of $away_to)s"
    application "http://$told" >$ride/device/$policy.app.yaml
    $build/cleave run $ride/device/$policy.app.yaml --db $ride/ride.db \
        --policy $policy --input $demo/pictures/images --rate $rate \
        --for "${seconds}s" --cache $demo/device-cache --json --quiet \
        --labels $ride/labels.csv >$ride/$policy.json 2>$ride/$policy.err &
    running="$running $!"
    runs="$runs $!"
done
for run in $runs; do
    wait "$run" || true # it has failed inferences, which are counted below
done

echo
awk '
    function of(key,   at, rest) {
        at = index($0, "\"" key "\":")
        if (!at) return ""
        rest = substr($0, at + length(key) + 3)
        if (substr(rest, 1, 1) == "\"") {
            rest = substr(rest, 2)
            sub(/".*/, "", rest)
        } else
            sub(/[,}].*/, "", rest)
        return rest
    }
    /^{"event"/ && (of("event") ~ /^(switch|down|up|finished)$/) {
        if (!rows++)
            printf "%6s %9s  %-9s %s\n", "s", "Mbit/s", "event", "what and why"
        what = of("to") != "" ? of("to") : of("from")
        sub(/ on [^ ]*$/, "", what)
        up = of("up_mbps")
        why = of("reason")
        sub(/: .*/, "", why)
        printf "%6.1f %9s  %-9s %s%s%s\n", of("at_s"),
            up == "" ? "" : sprintf("%.2f", up), of("event"), what,
            what != "" ? ": " : "", why
    }' $ride/cleave.json
echo
awk '
    function of(key,   at, rest) {
        at = index($0, "\"" key "\":")
        if (!at) return 0
        rest = substr($0, at + length(key) + 3)
        sub(/[,}].*/, "", rest)
        return rest
    }
    BEGIN {
        printf "%-12s %8s %7s %8s %8s %8s %9s %7s %10s\n", "who decides",
            "answers", "failed", "mean ms", "p50 ms", "p95 ms", "worst ms",
            "KB up", "accuracy"
    }
    FNR == 1 { worst = 0 }
    of("total_ms") + 0 > worst { worst = of("total_ms") + 0 }
    /^{"summary"/ {
        name = FILENAME
        sub(/.*\//, "", name)
        sub(/\.json/, "", name)
        printf "%-12s %8d %7d %8.1f %8.1f %8.1f %9.1f %7.2f %8.1f %%\n", name,
            of("inputs") - of("failed"), of("failed"), of("mean_ms"),
            of("p50_ms"), of("p95_ms"), worst, of("bytes_up") / 1000,
            100 * of("top1")
        mean[name] = of("mean_ms")
        failed[name] = of("failed")
    }
    END {
        if (!mean["cleave"]) exit 1
        printf "\nWhat it shows: on the mean cleave was %.2f times as fast as " \
            "all on the device, and %.2f\ntimes as fast as a JPEG to the " \
            "server. Answers that never came: %d with cleave, %d with the " \
            "server.\n", mean["device-only"] / mean["cleave"],
            mean["server-jpeg"] / mean["cleave"], failed["cleave"],
            failed["server-jpeg"]
    }' $ride/cleave.json $ride/device-only.json $ride/server-jpeg.json
