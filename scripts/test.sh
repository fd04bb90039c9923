#!/bin/sh
# test.sh - the whole proof: builds, tests, and one count of it all.
#
# Two builds go through CTest: the ordinary one with every test and check,
# and one under the address and undefined-behaviour sanitizers with the unit
# tests and the fuzz corpora. A build that fails is a failed test. The last
# line counts what both ran; the exit status is 0 only if nothing failed.
set -eu

cd "$(dirname "$0")/.."
passed=0
failed=0
skipped=0

# Adds the counts of CTest's report. A test that could not even start counts
# as failed, one that answered 77 as skipped.
count()
{
    # shellcheck disable=SC2046  # three words
    set -- $(awk '
        /<testcase / {
            n++
            failed += /status="fail"/
            absent += /status="(notrun|disabled)"/
        }
        /SKIP_RETURN_CODE/ { skipped++ }
        END { print n - failed - absent, failed + absent - skipped, skipped+0 }
        ' "$1")
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

# Builds and runs one preset.
run()
{
    preset=$1
    folder=$2
    echo "== $preset: $folder/"
    rm -f "$folder/report.xml"
    if ! { cmake --preset "$preset" --log-level=WARNING \
        ${ONNXRUNTIME_ROOT:+"-DONNXRUNTIME_ROOT=$ONNXRUNTIME_ROOT"} \
        >/dev/null &&
        cmake --build --preset "$preset"; }; then
        echo "test: the $preset build failed" >&2
        failed=$((failed + 1))
        return
    fi
    before=$failed
    status=0
    ctest --preset "$preset" -j "$(nproc)" \
        --output-junit "$PWD/$folder/report.xml" || status=$?
    [ ! -e "$folder/report.xml" ] || count "$folder/report.xml"
    # CTest knows of failures that its report does not show.
    if [ $status != 0 ] && [ "$failed" = "$before" ]; then
        failed=$((failed + 1))
    fi
}

run release build
run asan build-asan
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
