#!/bin/sh
# neon.sh - the codec's kernels on an arm64 processor give the same bytes.
#
#   tests/cross/neon.sh ROOT
#
# Builds kernels.c for this machine and for arm64, runs the second in qemu,
# and compares what they print. Without a cross compiler or qemu it says so
# and skips.
set -eu

cd "$1"
cross=aarch64-linux-gnu-gcc
for tool in $cross qemu-aarch64; do
    command -v $tool >/dev/null || {
        echo "cross.neon: skipped, there is no $tool"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

sources="tests/cross/kernels.c src/base/buffer.c src/codec/lz.c
    src/codec/processor.c $(echo src/codec/fast*.c src/codec/quantise*.c \
        src/codec/shuffle*.c)"
flags="-std=gnu17 -O2 -DNDEBUG -D_GNU_SOURCE -Iinclude -Isrc -Itests
    -Wall -Wextra -Wconversion -Werror"

# What belongs to no machine, and the cross compiler does not look for.
mkdir "$folder/include"
header=$(echo '#include <lz4.h>' | ${CC:-cc} -E -x c - |
    sed -n 's/^# 1 "\(.*lz4\.h\)".*/\1/p' | head -n 1)
cp "$header" "$folder/include"

# shellcheck disable=SC2086  # lists of words
build()
{
    "$@" $flags -isystem "$folder/include" $sources -lm
}
build "${CC:-cc}" -o "$folder/here"
build $cross -static -o "$folder/there"
"$folder/here" >"$folder/here.out"
qemu-aarch64 "$folder/there" >"$folder/there.out"
cmp "$folder/here.out" "$folder/there.out"
[ -s "$folder/here.out" ] || { echo "cross.neon: no output"; exit 1; }
echo "cross.neon: $(wc -c <"$folder/here.out") bytes alike"
