#!/bin/sh
# The dependency rule, read off the #include lines of a source tree:
#   base < linalg < nn, gp < data, optim < model < predict, metrics < train, io < api < cli
# A file includes its own folder, folders of a lower rank and the public headers; io may include
# train; cli sees itself and the public headers only; public headers see each other only;
# cblas.h and lapacke.h stay under src/linalg.
# usage: layering.sh ROOT     (the folder with src/ and include/)
set -eu

root=$1
cd "$root"
files=$(find src include -name '*.[ch]' | sort)
[ -n "$files" ] || { echo "no sources under $root"; exit 1; }

# shellcheck disable=SC2086
awk '
  BEGIN {
    split("base linalg nn,gp data,optim model predict,metrics train,io api cli", ranks, " ")
    for (r in ranks) { n = split(ranks[r], names, ","); for (i = 1; i <= n; i++) rank[names[i]] = r }
    for (folder in rank) rank[folder] += 0
  }
  function wrong(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0; failures++ }

  FNR == 1 {
    n = split(FILENAME, part, "/")
    folder = part[1] == "include" ? "sngp" : part[2]
    if (part[1] == "src" && (n != 3 || !(folder in rank)))
      wrong("not in a module folder, src/<module>/<file>")
  }

  /^[ \t]*#[ \t]*include/ {
    line = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
    quoted = line ~ /^"/
    match(line, /^["<][^">]*/)
    header = substr(line, 2, RLENGTH - 1)
    target = header
    sub(/\/.*/, "", target)

    if (header ~ /(^|\/)(cblas|lapacke|lapack|openblas_config)[^\/]*\.h$/ && folder != "linalg")
      wrong("BLAS and LAPACK are for src/linalg only")
    if (!quoted) {
      if (target in rank || target == "sngp") wrong("own headers are included in quotes")
      next
    }
    if (header !~ /\//) { wrong("includes are written \"folder/file.h\""); next }
    if (target == "sngp" || target == folder) next
    if (folder == "sngp") { wrong("a public header includes an internal one"); next }
    if (!(target in rank)) { wrong("no such module"); next }
    if (folder == "cli") { wrong("the program uses public headers only"); next }
    if (folder == "io" && target == "train") next
    if (rank[target] > rank[folder]) wrong("upward: " folder " must not depend on " target)
    if (rank[target] == rank[folder]) wrong("sideways: " folder " must not depend on " target)
  }
  END { exit failures > 0 }
' $files
