#!/bin/sh
# crowd.sh - two tasks on one device, and others that get in their way.
#
#   scripts/crowd.sh [SECONDS]     of each of the runs, 20 by default
#
# The demo's second part. Two networks look at the same pictures: one says
# what it is, in several variants, the other what is behind it. Measures what
# they cost alone, together and beside busy neighbours, then runs both while a
# hog (a busy loop for each core) and a squeeze of memory come and go: with
# the manager's table, with designs that stay, and with all solved anew at each
# change. The hog is real. The squeeze is what the kernel
# would tell of one (PSI), written to files of a folder that stand for the
# machine's, for a real one would hurt whoever else uses this machine.
# Prints the designs that are kept, what the tasks cost each other in peace, what the manager did when,
# and how the three compare.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-20}
pictures=480
seed=1 # no picture of this seed was trained on, see zoo/README.md
build=build
demo=$build/demo
crowd=$demo/crowd
machine=$crowd/machine

fail()
{
    echo "crowd: $*" >&2
    exit 1
}

for program in cleave cleave-draw; do
    [ -x $build/$program ] || fail "$build/$program is not there; run 'make'."
done

hogs=
runner=
end_hogs()
{
    for pid in $hogs; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    hogs=
}
finish()
{
    end_hogs
    if [ -n "$runner" ]; then
        kill "$runner" 2>/dev/null || true
        wait "$runner" 2>/dev/null || true
    fi
    runner=
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

mkdir -p $crowd
[ -e $demo/pictures/grounds.csv ] || {
    echo "Drawing $pictures pictures."
    rm -rf $demo/pictures
    $build/cleave-draw --out $demo/pictures --count $pictures --seed $seed \
        >$demo/draw.log 2>&1 || { cat $demo/draw.log >&2; fail "No pictures."; }
}

# -- Variants --

cp zoo/shapes.onnx zoo/shapes.yaml zoo/classes.txt zoo/ground.onnx \
    zoo/ground.yaml zoo/grounds.txt $crowd/
# For pictures of 128 pixels: the network pools over whatever size is left, so
# only the header's two axes change (see zoo/README.md), 224 to 128.
LC_ALL=C sed "$(printf 's/\003\010\340\001/\003\010\200\001/g')" \
    zoo/shapes.onnx >$crowd/shapes_128.onnx
[ "$(cmp -l zoo/shapes.onnx $crowd/shapes_128.onnx | wc -l)" -eq 2 ] ||
    fail "shapes.onnx is not as expected: its input's axes were not found."
sed 's/{shorter: 256}, {crop: 224}/{shorter: 146}, {crop: 128}/' \
    zoo/shapes.yaml >$crowd/shapes_128.yaml
for model in shapes ground; do
    [ $crowd/${model}_int8.onnx -nt zoo/$model.onnx ] || {
        echo "Making an int8 variant of $model."
        $build/cleave quantize zoo/$model.onnx --data $demo/pictures/images \
            -o $crowd/${model}_int8.onnx --cache $demo/device-cache --quiet \
            >$crowd/quantize.$model.txt 2>$crowd/quantize.log ||
            { cat $crowd/quantize.log >&2; fail "No int8 variant of $model."; }
    }
    cp zoo/$model.yaml $crowd/${model}_int8.yaml
done

# -- What they cost --

application() # bounds and rates: of shapes, of ground
{
    cat <<END
tasks:
  - name: shapes
    models: [shapes.onnx, shapes_128.onnx, shapes_int8.onnx]
    objectives: [{maximize: accuracy}, {minimize: latency.p95}]
    constraints: [accuracy.drop <= 15pp, latency.p95 <= $1]
    input: $PWD/$demo/pictures/images
    labels: $PWD/$demo/pictures/labels.csv
    rate: $2/s
  - name: ground
    models: [ground.onnx, ground_int8.onnx]
    objectives: [{minimize: latency.p95}]
    constraints: [accuracy.drop <= 5pp, latency.p95 <= $3]
    input: $PWD/$demo/pictures/images
    labels: $PWD/$demo/pictures/grounds.csv
    rate: $4/s
engines: ['cpu:threads=1,spin=off', 'cpu:threads=2,spin=off']
END
}

profile() # quietly, with the application as it is
{
    $build/cleave profile $crowd/crowd.app.yaml --db $crowd/crowd.db --fast \
        --cache $demo/device-cache --quiet "$@" 2>$crowd/profile.log ||
        { cat $crowd/profile.log >&2; fail "No profile."; }
}

alone_us() # a percentile of a model's times, alone on one thread
{
    sed -n "s/.*\"model\":\"$2\".*\"engine\":\"cpu:threads=1,spin=off\"[^}]*\"$1_ms\":\([0-9.]*\).*/\1/p" \
        $crowd/profile.json | head -n 1 | awk '{ printf "%d", 1000 * $1 }'
}

bound_us() # so many times the median of a model; more on an uneasy machine
{
    awk -v p50="$(alone_us p50 "$2")" -v p95="$(alone_us p95 "$2")" \
        -v times="$1" \
        'BEGIN { a = times * p50; b = 1.5 * p95; print int(a < b ? b : a) }'
}

if [ ! -e $crowd/measured ] || [ zoo/shapes.onnx -nt $crowd/measured ] ||
    [ zoo/ground.onnx -nt $crowd/measured ] ||
    [ scripts/crowd.sh -nt $crowd/measured ]; then
    echo "Measuring each variant on each engine: alone, together, beside a hog."
    rm -f $crowd/crowd.db
    application 1s 100 1s 100 >$crowd/crowd.app.yaml
    profile --json >$crowd/profile.json
    : >$crowd/measured
fi
shapes_us=$(alone_us p50 shapes)
ground_us=$(alone_us p50 ground)
[ "${shapes_us:-0}" -gt 0 ] && [ "${ground_us:-0}" -gt 0 ] ||
    fail "The profile lacks times; remove $crowd and try again."
# Networks alone would keep a sixth of a core busy, preparing pictures as much;
# answers may take three and six times as long as alone.
application "$(bound_us 3 shapes)us" $((150000 / shapes_us)) \
    "$(bound_us 6 ground)us" $((20000 / ground_us)) >$crowd/crowd.app.yaml
sed -n '/latency.p95/{s/.*\(latency.p95 <= [0-9]*us\).*/\1/p};s/ *rate: //p;s/.*name: //p' \
    $crowd/crowd.app.yaml | paste -d ' ' - - - |
    awk '{ print "    " $1 ": " $5 " pictures, " $2 " " $3 " " $4 }'

echo "The designs kept ready, and the states of the device that want them:"
$build/cleave plan $crowd/crowd.app.yaml --db $crowd/crowd.db --solver rass \
    >$crowd/plan.txt 2>&1 || true # it says what is in the way
awk '/^d[0-9]/ { name = $1 }
    name && / device$/ { design[name] = design[name] "  " $1 ": " $2 " " $3 }
    /^[0-9]+ states$/ { name = ""; shown = 1; next }
    /^$/ { shown = 0 }
    shown { rest = $0; sub(/^ *[^ ]+ +[0-9]+ +/, "", rest)
        print "    " rest ":\n       " design[$1] }' $crowd/plan.txt

# -- In peace --

pressure() # percent of time lost to want of memory
{
    mkdir -p $machine/proc/self $machine/proc/pressure \
        $machine/sys/fs/cgroup/crowd
    echo "0::/crowd" >$machine/proc/self/cgroup
    for file in proc/pressure/memory sys/fs/cgroup/crowd/memory.pressure; do
        printf '%s avg10=%s avg60=0.00 avg300=0.00 total=0\n' \
            some "$1" full "$1" >$machine/new
        mv $machine/new $machine/$file
    done
}

run="$build/cleave run $crowd/crowd.app.yaml --db $crowd/crowd.db
    --machine $machine --cache $demo/device-cache --quiet"

pressure 0.00
echo "Running both in peace, together and each alone."
$run --for 4s --alone 2s >$crowd/peace.txt 2>$crowd/peace.err ||
    { cat $crowd/peace.err >&2; fail "The run in peace failed."; }
sed -n '/^latency in ms/,/^$/p; /^together/p' $crowd/peace.txt |
    sed 's/^./    &/'

# -- Three runs --

now_ms()
{
    date +%s%3N
}

told() # what happens: a line as of the runner's events
{
    awk -v ms=$(($(now_ms) - began)) -v what="$1" \
        'BEGIN { printf "{\"at_s\":%.3f,\"here\":\"%s\"}\n", ms / 1000, what }' \
        >>$crowd/$who.here
}

wait_until() # a share of the joint run, in hundredths
{
    left=$((joint + $1 * seconds * 10 - $(now_ms)))
    [ $left -le 0 ] ||
        sleep "$(awk -v ms=$left 'BEGIN { printf "%.3f", ms / 1000 }')"
}

ride() # who decides; sets $who
{
    who=$1
    pressure 0.00
    : >$crowd/$who.here
    began=$(now_ms)
    $run --manager $who --for "${seconds}s" --alone 0 --json \
        >$crowd/$who.json 2>$crowd/$who.err &
    runner=$!
    until grep -q '"input"' $crowd/$who.json; do
        kill -0 $runner 2>/dev/null ||
            { cat $crowd/$who.err >&2; fail "The run did not begin."; }
        sleep 0.05
    done
    joint=$(now_ms)
    wait_until 20
    for core in $(seq "$(nproc)"); do
        sh -c 'while :; do :; done' &
        hogs="$hogs $!"
    done
    told "a hog on each of $(nproc) cores"
    wait_until 50
    end_hogs
    told "the hogs are gone"
    wait_until 60
    pressure 40.00
    told "a squeeze of memory"
    wait_until 85
    pressure 0.00
    told "the squeeze is over"
    wait $runner || true # what failed is counted below
    runner=
}

managers="table none oodin"
echo "Running both together for $seconds seconds with each manager ($managers): a hog comes"
echo "and goes, then a squeeze of memory."
for manager in $managers; do
    ride "$manager"
done

# -- What happened --

fields='
    function of(text, key,   at, rest) {
        at = index(text, "\"" key "\":")
        if (!at) return ""
        rest = substr(text, at + length(key) + 3)
        if (substr(rest, 1, 1) == "\"") {
            rest = substr(rest, 2)
            sub(/".*/, "", rest)
        } else
            sub(/[,}\]].*/, "", rest)
        return rest
    }'

