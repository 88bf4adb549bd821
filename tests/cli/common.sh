# Sourced by the scripts here; they are called with: PROGRAM SCRATCH_FOLDER FIXTURES_FOLDER.
set -u
program=$1
scratch=$2
failures=0
# No option of the environment may colour what is tested.
unset LC_ALL LANG LC_NUMERIC || true

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit 99

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# run STATUS ARGUMENT...: runs the program; its output goes to the files stdout and stderr.
run() {
  expected=$1
  shift
  "$program" "$@" >stdout 2>stderr </dev/null
  status=$?
  if [ "$status" -ne "$expected" ]; then
    fail "sngp $*: exit status $status in place of $expected"
    sed 's/^/  | /' stdout stderr >&2
  fi
}

# says FILE WORDS: the words stand in the file.
says() {
  if ! grep -qF -e "$2" "$1"; then
    fail "'$2' is not in $1:"
    sed 's/^/  | /' "$1" >&2
  fi
}

empty() { [ ! -s "$1" ] || { fail "$1 is not empty:"; sed 's/^/  | /' "$1" >&2; }; }
absent() { [ ! -e "$1" ] || fail "$1 exists"; }
present() { [ -s "$1" ] || fail "$1 is missing or empty"; }
same() { cmp -s "$1" "$2" || { fail "$1 and $2 differ:"; diff "$1" "$2" | head -5 >&2; }; }

# failing WORDS ARGUMENT...: status 1, "sngp: " and the words on standard error, nothing on standard
# output.
failing() {
  words=$1
  shift
  run 1 "$@"
  grep -q "^sngp: " stderr || fail "sngp $*: no 'sngp: ' on standard error"
  says stderr "$words"
  empty stdout
}

finish() {
  [ "$failures" -eq 0 ] || echo "$failures failed" >&2
  [ "$failures" -eq 0 ]
  exit
}

# Three groups of points on a line through the plane, apart by 4, as CSV without a header:
# x, y, label; labels are the arguments.
three_groups() {
  awk -v names="$1 $2 $3" 'BEGIN {
    split(names, name, " ")
    for (i = 0; i < 60; i++) {
      class = i % 3
      printf "%.3f,%.3f,%s\n", 4 * class + (i * 7 % 10) / 10, (i * 3 % 10) / 10 - class, name[class + 1]
    }
  }'
}

# Options that train in no time.
small_network="--num-layers 1 --num-hidden 8 --threads 1"
small="$small_network --num-features 16"
quick="$small --epochs 5"
