# What sngp calibrate stores is what predictions then use, for the method it was asked to tune.
. "$(dirname "$0")/common.sh"

three_groups 0 1 2 >data.csv
# Rows of the same source, one in ten of which has another label: nobody can be sure of them.
awk -F, '{ if (NR % 10 == 0) $3 = ($3 + 1) % 3; print $1 "," $2 "," $3 }' data.csv >held.csv
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $small --epochs 30 --learning-rate 0.05 --quiet

# number KEY FILE: a number of the JSON document, to the digits that two ways of adding up share.
number() { awk -F'[:,]' -v key="\"$1\"" '$1 ~ key { printf "%.5f\n", $2; exit }' "$2"; }

# tuned NAME METHOD...: calibrates for a method, and evaluates by it before and after.
tuned() {
  name=$1
  shift
  run 0 calibrate model --data held.csv --out "$name" --json "$@"
  cp stdout report
  run 0 evaluate model --data held.csv --json "$@"
  [ "$(number nll stdout)" = "$(number nll_before report)" ] || fail "$*: nll_before"
  run 0 evaluate "$name" --data held.csv --json "$@"
  [ "$(number nll stdout)" = "$(number nll_after report)" ] || fail "$*: nll_after"
  [ "$(number nll_after report)" \< "$(number nll_before report)" ] || fail "$*: not better"
}
tuned tuned_field --method mean-field
tuned tuned_draws --method monte-carlo --samples 30 --seed 4
tuned tuned_dropout --method mc-dropout --passes 7
cmp -s tuned_field tuned_draws && fail "two methods have one temperature"

# An ensemble, in place; the ridge is said where it was tuned.
# shellcheck disable=SC2086
run 0 train --data data.csv --out members $small --epochs 5 --quiet --method ensemble --members 2 \
  --member-method sngp
cp members before
run 0 calibrate members --data held.csv --out members --ridge
says stdout "Calibrated  temperature"
says stdout "Ridge"
says stdout "Saved       members"
cmp -s members before && fail "the ensemble is as it was"
run 0 info members
says stdout "An ensemble of 2 models"

# What cannot be tuned leaves nothing.
echo "1,2,3" >unknown.csv
run 1 calibrate model --data unknown.csv --out failed
absent failed
run 1 calibrate missing --data held.csv --out failed
absent failed
run 1 calibrate model --data held.csv --out held.csv
says stderr "held.csv"
run 2 calibrate model --data held.csv
says stderr "--out is missing"
run 2 calibrate model --data held.csv --out failed --passes 3
says stderr "--passes has no effect with --method mean-field"
run 2 calibrate model --data held.csv --out failed --temperature 2
says stderr "--temperature"
absent failed

finish
