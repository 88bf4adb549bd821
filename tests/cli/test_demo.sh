# The demonstration's files: with gnuplot, without it, and where it fails.
. "$(dirname "$0")/common.sh"

brief="--epochs 1 --threads 1"
data="two_moons.gp two_moons_points.dat two_moons_surface.dat"
hold() {
  found=$(cd "$1" && echo $(ls -A))
  [ "$found" = "$2" ] || fail "$1 holds '$found' in place of '$2'"
}

# Nothing of that name on the path: data and script, and words on how to go on.
old_path=$PATH
mkdir bin
for tool in grep sed; do ln -s "$(command -v $tool)" bin/; done
PATH=$scratch/bin
# shellcheck disable=SC2086
run 0 demo two-moons $brief --out without
says stdout "gnuplot is not installed"
says stdout "cd without && gnuplot two_moons.gp"
PATH=$old_path
hold without "$data"

# A gnuplot that fails half-way leaves no picture.
printf '#!/bin/sh\necho half >.two_moons.png.tmp\necho complaint >&2\nexit 3\n' >bin/gnuplot
chmod +x bin/gnuplot
PATH=$scratch/bin:$old_path
# shellcheck disable=SC2086
run 1 demo two-moons $brief --out failing --json
says stderr "sngp: gnuplot could not draw failing/two_moons.png (exit status 3)"
empty stdout
hold failing "$data"

# One that runs out of disk, and does not notice, neither.
printf '#!/bin/sh\necho half >.two_moons.png.tmp\n' >bin/gnuplot
run 1 demo two-moons --epochs 1 --threads 1 --out cut --quiet
says stderr "gnuplot could not write all of cut/two_moons.png"
absent cut/two_moons.png
absent cut/.two_moons.png.tmp

# One that works is called in the folder, and its picture put in place.
printf '#!/bin/sh\n[ -f "$3" ] && printf "IEND\\\\256B\\\\140\\\\202" >.two_moons.png.tmp\necho words\n' >bin/gnuplot
# shellcheck disable=SC2086
run 0 demo two-moons $brief --out working --json --seed 5
hold working "two_moons.gp two_moons.png $(echo $data | cut -d' ' -f2-)"
[ "$(tail -c 2 stdout)" = "}" ] || fail "something beside the document on standard output"
PATH=$old_path

# 500 points of each class and 500 of the blob; 100 lines of 100 points.
awk 'NF == 2 && $1 != "#" {n++} END {exit n != 1500}' working/two_moons_points.dat ||
  fail "not 1500 points"
awk 'NF == 6 && $1 != "#" {n++; if ($1 < -3.5 || $1 > 3.5 || $2 < -2.5 || $2 > 2.5) bad++
     for (i = 3; i <= 6; i++) if ($i < 0 || $i > 1) bad++
     if ($3 != $4) dropout++; if ($3 != $5) ensemble++; if ($3 != $6) sngp++}
     END {exit n != 10000 || bad > 0 || dropout * ensemble * sngp == 0}' \
  working/two_moons_surface.dat || fail "not 10000 probabilities of each method on the grid"

# The seed decides.
PATH=$scratch/bin:$old_path
# shellcheck disable=SC2086
run 0 demo two-moons $brief --out again --seed 5 --quiet
same again/two_moons_surface.dat working/two_moons_surface.dat
same again/two_moons_points.dat working/two_moons_points.dat
cmp -s without/two_moons_points.dat working/two_moons_points.dat && fail "two seeds, same points"
PATH=$old_path

# The real one, where there is one.
if command -v gnuplot >/dev/null; then
  # shellcheck disable=SC2086
  run 0 demo two-moons $brief --out real --quiet
  empty stderr
  [ "$(head -c 4 real/two_moons.png | tail -c 3)" = PNG ] || fail "no PNG"
fi

# A place that cannot be written to is found before training.
echo >file
run 1 demo two-moons --out file --epochs 1000000
says stderr "sngp: cannot write into file: it is not a directory"
run 1 demo two-moons --out nowhere/below --epochs 1000000
says stderr "nowhere/below"
absent nowhere
finish
