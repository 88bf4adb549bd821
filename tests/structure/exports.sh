#!/bin/sh
# The shared library exports the functions marked SNGP_API in the public headers, all of them and
# nothing else, and libsngp.map lists the same. No data is exported.
# usage: exports.sh LIBRARY INCLUDE_FOLDER MAP SCRATCH NM
set -eu

library=$1 include=$2 map=$3 scratch=$4/exports nm=$5
mkdir -p "$scratch"

# Declarations: comments and directives out, then what stands between SNGP_API and the semicolon; the
# name is the word before the first parenthesis.
cat "$include"/sngp/*.h | awk '
  /^[ \t]*#/ { next }
  { text = text " " $0 }
  END {
    while (match(text, /\/\*/)) {
      before = substr(text, 1, RSTART - 1)
      rest = substr(text, RSTART + 2)
      end = index(rest, "*/")
      text = before " " substr(rest, end + 2)
    }
    n = split(text, statement, ";")
    for (i = 1; i <= n; i++) {
      if (statement[i] !~ /SNGP_API[ \t]/) continue
      sub(/.*SNGP_API[ \t]/, "", statement[i])
      sub(/[ \t]*\(.*/, "", statement[i])
      sub(/.*[ \t*]/, "", statement[i])
      print statement[i]
    }
  }' | LC_ALL=C sort > "$scratch/declared"

sed -n 's/^ *\(sngp_[a-z0-9_]*\);$/\1/p' "$map" | LC_ALL=C sort > "$scratch/listed"

"$nm" -D --defined-only "$library" | awk '$2 != "A"' > "$scratch/symbols"
awk '{ sub(/@.*/, "", $3); print $3 }' "$scratch/symbols" | LC_ALL=C sort > "$scratch/exported"

failures=0
[ -s "$scratch/declared" ] || { echo "no declarations found"; failures=1; }
compare() {
  LC_ALL=C comm -23 "$scratch/$1" "$scratch/$2" | sed "s/\$/: $3/" > "$scratch/difference"
  [ ! -s "$scratch/difference" ] || { cat "$scratch/difference"; failures=$((failures + 1)); }
}
compare declared listed 'declared in a public header, missing in libsngp.map'
compare listed declared 'listed in libsngp.map, declared in no public header'
compare declared exported 'declared in a public header, not exported'
compare exported declared 'exported, declared in no public header'
awk '$2 != "T" && $2 != "i" { print $3 ": exported, but not a function"; bad = 1 } END { exit bad }' \
  "$scratch/symbols" || failures=$((failures + 1))
grep -v '@@SNGP_[0-9.]*$' "$scratch/symbols" && { echo "exported without a version"; failures=1; }
[ "$failures" -eq 0 ]
