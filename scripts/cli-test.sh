#!/bin/sh
# cli-test.sh - runs one test of the command line.
#
#   scripts/cli-test.sh [--update] PROGRAM tests/cli/X.test
#
# X.test is a shell script. It runs in an empty folder of its own with
# CLEAVE (the program) and DATA (the shared test data, or empty) set, under
# `sh -eu`; what it prints, standard error included, must be what X.out
# says. It fails by a status other than 0, and skips by 77 after saying why.
# --update writes X.out anew instead of comparing.
set -eu

update=no
if [ "$1" = --update ]; then
    update=yes
    shift
fi
top=$(cd "$(dirname "$0")/.." && pwd)
CLEAVE=$(realpath "$1")
test=$(realpath "$2")
expected=${test%.test}.out
DATA=${CLEAVE_DATA:-$top/../shared/data}
[ -d "$DATA" ] && DATA=$(realpath "$DATA") || DATA=
export CLEAVE DATA

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/home"
status=0
(cd "$work/home" && sh -eu "$test" </dev/null >"$work/out" 2>&1) || status=$?

if [ $status != 0 ]; then
    cat "$work/out"
    [ $status = 77 ] || echo "cli-test: $2 ended with status $status" >&2
    exit $status
elif [ $update = yes ]; then
    cp "$work/out" "$expected"
else
    diff -u "$expected" "$work/out" || {
        echo "cli-test: the output differs; if it should, 'make test-update'" >&2
        exit 1
    }
fi
