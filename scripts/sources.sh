#!/bin/sh
# sources.sh - prints every C source and header of the project, one a line.
#
#   scripts/sources.sh [ROOT] [FOLDER...]
#
# The one place that knows where C lives; the checks and `make format` ask it.
set -eu

cd "${1:-$(dirname "$0")/..}"
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- include src tools examples bench zoo refdec tests
for folder; do
    [ ! -d "$folder" ] || find "$folder" -name '*.[ch]' -type f
done | LC_ALL=C sort
