#!/bin/sh
# fuzz.sh SOURCE BUILD TARGET SECONDS [MERGE]: builds a fuzz target with clang, libFuzzer and sanitizers, in a build of its own, and runs it from the
# corpus of the tree. What it finds to be new stays in BUILD/corpus/TARGET; an input that breaks something in BUILD/found.
# TARGET "all": each for so long. MERGE yes: afterwards the tree's corpus becomes the least one that reaches as much.
set -eu
source=$1
build=$2
target=${3:-all}
seconds=${4:-60}
merge=${5:-no}
targets='beacon decoder identity keys guard state node config control plan streams'

if [ "$target" = all ]; then
    for one in $targets; do
        "$0" "$source" "$build" "$one" "$seconds" "$merge"
    done
    exit
fi
case " $targets " in
*" $target "*) ;;
*)
    echo >&2 "fuzz: no target '$target': make fuzz FUZZ=TARGET TIME=SECONDS, TARGET being one of: $targets"
    exit 2
    ;;
esac

mkdir -p "$build/corpus/$target" "$build/found"
cd "$build"
code=$source
[ ! -f "$source/config.status" ] || code=$build/source
[ -f config.status ] || "$code/configure" -q --enable-fuzzing --disable-shared CC=clang CFLAGS='-O1 -g'
make -s -j"$(nproc)" "tests/fuzz/$target" >make.log 2>&1 || {
    cat make.log
    exit 1
}
corpus=$source/tests/fuzz/corpus/$target
dictionary=$source/tests/fuzz/dictionary/$target.txt
set -- -artifact_prefix=found/"$target"- -timeout=60 -rss_limit_mb=2048 -max_len=4096
[ ! -f "$dictionary" ] || set -- "$@" -dict="$dictionary"
if [ "$seconds" -gt 0 ]; then
    "tests/fuzz/$target" "$@" -max_total_time="$seconds" -print_final_stats=1 "corpus/$target" "$corpus" 2>"log.$target" || {
        tail -n 60 "log.$target"
        exit 1
    }
    grep -hE 'cov: |number_of_executed' "log.$target" | tail -n 2 | sed "s/^/$target: /"
fi
# Nothing new is made: what this finds it finds always.
if [ "$seconds" = 0 ] && [ "$merge" != yes ]; then
    "tests/fuzz/$target" "$@" -runs=0 "$corpus" 2>"log.$target" || {
        tail -n 60 "log.$target"
        exit 1
    }
fi
if [ "$merge" = yes ]; then
    rm -rf merged
    mkdir merged
    "tests/fuzz/$target" -merge=1 merged "$corpus" "corpus/$target" 2>"log.$target.merge"
    rm -rf "$corpus"
    mv merged "$corpus"
fi
