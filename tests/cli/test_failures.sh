# What cannot be done ends with status 1 and "sngp: ..." on standard error that names the place;
# no output is left, an older one is kept.
. "$(dirname "$0")/common.sh"

three_groups 0 1 2 >good.csv
# shellcheck disable=SC2086
run 0 train --data good.csv --out model $quick --quiet
empty stdout
empty stderr
present model

# Training: nothing is written.
failing "nowhere.csv" train --data nowhere.csv --out m
failing "missing/m" train --data good.csv --out missing/m
failing "it is a directory" train --data good.csv --out .
failing "not a regular file" train --data good.csv --out /dev/null
printf '1,2,0\n3,x,1\n' >text.csv
failing "text.csv" train --data text.csv --header no --out m
printf '1,2,0\n3,nan,1\n' >nan.csv
failing "nan.csv" train --data nan.csv --out m
printf '1,2,0\n3,4\n' >ragged.csv
failing "ragged.csv" train --data ragged.csv --out m
printf '1,2,0\n3,4,0\n' >one.csv
failing "two classes or more, but all labels are 0" train --data one.csv --out m
printf '1,2,oak\n3,4,oak\n' >oak.csv
failing "two classes or more, but all labels are oak" train --data oak.csv --out m
failing "--validation: " train --data good.csv --validation 0.001 --out m
: >empty.csv
failing "empty.csv" train --data empty.csv --out m
failing "target" train --data good.csv --label target --header no --out m
failing "good.csv" train --idx good.csv good.csv --out m
failing "good.csv" train --npy good.csv good.csv --out m
# What can be known before is said in place of a summary, not after it.
failing "--batch-size 61 is more than the 60 training rows" \
  train --data good.csv --batch-size 61 --out m
failing "--batch-size 31 is more than the 30 training rows" \
  train --data good.csv --validation 0.5 --batch-size 31 --out m
printf '1,2,0\n3,4,0\n5,6,0\n7,8,1\n' >lone.csv
failing "leaves training rows of one class only" \
  train --data lone.csv --validation 0.75 --out m
printf '1,\351,kind\n1,2,0\n3,4,1\n' >latin.csv
failing "is not valid UTF-8" \
  train --data latin.csv --header yes --out m
# shellcheck disable=SC2086
run 1 train --data good.csv $quick --learning-rate 1e30 --out m --quiet
says stderr "a smaller --learning-rate may help"
absent m

# An output that is one of the inputs, by any name, is refused before anything is read.
cp good.csv input.csv
ln input.csv hard.csv
ln -s input.csv soft.csv
cp model kept_model
for name in input.csv ./input.csv hard.csv soft.csv; do
  failing "would overwrite the input input.csv" train --data input.csv --out $name
  failing "would overwrite the input input.csv" predict model --data input.csv --out $name
  failing "would overwrite the input input.csv" predict model --idx none input.csv --out $name
  failing "would overwrite the input input.csv" predict model --data good.csv --out $name \
    --calibration-data input.csv --coverage 0.9
  failing "would overwrite the input input.csv" train --idx none input.csv --out $name
  failing "would overwrite the input input.csv" train --npy input.csv none --out $name
  failing "would overwrite the input input.csv" train --npy none input.csv --out $name
done
failing "would overwrite the input model" predict model --data input.csv --out ./model
same input.csv good.csv
same model kept_model

# A model that is none.
failing "good.csv" predict good.csv --data good.csv
failing "nowhere" info nowhere
failing "nowhere" evaluate nowhere --data good.csv
head -c 1000 model >half
failing "half" info half

# A model whose columns are not told apart, as other programs may write it.
printf 'qqaa,qqbb,kind\n1,2,0\n3,4,1\n' >pair.csv
# shellcheck disable=SC2086
run 0 train --data pair.csv --out pair $quick --quiet
LC_ALL=C sed 's/qqbb/qqaa/' pair >twin
failing 'twin: ' predict twin --data pair.csv
says stderr '"qqaa" twice'

# Data that do not fit the model.
printf '1\n2\n' >narrow.csv
failing "2" predict model --data narrow.csv --out p.csv
printf '1,2,7\n' >seven.csv
failing "7" evaluate model --data seven.csv
printf '1,inf\n' >infinite.csv
failing "infinite.csv" predict model --data infinite.csv --out p.csv
absent p.csv

# What needs a variance, asked of a model without one.
# shellcheck disable=SC2086
run 0 train --data good.csv --out dense --method deterministic $small_network --epochs 5 --quiet
for command in predict evaluate; do
  failing "--method monte-carlo needs a model with a variance, and this one is deterministic" \
    $command dense --data good.csv --method monte-carlo
  failing "--mean-field-factor needs a model with a variance, and this one is deterministic" \
    $command dense --data good.csv --mean-field-factor 1
done

# Calibration rows are read like test rows.
failing "narrow.csv" predict model --data good.csv --calibration-data narrow.csv --coverage 0.9
failing "seven.csv" evaluate model --data good.csv --calibration-data seven.csv --coverage 0.9

# A full disk, as output and as the place of the file.
if [ -w /dev/full ]; then
  full() {
    "$program" "$@" >/dev/full 2>stderr
    status=$?
    [ "$status" -eq 1 ] || fail "sngp $*: exit status $status on a full standard output"
    says stderr "sngp: cannot write to standard output"
  }
  full predict model --data good.csv
  full evaluate model --data good.csv --json
  full info model
  full --help
  failing "/dev/full" predict model --data good.csv --out /dev/full
fi

# An older file survives a failed run.
cp model kept
cp model before
failing "nan.csv" train --data nan.csv --out kept
same kept before
echo old >old.csv
cp old.csv before
failing "narrow.csv" predict model --data narrow.csv --out old.csv
same old.csv before

# So it does when there is no room for the new one: files of one block of 512 bytes at most.
(
  ulimit -f 1
  failing "cannot write old.csv" predict model --data good.csv --out old.csv
  # shellcheck disable=SC2086
  failing "kept" train --data good.csv $quick --out kept --quiet
  exit "$failures"
) || fail "files that are too long"
same old.csv before
cp model before
same kept before

# And no temporary file is left anywhere.
left=$(find . -name '*tmp*')
[ -z "$left" ] || fail "left behind: $left"
finish
