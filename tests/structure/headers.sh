#!/bin/sh
# Each public header compiles alone, without warnings, in C99, C11 and C++17.
# usage: headers.sh INCLUDE_FOLDER SCRATCH C_COMPILER CXX_COMPILER
set -eu

include=$1 scratch=$2/headers cc=$3 cxx=$4
strict="-Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only -I$include"
failures=0
mkdir -p "$scratch"

for header in "$include"/sngp/*.h; do
  name=sngp/$(basename "$header")
  unit=$scratch/$(basename "$header" .h)
  # Twice: the include guard must hold.
  printf '#include "%s"\n#include "%s"\nextern int sngp_not_empty;\n' "$name" "$name" > "$unit.c"
  cp "$unit.c" "$unit.cpp"
  compile() {
    # shellcheck disable=SC2086
    "$@" $strict || { echo "$name: not clean $2"; failures=$((failures + 1)); }
  }
  compile "$cc" -std=c99 -Wstrict-prototypes "$unit.c"
  compile "$cc" -std=c11 -Wstrict-prototypes "$unit.c"
  compile "$cxx" -std=c++17 "$unit.cpp"
  # sngp.h is the one to include: it must reach every other.
  [ "$name" = sngp/sngp.h ] || grep -q "#include \"$name\"" "$include"/sngp/*.h ||
    { echo "$name: no public header includes it"; failures=$((failures + 1)); }
done
[ "$failures" -eq 0 ]
