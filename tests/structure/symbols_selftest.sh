#!/bin/sh
# Proves that exports.sh and imports.sh fail where they must, on a library of one function.
# usage: symbols_selftest.sh STRUCTURE_FOLDER SCRATCH C_COMPILER NM AR
set -eu

here=$1 tree=$2/symbols cc=$3 nm=$4 ar=$5
failures=0
rm -rf "$tree"
mkdir -p "$tree/include/sngp"

# build SOURCE HEADER MAP_NAMES
build() {
  printf '%s\n' "$1" > "$tree/library.c"
  printf '%s\n' "$2" > "$tree/include/sngp/sngp.h"
  { echo 'SNGP_0.1 {'; echo '  global:'; for n in $3; do echo "    $n;"; done; echo '  local: *;'; echo '};'; } > "$tree/map"
  "$cc" -fPIC -w -c "$tree/library.c" -o "$tree/library.o"
  "$cc" -shared -Wl,--version-script="$tree/map" "$tree/library.o" -o "$tree/library.so"
  rm -f "$tree/library.a"
  "$ar" rc "$tree/library.a" "$tree/library.o"
}
# expect pass|fail WHAT COMMAND...
expect() {
  expected=$1 what=$2
  shift 2
  if output=$("$@" 2>&1); then result=pass; else result=fail; fi
  [ $result = "$expected" ] || { echo "$what: $result, expected $expected"; echo "$output"; failures=$((failures + 1)); }
}
exports() { expect "$1" "$2" sh "$here/exports.sh" "$tree/library.so" "$tree/include" "$tree/map" "$tree" "$nm"; }
imports() { expect "$1" "$2" sh "$here/imports.sh" "$tree/library.a" "$nm"; }

one='int sngp_one(void) { return 1; }'
two='int sngp_one(void) { return 1; } int sngp_two(void) { return 2; }'
declared='/** SNGP_API int sngp_fake(void); */
SNGP_API int
    sngp_one(int, char *);'

build "$one" "$declared" sngp_one;              exports pass 'a library that fits'
build "$two" "$declared" 'sngp_one sngp_two';   exports fail 'an export that no header declares'
build "$one" "$declared SNGP_API int *sngp_two(void);" sngp_one
exports fail 'a declaration that is not listed'
build "$one" "$declared SNGP_API int *sngp_two(void);" 'sngp_one sngp_two'
exports fail 'a declaration without a function'
build "$one" "$declared" 'sngp_one sngp_two';   exports fail 'a listed name that no header declares'
build 'int sngp_one = 1;' "$declared" sngp_one; exports fail 'exported data'

# body DECLARATION STATEMENT: a function that does it.
body() { build "void free(void *); $1; int sngp_one(void *p) { free(p); $2; return 1; }" "$declared" sngp_one; }
body '' '';                                      imports pass 'a library that calls free()'
body 'int printf(const char *, ...)' 'printf("%d", 1)'
imports fail 'printf'
body 'int printf(const char *, ...)' 'printf("text\n")'
imports fail 'printf of plain text, which the compiler turns into puts'
body 'struct file; extern struct file *stderr; int fprintf(struct file *, const char *, ...)' \
     'fprintf(stderr, "%d", 1)'
imports fail 'fprintf to stderr'
for name in exit abort setlocale signal perror __puts_chk __assert_fail fesetround; do
  body "int $name()" "$name(0)";                 imports fail "$name"
done
body 'void openblas_set_num_threads(int)' 'openblas_set_num_threads(1)'
imports pass 'one place that sets BLAS threads'
cp "$tree/library.o" "$tree/second.o"
"$ar" rc "$tree/library.a" "$tree/second.o";     imports fail 'two places that set BLAS threads'

rm -rf "$tree"
[ "$failures" -eq 0 ] || { echo "$failures cases went wrong"; exit 1; }
