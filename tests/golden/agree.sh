#!/bin/sh
# agree.sh - refdec answers as the golden files, and the library, do.
#
#   tests/golden/agree.sh REFDEC MAKE_GOLDEN [COUNT [SEED]]
#
# Good files decode to the digest in the manifest, bad ones are refused with
# one line and status 1, and COUNT random messages, which the library has
# decoded already, decode to the same arrays. The seed is printed.
set -eu

refdec=$1
make_golden=$2
count=${3:-200}
seed=${4:-$(date +%s)}
golden=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
checked=0

complain()
{
    echo "agree: $*" >&2
    failed=$((failed + 1))
}

# decode CALIBRATION FILE: to $work/out, what it says to $work/said.
decode()
{
    status=0
    "$refdec" --calibration "$1" "$2" >"$work/out" 2>"$work/said" || status=$?
    checked=$((checked + 1))
}

check_good()
{
    while read -r digest name rest; do
        decode "$golden/good/golden.calib" "$golden/good/$name.frame"
        if [ $status != 0 ]; then
            complain "$name: $(cat "$work/said")"
        elif [ "$(sha256sum <"$work/out")" != "$digest  -" ]; then
            complain "$name decodes to something else ($rest)"
        fi
    done <"$golden/good/MANIFEST.txt"
}

check_bad()
{
    for file in "$golden"/bad/*.frame; do
        decode "$golden/good/golden.calib" "$file"
        must_refuse "$file"
    done
    for file in "$golden"/bad/*.calib; do
        decode "$file" "$golden/good/raw-scalar.frame"
        must_refuse "$file"
    done
}

must_refuse()
{
    if [ $status != 1 ] || [ "$(wc -l <"$work/said")" != 1 ]; then
        complain "$(basename "$1") is not refused: status $status"
        cat "$work/said" >&2
    fi
}

check_random()
{
    "$make_golden" --random "$seed" "$count" "$work/random"
    for file in "$work"/random/*.frame; do
        [ -e "$file" ] || continue
        decode "$work/random/golden.calib" "$file"
        if ! cmp -s "$work/out" "${file%.frame}.npys"; then
            complain "seed $seed, $(basename "$file"): $(cat "$work/said")"
        fi
    done
}

check_good
check_bad
check_random
echo "agree: $checked files, $failed failures"
[ $failed = 0 ] && [ $checked -ge $((200 + count)) ]
