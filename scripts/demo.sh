#!/bin/sh
# demo.sh - one network on two machines, start to end, on this one.
#
#   scripts/demo.sh [BUILD]       (the build folder, build/ by default)
#
# Draws pictures, starts a server and runs the bundled network over them: all
# on the device, all on the server, and cut in between. Every number printed
# was measured just then. What it makes stands in BUILD/demo; what it starts,
# it ends.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$top/build}
[ -d "$build" ] || { echo "demo: there is no $build; run 'make'" >&2; exit 1; }
build=$(cd "$build" && pwd)
cleave=$build/cleave
draw=$build/cleave-draw
model=$top/zoo/shapes.onnx
work=$build/demo
count=240
seed=1 # never seen in training, see zoo/README.md
server=

die()
{
    echo "demo: $*" >&2
    exit 1
}

end_server()
{
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || :
        wait "$server" 2>/dev/null || :
        server=
    fi
}
trap end_server EXIT
trap 'exit 1' HUP INT TERM

for needed in "$cleave" "$draw" "$model"; do
    [ -e "$needed" ] || die "there is no $needed; run 'make' first"
done
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
rm -rf "$work"
mkdir -p "$work"
cd "$work"

draw_pictures()
{
    echo "Drawing $count pictures of sixteen shapes that the network has not seen."
    "$draw" --out pictures --count $count --seed $seed >draw.log 2>&1 ||
        die "drawing failed: $(tail -n 1 draw.log)"
}

start_server()
{
    "$cleave" serve --models "$top/zoo" --listen 127.0.0.1:0 \
        --cache server-cache >server.out 2>server.log &
    server=$!
    tries=200
    until grep -q '^listening on ' server.out; do
        kill -0 $server 2>/dev/null ||
            die "the server did not start: $(tail -n 1 server.log)"
        tries=$((tries - 1))
        [ $tries -gt 0 ] || die "the server did not begin to listen"
        sleep 0.1
    done
    url=$(sed -n 's/^listening on //p' server.out)
    echo "A server listens on $url and has the network, too. Both sides are on this"
    echo "machine, with a thread each; between them are real requests over TCP."
}

# Of the cuts worth considering, the three nearest to these shares of work.
choose_cuts()
{
    "$cleave" inspect "$model" --cache device-cache --json >cuts.json ||
        die "the network could not be inspected"
    cuts=$(awk '
        /^  "cuts":/ { on = 1 }
        on && /^      "name":/ { gsub(/.*: "|",?$/, ""); name[++n] = $0 }
        on && /^      "head_share":/ { share[n] = $2 + 0 }
        END {
            for (t = 0.3; t < 1; t += 0.3) {
                best = 0
                for (i = 1; i <= n; i++) {
                    d = share[i] < t ? t - share[i] : share[i] - t
                    if (!taken[i] && (best == 0 || d < least)) {
                        best = i
                        least = d
                    }
                }
                taken[best] = 1
            }
            for (i = 1; i <= n; i++)
                if (taken[i])
                    print name[i]
        }' cuts.json)
    [ "$(echo "$cuts" | wc -l)" = 3 ] || die "three cuts were not found"
    offered=$(sed '1,/^  "cuts":/d' cuts.json | grep -c '^      "name":')
    echo "Of the $offered cuts it offers, these are spread over the network:" $cuts
}

# run CUT: leaves CUT.json, a line a picture and the summary.
run()
{
    "$cleave" run --model "$model" --cut "$1" --server "$url" --json \
        --engine cpu:threads=1 --cache device-cache --input pictures/images \
        --labels pictures/labels.csv >"$1.json" 2>run.log ||
        die "running at the cut $1 failed: $(tail -n 1 run.log)"
    grep -v '"summary"' "$1.json" >"$1.lines"
    sed 's/.*"top":\[{"index":\(-*[0-9]*\).*/\1/' "$1.lines" >"$1.answers"
}

# median CUT KEY, and of the summary: summed CUT KEY
median()
{
    sed -n 's/.*"'"$2"'":\([0-9.e+-]*\).*/\1/p' "$1.lines" | sort -g |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

summed()
{
    sed -n 's/.*"summary".*"'"$2"'":\([0-9.e+-]*\).*/\1/p' "$1.json"
}

row()
{
    printf '%s %s %s %s %s %s\n' "$1" "$(summed "$1" bytes_up)" \
        "$(median "$1" head_ms)" "$(median "$1" transfer_ms)" \
        "$(median "$1" tail_ms)" "$(summed "$1" top1)" >>rows
    awk -v what="$2" 'END {
        printf "%-14s %9.1f %9.2f %9.2f %9.2f %9.1f %%%s\n",
            $1, $2 / 1000, $3, $4, $5, 100 * $6, what }' rows
}

compare_answers()
{
    different=0
    for cut in input $cuts; do
        n=$(paste output.answers "$cut.answers" | awk '$1 != $2' | wc -l)
        different=$((different + n))
    done
    asked=$((4 * $(wc -l <output.answers)))
    if [ $different = 0 ]; then
        echo "All $asked answers given with the server's help are those of the device alone,"
    else
        echo "Of $asked answers given with the server's help $different differ from the device's own,"
    fi
    awk '
        NR == 1 { most = $3 }
        { up[NR] = $2; head[NR] = $3; name[NR] = $1 }
        END {
            printf "while the device'\''s work went from %.2f to %.2f ms and", \
                head[1], head[NR]
            low = 2
            for (i = 2; i <= NR; i++)
                if (up[i] < up[low])
                    low = i
            printf " the bytes from 0 to %.0f KB.\n", up[NR] / 1000
            printf "Over a link of 20 Mbit/s those of the cut input would" \
                " take %.0f ms, those of %s %.0f ms.\n", \
                up[NR] * 8 / 20000, name[low], up[low] * 8 / 20000
        }' rows
}

echo "cleave demo: one neural network, on a device and a server"
echo
draw_pictures
start_server
choose_cuts
echo "Now each picture goes through the network, cut in these ways; medians, and the"
echo "share of right answers:"
echo
printf '%-14s %9s %9s %9s %9s %11s\n' cut 'KB up' 'head ms' 'transfer' \
    'tail ms' accuracy
run output
row output "  all on the device"
for cut in $(echo "$cuts" | awk '{ l[NR] = $0 } END { for (i = NR; i; i--) print l[i] }'); do
    run "$cut"
    row "$cut" ""
done
run input
row input "  all on the server"
echo
compare_answers
