#!/bin/sh
# bench.sh - runs every benchmark and gathers what they print.
#
#   scripts/bench.sh FOLDER        (the folder with the bench_* programs)
#
# A benchmark prints one JSON object a line: id, what, value, unit, bar, pass,
# context. Lines that begin otherwise are for people and go to the screen. One
# that cannot run prints {"id", "what", "skip": "why"}, or says why and ends
# with 77. FOLDER/report.json is the list of all objects. A benchmark that
# crashes, prints no object or a broken one counts as a failed bar.
# CLEAVE_DATA names the test data, ../shared/data if it is there.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
[ -d "$1" ] || { echo "bench: there is no benchmark in $1" >&2; exit 1; }
folder=$(cd "$1" && pwd)
data=${CLEAVE_DATA:-$top/../shared/data}
if [ -d "$data" ]; then
    CLEAVE_DATA=$(realpath "$data")
    export CLEAVE_DATA
fi
cd "$top"
exec python3 scripts/bench-report.py "$folder"
