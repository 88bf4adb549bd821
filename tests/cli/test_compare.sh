# The comparison of methods: its files with and without gnuplot, its inputs, and what it says when
# something is wrong.
. "$(dirname "$0")/common.sh"

# shellcheck disable=SC2086
three_groups 0 1 2 >rows.csv
awk -F, '{print $1 + 40 "," $2 - 40}' rows.csv >far.csv
brief="$small --epochs 2 --seeds 2 --members 2"
data="rejection.dat rejection.gp reliability.dat reliability.gp"
hold() {
  found=$(cd "$1" && echo $(ls -A))
  [ "$found" = "$2" ] || fail "$1 holds '$found' in place of '$2'"
}

# No gnuplot on the path.
old_path=$PATH
mkdir bin
for tool in grep sed; do ln -s "$(command -v $tool)" bin/; done
PATH=$scratch/bin
# shellcheck disable=SC2086
run 0 compare --data rows.csv --out without $brief
empty stderr
says stdout "Seed 0: training the deterministic network"
says stdout "Seed 1: training the SNGP ensemble"
says stdout "without/results.json"
says stdout "gnuplot is not installed"
# shellcheck disable=SC2086
run 0 compare --data rows.csv --ood-data far.csv --out quiet $brief --methods sngp,mc-dropout --quiet
empty stdout
empty stderr
PATH=$old_path
hold without "$data results.json"
hold quiet "$data results.json roc.dat roc.gp"

# The table has a line for each method, in the order of --methods, and as many columns in each.

# shellcheck disable=SC2086
run 0 compare --data rows.csv --ood-data far.csv --out table $brief --methods gp,sngp,deterministic
[ "$(sed -n '/^Method /,/^$/p' stdout | cut -d' ' -f1 | tr '\n' ' ')" = "Method gp sngp deterministic  " ] ||
  fail "the table: $(sed -n '/^Method /,/^$/p' stdout)"
says stdout "auroc variance"

# A gnuplot that fails leaves the results, the data, the scripts, and says which.
printf '#!/bin/sh\necho complaint >&2\nexit 3\n' >bin/gnuplot
chmod +x bin/gnuplot
PATH=$scratch/bin:$old_path
# shellcheck disable=SC2086
run 1 compare --data rows.csv --out failing $brief --methods sngp --json
says stderr "sngp: gnuplot could not draw failing/reliability.png (exit status 3)"
empty stdout
hold failing "$data results.json"
PATH=$old_path

# The real one, where there is one.
if command -v gnuplot >/dev/null; then
  # shellcheck disable=SC2086
  run 0 compare --data rows.csv --ood-data far.csv --out real $brief --quiet
  empty stderr
  for picture in reliability rejection roc; do
    [ "$(head -c 4 real/$picture.png | tail -c 3)" = PNG ] || fail "$picture.png is no PNG"
  done
  # One score and one panel where no method has a variance; no curve without rows to notice.
  # shellcheck disable=SC2086
  run 0 compare --data rows.csv --ood-data far.csv --out dense $brief --methods ensemble --quiet
  empty stderr
  [ -z "$(grep -l variance dense/roc.gp)" ] || fail "a panel of variances that there are not"
fi

# Test rows of their own are all tested on, and nothing is split off for them.
# shellcheck disable=SC2086
run 0 compare --data rows.csv --test-data rows.csv --out given $brief --methods sngp --json
says stdout '"test": null'
says stdout '"test": 60'
says stdout '"training": 54'
says stdout '"held_out": 6'

# IDX and NPY: 24 images of 1 x 2 pixels, and an array of as many rows.
printf '\000\000\010\003\000\000\000\030\000\000\000\001\000\000\000\002' >images
printf '\000\000\010\001\000\000\000\030' >labels
npy_header() { # TYPE SHAPE
  printf '\223NUMPY\001\000v\000'
  printf '%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
}
npy_header '|u1' '(24, 2)' >x.npy
npy_header '|u1' '(24,)' >y.npy
i=0
while [ $i -lt 24 ]; do
  pixels=$(printf '\\%03o\\%03o' $((i % 2 * 200 + i)) $((i * 3)))
  label=$(printf '\\%03o' $((i % 2)))
  # shellcheck disable=SC2059
  { printf "$pixels" >>images; printf "$label" >>labels; printf "$pixels" >>x.npy; printf "$label" >>y.npy; }
  i=$((i + 1))
done
# shellcheck disable=SC2086
run 0 compare --idx images labels --test-idx images labels --ood-idx images --out idx $brief --quiet
# shellcheck disable=SC2086
run 0 compare --npy x.npy y.npy --test-npy x.npy y.npy --ood-npy x.npy --out npy $brief --quiet

# Wrong usage.
wrong() {
  words=$1
  shift
  run 2 "$@"
  says stderr "$words"
  says stderr "--help"
  empty stdout
}
wrong "unknown method 'sgnp'; did you mean sngp?" compare --data a --out d --methods deterministic,sgnp
wrong "unknown method 'mc'; did you mean mc-dropout?" compare --data a --out d --methods mc
wrong "unknown method ''" compare --data a --out d --methods sngp,
wrong "--methods: sngp is given twice" compare --data a --out d --methods sngp,gp,sngp
wrong "--out is missing" compare --data a
wrong "no input" compare --out d --ood-data b
wrong "only one of --test-data, --test-idx, --test-npy" \
  compare --data a --test-data b --test-npy c d --out e
wrong "--test-idx needs two values" compare --data a --test-idx b --out e
wrong "--test is for comparisons without test rows of their own" \
  compare --data a --test-data b --test 0.3 --out e
wrong "--validation: 1 is not between 0 and 1" compare --data a --out d --validation 1
wrong "--seeds: 0 is out of range" compare --data a --out d --seeds 0
wrong "--members: 5000 is out of range" compare --data a --out d --members 5000
wrong "unknown option --patience" compare --data a --out d --patience 3

# What cannot be done: nothing is written, not even the folder.
failing() {
  words=$1
  shift
  run 1 "$@"
  grep -q "^sngp: " stderr || fail "sngp $*: no 'sngp: ' on standard error"
  says stderr "$words"
}
echo >file
failing "cannot write into file: it is not a directory" compare --data rows.csv --out file
failing "nowhere/below" compare --data rows.csv --out nowhere/below
failing "nowhere.csv" compare --data nowhere.csv --out new
printf '1,2,0\n3,4,0\n' >one.csv
failing "two classes or more, but all labels are 0" compare --data one.csv --out new
printf '1,2,7\n' >seven.csv
failing "7" compare --data rows.csv --test-data seven.csv --out new
printf '1\n2\n' >narrow.csv
failing "narrow.csv" compare --data rows.csv --ood-data narrow.csv --out new
failing "--test: " compare --data rows.csv --out new --test 0.001
failing "--validation: " compare --data rows.csv --out new --validation 0.001
failing "--batch-size 44 is more than the 43 training rows" compare --data rows.csv --out new --batch-size 44
# shellcheck disable=SC2086
failing "failed while training the deterministic network of seed 0, after 0 of 4 evaluations" \
  compare --data rows.csv --out new $brief --methods deterministic,sngp --learning-rate 1e30
# Without out-of-domain rows the ROC curves of an earlier comparison do not stay.
# shellcheck disable=SC2086
run 0 compare --data rows.csv --out quiet $brief --methods deterministic --quiet
absent quiet/roc.dat
absent quiet/roc.gp
absent quiet/roc.png
present quiet/rejection.dat
absent new
absent nowhere
finish
