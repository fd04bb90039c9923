#!/bin/sh
# setup.sh - puts on a Debian machine what cleave is built and tested with.
#
#   scripts/setup.sh          what building, testing and the demo need
#   scripts/setup.sh fuzz     also what fuzzing needs (clang with libFuzzer)
#   scripts/setup.sh bench    also the compressors that benchmarks compare with
#
# Everything comes from Debian's packages, except on Debian 12, which has no
# ONNX Runtime. There the headers come from Debian 13's package, unpacked but
# not installed, and the library from the npm package onnxruntime-node; both
# end in .deps/onnxruntime/{include,lib}. Nothing is done twice: a second run
# looks and leaves. An interrupted run leaves only .deps/part, which the next
# one throws away. ONNXRUNTIME_ROOT in the environment says that ONNX Runtime
# is already somewhere else; then none is fetched.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
deps=$top/.deps
part=$deps/part
runtime=$deps/onnxruntime

packages="gcc libc6-dev make cmake ninja-build pkg-config python3
    libprotobuf-c-dev protobuf-c-compiler libonnx-dev
    libcurl4-openssl-dev libmicrohttpd-dev
    libjansson-dev libcyaml-dev libyaml-dev libsqlite3-dev
    libturbojpeg0-dev libspng-dev libwebp-dev nettle-dev
    liblz4-dev libxxhash-dev
    libcmocka-dev scdoc curl gnuplot-nox clang-format-19"
fuzz_packages="clang-19 libclang-rt-19-dev llvm-19"
bench_packages="libzstd-dev libblosc-dev"

# The library for Debian 12. Headers may be older than the library, not newer.
npm_package=onnxruntime-node
npm_version=1.30.0
npm_sha512=b7086cd42d82fc1164cf5c9ce4e634288536194aba0d444eee10f86f1e50d90\
cb79c0309c115d6f31537355733136f5503d96894b3987a9a03f1f8d318e7c8ab
headers_suite=trixie
headers_package=libonnxruntime-dev
made_from="$npm_package $npm_version, $headers_package of $headers_suite"

say()
{
    echo "setup: $*"
}

die()
{
    echo "setup: $*" >&2
    exit 1
}

# Runs a command as root; the proxies of the environment go along.
as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo env ${http_proxy:+"http_proxy=$http_proxy"} \
            ${https_proxy:+"https_proxy=$https_proxy"} "$@"
    else
        return 1
    fi
}

need_root()
{
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        die "installing needs root, and sudo is missing: $*
Run 'make setup' as root once."
}

# Those of the packages named that are not installed.
missing_of()
{
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package} ' "$@" \
        2>/dev/null) || true
    for name; do
        case " $installed" in
        *" installed $name "*) ;;
        *) printf '%s ' "$name" ;;
        esac
    done
}

# True if apt knows a version of the package that it could install.
is_offered()
{
    LC_ALL=C apt-cache policy "$1" |
        grep 'Candidate:' | grep -qv '(none)'
}

apt_update()
{
    say "apt-get update"
    as_root apt-get -q -o DPkg::Lock::Timeout=600 update ||
        die "apt-get update failed; mend the machine's apt sources first."
}

apt_install()
{
    say "installing: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
        -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
        install --no-install-recommends "$@" >"$deps/apt.log" 2>&1
}

# Installs what is missing of the packages named. Lists of packages are
# fetched anew only if they lack a name or turn out to be too old.
need_packages()
{
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
    need_root "$missing"
    updated=no
    for name in $missing; do
        is_offered "$name" && continue
        [ $updated = yes ] || { apt_update; updated=yes; }
        is_offered "$name" ||
            die "apt offers no package '$name' on this machine ($system).
cleave is set up on Debian 12 and 13; elsewhere install what stands for it
by hand, then build with 'make'."
    done
    # shellcheck disable=SC2086  # a list of words
    apt_install $missing && return 0
    if [ $updated = no ]; then
        apt_update
        # shellcheck disable=SC2086
        apt_install $missing && return 0
    fi
    tail -n 20 "$deps/apt.log" >&2
    die "apt could not install: $missing
Its last words are above, all of them in .deps/apt.log."
}

# Mirror and key of the machine's own source of Debian's main packages.
own_source()
{
    apt-get indextargets --format '$(REPO_URI) $(SIGNED_BY)' \
        "Codename: $codename" 'Origin: Debian' 'Component: main' \
        'Identifier: Packages' | head -n 1
}

