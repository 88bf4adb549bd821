# Tasks beside classification: which columns are targets, what predictions and reports say, and what
# does not go together.
. "$(dirname "$0")/common.sh"

# x, y, a sum, a number of events, and two labels.
awk 'BEGIN {
  print "x,y,sum,events,left,low"
  for (i = 0; i < 80; i++) {
    x = i * 7 % 20 / 10 - 1; y = i * 11 % 30 / 15 - 1
    printf "%.3f,%.3f,%.3f,%d,%d,%d\n", x, y, 100 * (x + y) + i % 3, 2 + i % 4, x < 0, y < 0
  }
}' >all.csv
cut -d, -f1-3 all.csv >sum.csv
awk -F, '{print $3 "," $2 "," $1}' sum.csv >turned.csv
tail -n +2 sum.csv >bare.csv
cut -d, -f1,2 sum.csv >inputs.csv
cut -d, -f1,2,4 all.csv >events.csv
cut -d, -f1,2,5,6 all.csv >labels.csv

# header FILE WORDS: the first line of a file.
header() {
  head -n 1 "$1" >first_line
  echo "$2" >expected
  same first_line expected
}
# shellcheck disable=SC2086
train() {
  name=$1
  shift
  run 0 train --out "$name" $small --epochs 20 --learning-rate 0.01 "$@"
}

# A regression: the last column, one that is named, or the last ones; the order of columns does not
# matter to a trained model, nor a missing header.
train sum --task regression --data sum.csv --validation 0.25
says stdout "2 columns, target sum"
says stdout "Task        regression"
says stdout "Noise       standard deviation "
says stdout "Held out    RMSE "
if grep -q accuracy stdout; then fail "a regression has an accuracy"; fi
train named --task regression --data turned.csv --target sum --quiet
train numbered --task regression --data turned.csv --target 0 --quiet
same named numbered
run 0 predict sum --data sum.csv --out p.csv
header p.csv "row,mean,variance"
[ "$(wc -l <p.csv)" -eq 81 ] || fail "not one line a row"
for file in turned.csv bare.csv inputs.csv; do
  run 0 predict sum --data $file
  same stdout p.csv
done
awk -F, 'NR == 1 {print $1 "," $2 ",what"} NR > 1 {print $1 "," $2 ",?"}' sum.csv >words.csv
run 0 predict sum --data words.csv --target what
same stdout p.csv

# The errors are those of what is predicted, in the target's units.
run 0 evaluate sum --data turned.csv --json
rmse=$(awk -F'[:,]' '/"rmse"/ { printf "%.4f", $2 }' stdout)
expected=$(paste -d, p.csv sum.csv | awk -F, 'NR > 1 { s += ($2 - $6) ^ 2 } END { printf "%.4f", sqrt(s / (NR - 1)) }')
[ "$rmse" = "$expected" ] || fail "the error is $rmse in place of $expected"
run 0 evaluate sum --data bare.csv --ood-data inputs.csv
says stdout "coverage of the 95% interval"
says stdout "Out-of-domain rows                        80"
run 0 info sum
says stdout "  task                    regression"
says stdout "  target names            sum"
says stdout "  noise variance          "

# Several targets have their names, or numbers where the file has none.
train two --task regression --data all.csv --target events --target sum --quiet
run 0 predict two --data all.csv
header stdout "row,mean_events,variance_events,mean_sum,variance_sum"
run 0 evaluate two --data all.csv
says stdout "Target  "
tail -n +2 all.csv | cut -d, -f1-4 >nameless.csv
train pair --task regression --data nameless.csv --num-targets 2 --quiet
run 0 predict pair --data inputs.csv
header stdout "row,mean_0,variance_0,mean_1,variance_1"
run 0 evaluate pair --data nameless.csv
# A name with a comma stays one field.
{ echo 'x,y,"a,b",c'; cat nameless.csv; } >comma.csv
train comma --task regression --data comma.csv --num-targets 2 --quiet
run 0 predict comma --data inputs.csv
header stdout 'row,"mean_a,b","variance_a,b",mean_c,variance_c'

# A dense head has the noise for a variance, the same for every row; rates of one have none.
# shellcheck disable=SC2086
dense() { run 0 train --out dense $small_network --epochs 5 --method deterministic --quiet "$@"; }
dense --task regression --data sum.csv
run 0 predict dense --data inputs.csv
[ "$(tail -n +2 stdout | cut -d, -f3 | sort -u | wc -l)" -eq 1 ] || fail "a noise that varies"
dense --task counts --data events.csv
run 0 predict dense --data inputs.csv
[ "$(grep -c '^[0-9]*,[0-9.]*,$' stdout)" -eq 80 ] || fail "variances of rates without a process"
run 0 evaluate dense --data events.csv --ood-data inputs.csv
says stdout "Out-of-domain rows "

