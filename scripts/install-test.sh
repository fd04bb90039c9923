#!/bin/sh
# install-test.sh - proves that an installed cleave can be built against.
#
#   scripts/install-test.sh BUILD-FOLDER
#
# Installs into BUILD/install-test as a packager would (DESTDIR), moves the
# tree to show that nothing points back into the build, and then builds and
# runs tests/install/consumer.c in three ways: with the flags of pkg-config,
# with its --static flags, and with the CMake package.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
work=$build/install-test
root=$work/root
cc=${CC:-cc}
version=$(sed -n 's/^Version: //p' "$build/cleave.pc")
expected="$version f32"

fail()
{
    echo "install-test: $*" >&2
    exit 1
}

# Runs a program and compares what it prints.
expect()
{
    said=$("$@") || fail "$1 does not run"
    [ "$said" = "$expected" ] || fail "$1 says '$said', not '$expected'"
}

# Libraries are found, and not in this tree, which may go away.
stands_alone()
{
    ! ldd "$1" | grep 'not found' || fail "$1 lacks the libraries above"
    ! readelf -d "$1" | grep -F "$top" || fail "$1 points into the sources"
}

rm -rf "$work"
mkdir -p "$work"
DESTDIR=$work/packed cmake --install "$build" >"$work/install.log"
mv "$work/packed" "$root"

prefix=$(sed -n 's/^prefix=//p' "$build/cleave.pc")
for file in include/cleave/status.h share/man/man1/cleave.1 \
    share/doc/cleave/LICENSE; do
    [ -s "$root$prefix/$file" ] || fail "$file is not installed"
done
if [ -e "$build/cleave" ]; then
    stands_alone "$root$prefix/bin/cleave"
fi

pc=$(find "$root" -name cleave.pc)
lib=$(dirname "$(dirname "$pc")")
stands_alone "$lib/libcleave.so"
flags()
{
    PKG_CONFIG_PATH=$(dirname "$pc") pkg-config \
        --define-variable=prefix="$root$prefix" "$@" cleave
}

# shellcheck disable=SC2046  # flags are words
$cc "$top/tests/install/consumer.c" -o "$work/with-pc" \
    $(flags --cflags --libs) -Wl,-rpath,"$lib"
expect "$work/with-pc"

# The archive, and the libraries it needs, by their own names.
# shellcheck disable=SC2046
$cc "$top/tests/install/consumer.c" -o "$work/with-archive" \
    $(flags --cflags --static --libs | sed "s,-lcleave,$lib/libcleave.a,") \
    -Wl,-rpath,"$lib/cleave"
expect "$work/with-archive"

cmake -S "$top/tests/install" -B "$work/with-cmake" -G Ninja \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$root$prefix" \
    >"$work/cmake.log"
cmake --build "$work/with-cmake" >>"$work/cmake.log" ||
    { cat "$work/cmake.log" >&2; fail "the CMake package does not build"; }
expect "$work/with-cmake/consumer"
echo "installed, found by pkg-config and CMake, and run: cleave $version"
