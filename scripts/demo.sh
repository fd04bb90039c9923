#!/bin/sh
# demo.sh - a network cut in two, start to end, on this machine.
#
#   scripts/demo.sh [SECONDS [SECONDS]]
#       of the ride at its end, 60 by default, and of each run of its second
#       part, 15 by default
#
# Draws pictures nobody has trained on, starts a server, and lets a device
# run the bundled network on them: all here, all there, and cut at three
# places between. Every figure in the table is measured in this run. Then a
# ride over a link that changes, see ride.sh. Last, two tasks at once on a device
# in trouble, see crowd.sh.
set -eu
cd "$(dirname "$0")/.."

build=build
demo=$build/demo
model=zoo/shapes.onnx
pictures=480
seed=1 # no picture of this seed was trained on, see zoo/README.md

fail()
{
    echo "demo: $*" >&2
    exit 1
}

for program in cleave cleave-draw; do
    [ -x $build/$program ] || fail "$build/$program is not there; run 'make'."
done

server=
finish()
{
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -f $demo/told
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

mkdir -p $demo
[ -e $demo/drawn ] && [ -e $demo/pictures/grounds.csv ] || {
    echo "Drawing $pictures pictures of 16 kinds of things."
    rm -rf $demo/pictures
    $build/cleave-draw --out $demo/pictures --count $pictures --seed $seed \
        >$demo/draw.log 2>&1 || { cat $demo/draw.log >&2; fail "No pictures."; }
    : >$demo/drawn
}

echo "Starting a server; it has the model in its folder and a cache of its own."
mkdir -p $demo/models
cp zoo/shapes.onnx zoo/shapes.yaml zoo/classes.txt $demo/models/
rm -f $demo/told
mkfifo $demo/told
$build/cleave serve --models $demo/models --listen 127.0.0.1:0 \
    --cache $demo/server-cache >$demo/told 2>$demo/server.log &
server=$!
read -r line <$demo/told || { cat $demo/server.log >&2; fail "No server."; }
url=${line#listening on }

echo "Looking for places to cut."
$build/cleave inspect $model --cache $demo/device-cache >$demo/inspect.txt
sed -n '/^head work/,$p' $demo/inspect.txt | sed 's/^/    /'
# Of the cuts offered, those nearest to 30, 60 and 90 per cent of the work.
cuts=$(awk '
    seen && $2 == "%" { share[++n] = $1; name[n] = $4 }
    /^head work/ { seen = 1 }
    END {
        for (want = 30; want <= 90; want += 30) {
            best = 0
            for (i = 1; i <= n; i++) {
                away = share[i] - want
                if (away < 0) away = -away
                if (!(i in used) && (!best || away < least)) {
                    best = i
                    least = away
                }
            }
            if (best) { used[best] = 1; print name[best] }
        }
    }' $demo/inspect.txt)
[ "$(echo "$cuts" | wc -l)" -eq 3 ] || fail "Fewer than three cuts found."

run() # cut, further arguments: the JSON lines of one run
{
    cut=$1
    shift
    $build/cleave run --model $model --cut "$cut" --server "$url" --pack f16 \
        --cache $demo/device-cache --labels $demo/pictures/labels.csv \
        --quiet --json --input "$@"
}

echo "Running the network over the pictures, cut at five places in turn."
rm -f $demo/row.*
row=0
for cut in output $cuts input; do
    row=$((row + 1))
    # Once unmeasured: halves are made when first wanted, and then kept.
    run "$cut" $demo/pictures/images/00000.jpg >/dev/null
    run "$cut" $demo/pictures >$demo/row.$row || fail "Cut $cut did not run."
done

# Top classes of a row, one number a line.
classes()
{
    sed -n 's/^{"input":[^[]*"top":\[{"index":\([0-9-]*\).*/\1/p' "$1"
}
for row in 1 2 3 4 5; do
    classes $demo/row.$row >$demo/row.$row.classes
done

echo
awk -v n=$pictures '
    function of(key,   at, rest) {
        at = index($0, "\"" key "\":")
        if (!at) return 0
        rest = substr($0, at + length(key) + 3)
        sub(/^"/, "", rest)
        sub(/[",}].*/, "", rest)
        return rest
    }
    FNR == 1 { file++ }
    FILENAME ~ /classes$/ {
        if (file == 1) first[FNR] = $1
        else if (first[FNR] == $1) same++
        next
    }
    FNR == 1 && !printed++ {
        printf "%-28s %9s %9s %12s %9s %10s\n", "cut", "KB up", "head ms",
            "transfer ms", "tail ms", "accuracy"
    }
    /^{"summary"/ {
        cut = of("cut")
        what = cut
        if (cut == "output") what = "output (all on the device)"
        if (cut == "input") what = "input (all on the server)"
        kb = of("bytes_up") / 1000
        printf "%-28s %9.1f %9.2f %12.2f %9.2f %8.1f %%\n", what, kb,
            of("head_ms"), of("transfer_ms"), of("tail_ms"), 100 * of("top1")
        if (cut == "input") all = kb
        else if (kb > 0 && (!least || kb < least)) { least = kb; where = cut }
    }
    END {
        printf "\nWhat it shows: %d of %d answers (four other cuts against " \
            "all on the device) are the\nsame wherever the network is cut; " \
            "what moves is the work and the bytes. Cut at\n%s it sends %.1f " \
            "times less than the prepared picture itself (both as f16).\n",
            same, 4 * n, where, all / least
    }' $demo/row.1.classes $demo/row.2.classes $demo/row.3.classes \
    $demo/row.4.classes $demo/row.5.classes \
    $demo/row.1 $demo/row.2 $demo/row.3 $demo/row.4 $demo/row.5
finish
server=

echo
scripts/ride.sh "${1:-60}"

echo
scripts/crowd.sh "${2:-15}"