echo
echo "What the manager did, and why:"
grep -h -e '"here"' -e '"event":"state"' -e '"event":"adapt"' \
    $crowd/table.json $crowd/table.here |
    awk "$fields"'{ # a state stands before what it leads to
        at = of($0, "at_s") - (of($0, "event") == "state" ? 0.02 : 0)
        printf "%09.3f %s\n", at, $0
    }' | sort |
    awk "$fields"'
    {
        at = of($0, "at_s")
        if (of($0, "here") != "")
            printf "%7.2f s  -- %s --\n", at, of($0, "here")
        else if (of($0, "event") == "state")
            printf "%7.2f s  state: %s (%s)\n", at, of($0, "state"),
                of($0, "reason")
        else {
            printf "%7.2f s  from   %s\n", at, of($0, "from")
            printf "%9s  to     %s\n", "", of($0, "to")
            printf "%9s  within %.2f ms: %s\n", "", of($0, "cost_ms"),
                of($0, "reason")
        }
    }'

echo
awk -v managers="$managers" "$fields"'
    BEGIN {
        printf "%-9s %-8s %8s %7s %7s %8s %8s %10s %8s %9s\n", "manager",
            "task", "answers", "failed", "missed", "mean ms", "p95 ms",
            "violations", "right", "changes"
    }
    FNR == 1 {
        name = FILENAME
        sub(/.*\//, "", name)
        sub(/\.json/, "", name)
    }
    /^{"event":"adapt"/ {
        adapted[name]++
        cost[name] += of($0, "cost_ms")
    }
    /^{"summary"/ {
        n = split($0, part, "{\"task\":")
        for (i = 2; i <= n; i++) {
            text = "{\"task\":" part[i]
            latency = substr(text, index(text, "\"latency_ms\""))
            wanted = of(text, "inputs") + of(text, "missed")
            broken[name] += of(text, "violations") * wanted
            all[name] += wanted
            right[name] += of(text, "top1") * of(text, "labelled")
            answers[name] += of(text, "labelled")
            printf "%-9s %-8s %8d %7d %7d %8.2f %8.2f %8.1f %% %6.1f %% %9s\n",
                name, of(text, "task"), of(text, "inputs") - of(text, "failed"),
                of(text, "failed"), of(text, "missed"), of(latency, "mean"),
                of(latency, "p95"), 100 * of(text, "violations"),
                100 * of(text, "top1"), i == 2 ? of($0, "adapted") : ""
        }
    }
    END {
        n = split(managers, order, " ")
        for (i = 1; i <= n; i++)
            if (!all[order[i]]) exit 1
        says["table"] = "with the table"
        says["none"] = "with designs that stay"
        says["oodin"] = "solved anew at each change"
        printf "\nWhat it shows: %26s %16s %14s\n", "SLO broken for",
            "answers right", "adapting took"
        for (i = 1; i <= n; i++) {
            m = order[i]
            printf "    %-26s %9.1f %% %14.1f %%", says[m],
                100 * broken[m] / all[m], 100 * right[m] / answers[m]
            if (adapted[m])
                printf " %11.2f ms", cost[m] / adapted[m]
            printf "\n"
        }
    }' $(for manager in $managers; do echo "$crowd/$manager.json"; done) ||
    { cat $crowd/*.err >&2; fail "A run came to nothing."; }