# Counts are a regression by the Poisson likelihood, and their rates are not negative.
train counts --task counts --data events.csv --quiet
train poisson --task regression --likelihood poisson --data events.csv --quiet
same poisson counts
run 0 predict counts --data inputs.csv
header stdout "row,mean,variance"
if grep -q -- '-' stdout; then fail "a negative rate: $(grep -m 1 -- - stdout)"; fi
run 0 evaluate counts --data events.csv
says stdout "mean absolute error"
run 0 info counts
says stdout "  task                    counts"
says stdout "  likelihood              poisson"

# Labels that do not exclude each other.
train labels --task multi-label --data labels.csv --num-targets 2 --validation 0.25
says stdout "2 columns, 2 labels"
says stdout "  val accuracy "
says stdout "Held out    accuracy "
run 0 predict labels --data inputs.csv --method monte-carlo
header stdout "row,probability_left,probability_low,variance"
run 0 evaluate labels --data labels.csv --ood-data inputs.csv
says stdout "rows with all labels right"
says stdout "  left  "
run 0 info labels
says stdout "  label names             left, low"
train logistic --task multi-label --data labels.csv --num-targets 2 --likelihood binary-logistic --quiet
run 0 predict logistic --data inputs.csv
header stdout "row,probability_left,probability_low,variance_left,variance_low"

# Classes with a variance each, and two classes with one output.
three_groups 0 1 2 >groups.csv
train softmax --data groups.csv --likelihood softmax --quiet
run 0 predict softmax --data groups.csv
header stdout "row,class,probability_0,probability_1,probability_2,variance_0,variance_1,variance_2,uncertainty"
[ "$(tail -n +2 stdout | awk -F, 'NF == 9' | wc -l)" -eq 60 ] || fail "rows of another width"
run 0 evaluate softmax --data groups.csv --ood-data groups.csv
says stdout "  variance  "
grep -v ',2$' groups.csv >pairs.csv
train binary --data pairs.csv --likelihood binary-logistic --quiet
run 0 evaluate binary --data pairs.csv --json
says stdout '"accuracy": 1.0'

# NPY: 24 rows of two features; targets of one dimension, and of two.
npy() { # SHAPE BYTES
  printf '\223NUMPY\001\000v\000'
  printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': $1, }"
  i=0
  while [ $i -lt "$2" ]; do
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o' $((i * i * 7 % 64)))"
    i=$((i + 1))
  done
}
npy '(24, 2)' 48 >x.npy
npy '(24,)' 24 >one.npy
npy '(24, 3)' 72 >three.npy
train npy --task regression --npy x.npy three.npy --quiet
run 0 evaluate npy --npy x.npy three.npy --ood-npy x.npy --json
says stdout '"targets"'
run 0 predict npy --npy x.npy
header stdout "row,mean_0,variance_0,mean_1,variance_1,mean_2,variance_2"
run 1 evaluate npy --npy x.npy one.npy
says stderr "one.npy: the rows have 1 targets, but the model has 3"

# What is for classes alone is refused, before anything is written.
failing "calibration is for classification, and the task of this model is regression" \
  calibrate sum --data sum.csv --out x
failing "--coverage is for classification, and the task of this model is multi-label" \
  predict labels --data inputs.csv --coverage 0.9 --calibration-npy x.npy one.npy --out x
failing "--coverage is for classification" \
  evaluate sum --data sum.csv --coverage 0.9 --calibration-npy x.npy one.npy
failing "--temperature is for probabilities, and the task of this model is regression" \
  predict sum --data sum.csv --temperature 2
failing "--method monte-carlo is for probabilities, and the task of this model is counts" \
  evaluate counts --data events.csv --method monte-carlo
failing "--label is for classification, and the task of this model is regression" \
  predict sum --data sum.csv --label sum
failing "--target is for other tasks than classification" \
  evaluate softmax --data groups.csv --target 2
failing "--target names 2 columns, but the model has 1 target" \
  evaluate sum --data sum.csv --target sum --target x
failing "--idx has labels, and the task of this model, regression, needs targets" \
  evaluate sum --idx a b
failing "the file has the model's 2 features, but not its target sum" evaluate sum --data inputs.csv
cut -d, -f1,2,4,5 all.csv >no_labels.csv
failing "target 0 of row 0 is 2, but labels are 0 or 1" \
  evaluate labels --data no_labels.csv --target events --target left

# Rows that do not fit the task.
awk -F, -v OFS=, 'NR == 3 {$3 = -1} {print}' events.csv >negative.csv
failing "target 0 of row 1 is -1, but --task counts takes counts, 0 or more" \
  train --task counts --data negative.csv --out x
failing "but --task multi-label takes 0 or 1" train --task multi-label --data events.csv --out x
failing "words.csv" train --task regression --data words.csv --out x
failing "nosuch" train --task regression --data sum.csv --target nosuch --out x
failing "fewer than the 9 targets" train --task regression --data sum.csv --num-targets 9 --out x
failing "groups.csv" train --task regression --npy x.npy groups.csv --out x
absent x
finish
