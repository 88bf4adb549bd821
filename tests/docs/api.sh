#!/bin/sh
# The C blocks of docs/api.md are, in their order, one program: it compiles without warnings, runs,
# and says what the page says.
# usage: api.sh ROOT PREFIX SCRATCH LIBDIR C_COMPILER PKG_CONFIG
set -eu

root=$1 prefix=$2 scratch=$3 libdir=$4 compiler=$5 pkg_config=$6
rm -rf "$scratch"
mkdir -p "$scratch"
ln -s "$root/examples" "$scratch/examples"
cd "$scratch"
export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig" LD_LIBRARY_PATH="$prefix/$libdir"

awk -v language=c -f "$root/tests/docs/blocks.awk" "$root/docs/api.md" > api.c
# shellcheck disable=SC2046
"$compiler" -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror api.c \
  $("$pkg_config" --cflags --libs sngp) -o api
./api > api.out
cat api.out
error=$(sed -n 's/^prints `\(.*\)`; .*/\1/p' "$root/docs/api.md")
[ -n "$error" ] && grep -qxF "$error" api.out
grep -qx "the same bytes again: yes" api.out
