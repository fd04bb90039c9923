#!/bin/sh
# selftest.sh - proves that a check passes what is right and fails what is not.
#
#   scripts/selftest.sh layers|sizes|format|names|text|symbols|cli|bench
#
# Each proof builds a small tree in a temporary folder, shows that the check
# is content with it, then plants one fault at a time and wants the check to
# fail with the words that belong to that fault.
set -eu

scripts=$(cd "$(dirname "$0")" && pwd)
name=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree"
proofs=0

fail()
{
    echo "selftest $name: $*" >&2
    exit 1
}

# passes COMMAND...: it must succeed.
passes()
{
    "$@" >said 2>&1 || { cat said >&2; fail "must pass: $*"; }
    proofs=$((proofs + 1))
}

# refuses WORDS COMMAND...: it must fail, and say the words.
refuses()
{
    words=$1
    shift
    if "$@" >said 2>&1; then
        fail "must fail with '$words': $*"
    fi
    grep -qF -e "$words" said || { cat said >&2; fail "must say '$words'"; }
    proofs=$((proofs + 1))
}

# plant PATH [LINE...]: a well-formed source with these lines in it.
plant()
{
    path=$1
    shift
    mkdir -p "$(dirname "$path")"
    {
        printf '/*\n * %s - for the proof.\n */\n' "$(basename "$path")"
        for line; do printf '%s\n' "$line"; done
    } >"$path"
}

# fault WORDS PATH [LINE...]: the check refuses a tree with this source.
fault()
{
    words=$1
    shift
    mv "$1" kept 2>/dev/null || true
    plant "$@"
    refuses "$words" "$scripts/check-$name" "$tree"
    rm "$1"
    mv kept "$1" 2>/dev/null || true
}

lines()
{
    seq "$1" | sed 's/.*/    a++;/'
}

prove_layers()
{
    plant include/cleave/status.h '#include <stddef.h>'
    plant src/base/fail.c '#include "base/fail.h"' '#include <curl/curl.h>'
    plant src/engine/runtime.c '#include "tensor/element.h"' \
        '#include "cleave/status.h"' '#include <onnxruntime_c_api.h>'
    plant src/run/pipeline.c '#include "plan/design.h"'
    plant tools/cleave/main.c '#include "run/pipeline.h"' '#include "own.h"'
    plant refdec/refdec.c '#include <stdio.h>' '#include "ref.h"'
    passes "$scripts/check-layers" "$tree"
    fault 'an include that climbs' src/base/a.c '#include "tensor/element.h"'
    fault 'an include that climbs' src/plan/a.c '#include <run/pipeline.h>'
    fault 'siblings are blind' src/codec/a.c '#include "wire/frame.h"'
    fault 'siblings are blind' src/run/a.c '  #  include "serve/http.h"'
    fault 'say the folder' src/codec/a.c '#include "coder.h"'
    fault 'has no floor' src/extra/a.c '#include "base/fail.h"'
    fault 'has no floor' src/codec/a.c '#include "extra/a.h"'
    fault 'only public ones' include/cleave/a.h '#include "base/fail.h"'
    fault 'belongs to one source' src/wire/a.c '#include <curl/curl.h>'
    fault 'must not show' src/store/a.h '#include <sqlite3.h>'
    fault 'plan/ is pure' src/plan/a.c '#include "base/clock.h"'
    fault 'plan/ is pure' src/plan/a.c '#include <sys/socket.h>'
    fault 'refdec stands alone' refdec/a.c '#include "codec/frame.h"'
    fault 'refdec stands alone' refdec/a.c '#include "../src/codec/frame.h"'
    fault 'nothing but libc' refdec/a.c '#include <cleave/status.h>'
    fault 'nothing but libc' refdec/a.c '#include <lz4.h>'
    fault 'only src/model' src/wire/a.c '#include "onnx/onnx.pb-c.h"'
}

