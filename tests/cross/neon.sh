#!/bin/sh
# neon.sh - the kernels on another processor: the same bytes as here, and the
# scheduler's bounds: below the costs there, too.
#
#   tests/cross/neon.sh COMPILER
#
# Builds kernels.c for arm64 with Debian's cross compiler and for this machine
# with COMPILER, runs the one under qemu-user and the other as it is, each on
# the portable path and on its best, and compares what they print; then the
# same with bounds.c, which judges itself. Without a
# cross compiler or qemu it says so and is skipped.
set -eu

cc=${1:-cc}
cross=aarch64-linux-gnu-gcc
qemu=qemu-aarch64
for tool in $cross $qemu; do
    command -v $tool >/dev/null || {
        echo "neon: skipped, there is no $tool; on Debian: apt install" \
            "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
        exit 77
    }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/../.."

sources="tests/cross/kernels.c src/base/buffer.c src/tensor/element.c"
for source in src/codec/*.c; do
    case ${source##*/} in
    # What needs other libraries, or is not a kernel.
    lz.c | shorter.c | frame.c | codec.c | packer.c | unpacker.c | calibration.c | trainer.c | packing.c | \
        layout.c | integers.c) ;;
    *) sources="$sources $source" ;;
    esac
done
flags="-std=gnu17 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Isrc -Iinclude"
# shellcheck disable=SC2086  # lists of words
$cross -static $flags -o "$work/there" $sources -lm
# shellcheck disable=SC2086
$cc $flags -o "$work/here" $sources -lm

"$work/here" portable >"$work/here.portable"
"$work/here" best >"$work/here.best"
$qemu "$work/there" portable >"$work/there.portable"
$qemu "$work/there" best >"$work/there.best"
for run in here.best there.portable there.best; do
    cmp "$work/here.portable" "$work/$run"
done

flags="$flags -DCLEAVE_VERSION=\"cross\""
sources="tests/cross/bounds.c src/codec/processor.c src/base/fail.c
    src/base/suggest.c src/plan/screen.c src/plan/screen_avx2.c
    src/plan/formula.c src/plan/conditions.c src/plan/metric.c"
# shellcheck disable=SC2086
$cross -static $flags -o "$work/bounds.there" $sources -lm
# shellcheck disable=SC2086
$cc $flags -o "$work/bounds.here" $sources -lm
for path in portable best; do
    "$work/bounds.here" $path
    $qemu "$work/bounds.there" $path
done
echo "neon: $(wc -l <"$work/there.best") cases, all alike"
