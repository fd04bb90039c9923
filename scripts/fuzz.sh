#!/bin/sh
# fuzz.sh - runs every fuzz target of build-fuzz/ for some seconds.
#
#   scripts/fuzz.sh SECONDS
#
# Each target starts from tests/fuzz/corpus/X and from what earlier runs found,
# in build-fuzz/corpus/X. An input that crashes is kept in build-fuzz/found;
# put it into the corpus when the fault is mended.
set -eu

cd "$(dirname "$0")/.."
seconds=$1
mkdir -p build-fuzz/found
bad=0
ran=0
for target in build-fuzz/fuzz/fuzz_*; do
    [ -x "$target" ] || continue
    name=${target##*/fuzz_}
    mkdir -p "build-fuzz/corpus/$name"
    seeds=tests/fuzz/corpus/$name
    echo "== $name, $seconds s"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$name-" \
        "build-fuzz/corpus/$name" $([ ! -d "$seeds" ] || echo "$seeds") || {
        echo "fuzz: $name failed; its input is in build-fuzz/found" >&2
        bad=1
    }
    ran=$((ran + 1))
done
[ $ran -gt 0 ] || { echo "fuzz: there is no fuzz target" >&2; exit 1; }
echo "$ran fuzz targets, inputs that failed: $(ls build-fuzz/found | wc -l)"
exit $bad
