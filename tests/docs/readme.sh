#!/bin/sh
# The README as a new user follows it, with an installed library: the C program is the one in
# examples/, every command of a console block succeeds, and prints what the README shows, numbers and
# predicted classes and sets aside; one line "..." stands for any lines.
# usage: readme.sh ROOT PREFIX SCRATCH LIBDIR
set -eu

root=$1 prefix=$2 scratch=$3 libdir=$4
rm -rf "$scratch"
mkdir -p "$scratch"
ln -s "$root/examples" "$scratch/examples"
cd "$scratch"
export PATH="$prefix/bin:$PATH" PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
export LD_LIBRARY_PATH="$prefix/$libdir"

awk -v language=c -f "$root/tests/docs/blocks.awk" "$root/README.md" > quickstart.c
diff "$root/examples/quickstart.c" quickstart.c

masked() {
  sed -E 's/[0-9][-+0-9.,e]*/#/g; s/,(setosa|versicolor|virginica),/,CLASS,/; s/ +/ /g; s/ $//
    s/#(setosa|versicolor|virginica)(;[a-z]+)*$/#SET/'
}

awk -v language=console -f "$root/tests/docs/blocks.awk" "$root/README.md" > console
grep -q '^\$ ' console
sed -n 's/^\$ //p' console > commands
n=0
while IFS= read -r command <&3; do
  n=$((n + 1))
  echo "\$ $command"
  sh -euc "$command" > output < /dev/null || { echo "failed"; exit 1; }
  awk -v n=$n '/^\$ / { count++; next } count == n' console | masked > expected
  masked < output > actual
  awk '
    NR == FNR { expected[++lines] = $0; next }
    { actual[++printed] = $0 }
    END {
      j = 1
      for (i = 1; i <= lines; i++) {
        if (expected[i] == "...") { # what comes after it is the end
          j = printed - (lines - i) + 1
        } else if (actual[j++] != expected[i]) {
          printf "README: %s\nprinted: %s\n", expected[i], actual[j - 1]
          exit 1
        }
      }
      if (j <= printed) { printf "not in the README: %s\n", actual[j]; exit 1 }
    }' expected actual
done 3< commands
