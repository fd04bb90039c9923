# world.sh - what the command-line tests stand on; they source it.
#
#   $zoo          the bundled network, its card and its classes
#   draw N        draws N labelled pictures into pictures/
#   serve NAME F  starts `cleave serve` on a free port; F are its arguments.
#                 NAME.out and NAME.err get what it says; sets $url and $pid
#   await T CMD   waits until the command succeeds, T seconds at most
#   expect N CMD  runs a command that must end with status N
#
# Every test has a cache of its own. Whatever it has started is ended with it.
top=$(cd "$(dirname "$0")/../.." && pwd)
zoo=$top/zoo
build=$(dirname "$CLEAVE")
export XDG_CACHE_HOME="$PWD/cache"
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
started=

end_all()
{
    for p in $started; do
        kill -9 "$p" 2>/dev/null || :
    done
}
trap end_all EXIT
trap 'exit 1' HUP INT TERM

draw()
{
    "$build/cleave-draw" --out drawn --count "$1" --seed 1 ||
        { echo "the pictures could not be drawn"; exit 1; }
    mv drawn/images pictures
    sed 's,^images/,,' drawn/labels.csv >labels.csv
    rm -r drawn
}

await()
{
    tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "waited in vain for: $*"; exit 1; }
        sleep 0.05
    done
}

has_line()
{
    grep -q "$2" "$1"
}

is_gone()
{
    ! kill -0 "$1"
}

serve()
{
    name=$1
    shift
    "$CLEAVE" serve --listen 127.0.0.1:0 "$@" >"$name.out" 2>"$name.err" &
    pid=$!
    started="$started $pid"
    await 60 has_line "$name.out" '^listening on '
    url=$(sed -n 's/^listening on //p' "$name.out")
}

expect()
{
    wanted=$1
    shift
    got=0
    "$@" || got=$?
    [ $got = "$wanted" ] || { echo "status $got, not $wanted: $*"; exit 1; }
}