prove_sizes()
{
    plant src/base/a.c 'int f(void)' '{' "$(lines 78)" '}' "$(lines 812)"
    plant include/cleave/a.h "$(lines 197)"
    passes "$scripts/check-sizes" "$tree"
    grep -q 'f() has 80 lines, long but' said || fail "soft limit not reported"
    fault 'f() has 81 lines, 80' src/base/b.c 'int f(void)' '{' \
        "$(lines 79)" '}'
    fault 'this file has 901 lines' src/base/b.c "$(lines 898)"
    fault 'header has 201 lines' include/cleave/b.h "$(lines 198)"
}

prove_format()
{
    command -v clang-format-19 >/dev/null || {
        echo "selftest format: skipped, there is no clang-format-19"
        exit 77
    }
    cp "$scripts/../.clang-format" .
    plant src/base/a.c 'int f(void)' '{' '    return 1;' '}'
    passes "$scripts/check-format" "$tree"
    fault 'make format' src/base/b.c 'int f( void )' '{' '    return 1;' '}'
    fault 'make format' src/base/b.c 'int f(void) { return 1; }'
}

commit_fault()
{
    mkdir -p "$(dirname "$2")"
    echo >"$2"
    git add -f "$2"
    refuses "$1" "$scripts/check-names" "$tree"
    git rm -q --cached "$2"
    rm "$2"
}

prove_names()
{
    plant src/base/fail.c
    plant src/base/fail.h
    plant include/cleave/fail.h
    rm src/base/fail.h
    plant tests/unit/test_fail.c
    plant tests/fuzz/fuzz_fail.c
    plant tests/fuzz/replay.c
    passes "$scripts/check-names" "$tree"
    fault 'the name is taken' src/codec/fail.c
    fault 'the name is taken' src/codec/fail.h
    fault 'a name that says nothing' src/base/string_utils.c
    fault 'a name that says nothing' src/common/table.c
    fault 'a name that says nothing' tests/unit/misc.h
    fault 'there is no frame.c' tests/unit/test_frame.c
    fault 'is called test_x.c' tests/unit/frame.c
    fault 'is called fuzz_x.c' tests/fuzz/frame.c
    if command -v git >/dev/null; then
        git init -q .
        commit_fault 'generated files' src/model/onnx.pb-c.c
        commit_fault 'generated files' docs/cleave.1
        commit_fault 'generated files' build/build.ninja
        commit_fault 'generated files' .deps
        commit_fault 'generated files' src/base/fail.o
        commit_fault 'a name that says nothing' scripts/util.sh
    fi
}

prove_text()
{
    guard='#ifndef CLV_A_H
#define CLV_A_H
#endif'
    plant src/base/a.c 'int f(void);'
    plant src/base/a.h "$guard"
    passes "$scripts/check-text" "$tree"
    fault 'a tab' src/base/b.c "$(printf 'int\tx;')"
    fault 'a blank at the end' src/base/b.c 'int x; '
    fault 'a carriage return' src/base/b.c "$(printf 'int x;\r')"
    fault 'the include guard is not CLV_B_H' src/base/b.h "$guard"
    fault 'the include guard is not CLEAVE_A_H' include/cleave/a.h "$guard"
    fault 'no include guard' src/base/b.h 'int x;'
    fault 'not followed by' src/base/b.h '#ifndef CLV_B_H' '#define CLV_C_H'
    printf '#include <stdio.h>\n' >src/base/b.c
    refuses 'does not open with' "$scripts/check-text" "$tree"
    printf '/*\n * Something else.\n */\n' >src/base/b.c
    refuses 'the story begins' "$scripts/check-text" "$tree"
    printf '/*\n * b.c - a story.\n */' >src/base/b.c
    refuses 'no newline' "$scripts/check-text" "$tree"
    : >src/base/b.c
    refuses 'an empty file' "$scripts/check-text" "$tree"
}

# library LINE...: builds both libraries from one source.
library()
{
    printf '%s\n' "$@" >lib.c
    ${CC:-cc} -fPIC -c lib.c -o lib.c.o
    rm -f libcleave.a
    ar rc libcleave.a lib.c.o
    ${CC:-cc} -shared lib.c.o -o libcleave.so
}