# Headers: one package of another suite, from the mirror and with the key
# that this machine already uses, in lists and caches of its own.
fetch_headers()
{
    line=$(own_source)
    [ -n "$line" ] || { apt_update && line=$(own_source); }
    uri=${line%% *}
    key=${line#* }
    [ -n "$uri" ] || die "no apt source of Debian's $codename main was found;
ONNX Runtime's headers come from the same mirror. Check the apt sources."
    case $key in
    /*) key="[signed-by=$key] " ;;
    *) key= ;;
    esac
    mkdir -p "$part/lists/partial" "$part/cache/archives/partial"
    echo "deb $key$uri $headers_suite main" >"$part/sources.list"
    set -- -q -o Dir::Etc::sourcelist="$part/sources.list" \
        -o Dir::Etc::sourceparts=- -o Dir::State::lists="$part/lists" \
        -o Dir::Cache="$part/cache" -o Acquire::Languages=none \
        -o APT::Sandbox::User="$(id -un)"
    say "fetching $headers_package of Debian's $headers_suite (headers only)"
    { apt-get "$@" update && cd "$part" &&
        apt-get "$@" download "$headers_package" && cd "$top"; } \
        >"$deps/apt.log" 2>&1 || {
        tail -n 20 "$deps/apt.log" >&2
        die "$headers_package of $headers_suite could not be fetched.
If a signature is missing, upgrade the package debian-archive-keyring."
    }
    dpkg-deb -x "$part"/"$headers_package"_*.deb "$part/headers"
    mv "$part/headers/usr/include/onnxruntime" "$part/onnxruntime/include"
    [ -e "$part/onnxruntime/include/onnxruntime_c_api.h" ] ||
        die "$headers_package of $headers_suite holds no onnxruntime_c_api.h."
}

# The library: npm checks the package against its registry, we against the
# digest above.
fetch_library()
{
    case $(dpkg --print-architecture) in
    amd64) arch=x64 ;;
    arm64) arch=arm64 ;;
    *) die "$npm_package has no library for $(dpkg --print-architecture);
give -DONNXRUNTIME_ROOT=DIR instead." ;;
    esac
    if ! command -v npm >/dev/null; then
        say "npm is missing; Debian cuts it into some 350 small packages"
        need_packages nodejs npm
    fi
    say "fetching $npm_package $npm_version with npm (113 MB)"
    (cd "$part" && npm pack --loglevel=error "$npm_package@$npm_version") \
        >/dev/null || die "npm could not fetch $npm_package $npm_version."
    tarball=$part/$npm_package-$npm_version.tgz
    digest=$(sha512sum "$tarball")
    [ "${digest%% *}" = "$npm_sha512" ] ||
        die "$npm_package $npm_version is not the package it was (SHA-512
${digest%% *}); nothing of it is used."
    member=package/bin/napi-v6/linux/$arch/libonnxruntime.so.1
    tar -xzf "$tarball" -C "$part" --no-same-owner "$member"
    mv "$part/$member" "$part/onnxruntime/lib/"
    ln -s libonnxruntime.so.1 "$part/onnxruntime/lib/libonnxruntime.so"
}

# ONNX Runtime in .deps, whole or not at all.
make_runtime()
{
    [ "$(cat "$runtime/made-from" 2>/dev/null)" != "$made_from" ] || return 0
    rm -rf "$part"
    mkdir -p "$part/onnxruntime/lib"
    fetch_headers
    fetch_library
    echo "$made_from" >"$part/onnxruntime/made-from"
    rm -rf "$runtime"
    mv "$part/onnxruntime" "$runtime"
    rm -rf "$part"
}

need_runtime()
{
    if [ -n "${ONNXRUNTIME_ROOT:-}" ]; then
        [ -e "$ONNXRUNTIME_ROOT" ] ||
            die "ONNXRUNTIME_ROOT=$ONNXRUNTIME_ROOT does not exist."
    elif [ "$codename" = bookworm ]; then
        make_runtime
    else
        need_packages libonnxruntime-dev
    fi
}

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    die "this machine has no apt. cleave is set up on Debian 12 and 13;
elsewhere install by hand what stands for these packages, and ONNX Runtime:
$packages"
system=$(. /etc/os-release && echo "$PRETTY_NAME")
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

mkdir -p "$deps" 2>/dev/null || die "$deps should be a folder, and is
a file or a link to nothing; remove it and run this again."
exec 9>"$deps/lock"
flock -n 9 || { say "waiting for another setup of this tree"; flock 9; }

# shellcheck disable=SC2086  # lists of words
need_packages $packages
need_runtime
# shellcheck disable=SC2086
case ${1:-} in
fuzz) need_packages $fuzz_packages ;;
bench) need_packages $bench_packages ;;
esac