prove_symbols()
{
    refuses 'no library' "$scripts/check-symbols" "$tree"
    good='const char *cleave_version(void) { return "0"; }'
    hidden='__attribute__((visibility("hidden")))'
    library "$good" "int $hidden clv_x(void) { return 1; }" \
        'static const char *const names[] = {"a", "b"};' \
        'const char *cleave_n(int i) { return names[i]; }'
    passes "$scripts/check-symbols" "$tree"
    library "$good" 'int clv_x(void) { return 1; }'
    refuses 'libcleave.so exports: clv_x' "$scripts/check-symbols" "$tree"
    library 'int cleave_other(void) { return 1; }'
    refuses 'does not export cleave_version' "$scripts/check-symbols" "$tree"
    library "$good" "int $hidden helper(void) { return 1; }"
    refuses 'neither clv_ nor cleave_' "$scripts/check-symbols" "$tree"
    library "$good" 'int clv_z(void);' \
        'int cleave_n(void) { return clv_z(); }'
    refuses 'used but nowhere defined: clv_z' "$scripts/check-symbols" "$tree"
    library "$good" 'static int count; int cleave_n(void) { return ++count; }'
    refuses 'data that changes' "$scripts/check-symbols" "$tree"
    library "$good" 'static int count = 1;' \
        'int cleave_n(void) { return ++count; }'
    refuses 'data that changes' "$scripts/check-symbols" "$tree"
}

cli()
{
    "$scripts/cli-test.sh" "$@"
}

prove_cli()
{
    printf '#!/bin/sh\necho "cleave $*"\n' >program
    chmod +x program
    printf '"$CLEAVE" one two\nls\n' >a.test
    printf 'cleave one two\n' >a.out
    passes cli program a.test
    printf 'cleave one\n' >a.out
    refuses 'the output differs' cli program a.test
    passes cli --update program a.test
    passes cli program a.test
    printf 'echo no more\n"$CLEAVE" one two\nexit 3\n' >a.test
    refuses 'ended with status 3' cli program a.test
    printf 'echo needs data\nexit 77\n' >a.test
    status=0
    cli program a.test >said || status=$?
    [ $status = 77 ] || fail "a skipped test ends with $status"
    printf 'true\n' >b.test
    refuses 'b.out' cli program b.test
}

# bench_fault WORDS LINE...: a benchmark with these lines fails the run.
bench_fault()
{
    words=$1
    shift
    { echo '#!/bin/sh'; printf '%s\n' "$@"; } >programs/bench_b
    chmod +x programs/bench_b
    refuses "$words" "$scripts/bench.sh" programs
    rm programs/bench_b
}

prove_bench()
{
    mkdir programs
    object='"what": "w", "value": 1.5, "unit": "ms", "bar": 2, "context": {}'
    {
        echo '#!/bin/sh'
        echo 'echo for people'
        echo "echo '{\"id\": \"a.1\", $object, \"pass\": true}'"
        echo "echo '{\"id\": \"a.2\", \"skip\": \"no such engine\"}'"
    } >programs/bench_a
    printf '#!/bin/sh\necho no data\nexit 77\n' >programs/bench_c
    chmod +x programs/*
    passes "$scripts/bench.sh" programs
    grep -q '^1 bars met, 0 failed, 2 skipped' said || fail "wrong counts"
    grep -q '"a.1"' programs/report.json || fail "no report"
    bench_fault '1 failed' \
        "echo '{\"id\": \"b\", $object, \"pass\": false}'"
    bench_fault 'broken line' "echo '{\"id\": '"
    bench_fault 'it lacks what' "echo '{\"id\": \"b\"}'"
    bench_fault 'ended with status 3' \
        "echo '{\"id\": \"b\", $object, \"pass\": true}'" 'exit 3'
    bench_fault 'measured nothing' true
    rm programs/bench_*
    refuses 'no benchmark' "$scripts/bench.sh" programs
}

"prove_$name"
echo "selftest $name: $proofs proofs"
