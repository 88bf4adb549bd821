# Heads without a backbone: fitted directly or by gradient steps; what the options change in them.
. "$(dirname "$0")/common.sh"

three_groups 0 1 2 >classes.csv
grep -v ',2$' classes.csv >pair.csv
awk -F, '{printf "%s,%s,%.3f\n", $1, $2, 10 * $1 - $2 * $2 + NR % 3}' classes.csv >sum.csv
awk -F, '{print $1 "," $2 "," ($3 > 0) "," (NR % 2)}' classes.csv >labels.csv
bare="--backbone none --threads 1"

# train NAME OPTION...
train() {
  name=$1
  shift
  # shellcheck disable=SC2086
  run 0 train --out "$name" $bare --num-features 32 "$@"
}
differ() { cmp -s "$1" "$2" && fail "$1 and $2 are the same"; }

# A regression: in closed form, by evidence, a length for each column; no epochs.
train sum --task regression --data sum.csv --validation 0.2
says stdout "Model       Gaussian process head, "
says stdout "Fitted      in closed form in "
says stdout "Chosen      by evidence: ridge "
says stdout "; log evidence "
says stdout "Noise       standard deviation "
says stdout "Held out    RMSE "
if grep -q epoch stdout; then fail "epochs of a direct fit"; fi
run 0 info sum --json
says stdout '"backbone": "none"'
says stdout '"normalize_input": "none"'
says stdout '"kernel_scaling": "ard"'
says stdout '"orthogonal_features": true'
says stdout '"solver": "closed_form"'
says stdout '"loss": null'
run 0 info sum
says stdout "  backbone                none"
says stdout "  orthogonal features     32"
says stdout "  solver                  closed form"
run 0 evaluate sum --data sum.csv --json
rmse=$(awk -F'[:,]' '/"rmse"/ { print ($2 < 2) }' stdout)
[ "$rmse" = 1 ] || fail "a smooth function is not learned: $(grep rmse stdout)"

# Classes: L-BFGS with cross-validation; in closed form; Newton's method of two of them. The
# probabilities are tuned by these, or by held-out rows.
train softmax --data classes.csv
says stdout "Fitted      by L-BFGS, "
says stdout "Chosen      by cross-validation: ridge "
says stdout "; held-out NLL "
run 0 evaluate softmax --data classes.csv --json
says stdout '"accuracy": 1.0'
train untuned --data classes.csv --no-calibration --quiet
differ untuned softmax
run 0 info untuned --json
says stdout '"temperature": 1.0'
train held_out --data classes.csv --validation 0.2
says stdout "Calibrated  temperature "
train closed --data classes.csv --solver closed-form --json
says stdout '"selection": "leave_one_out"'
says stdout '"temperature"'
train newton --data pair.csv --likelihood binary-logistic --solver newton
says stdout "Fitted      by Newton's method, "
train majorised --data classes.csv --solver majorised --selection none --tolerance 0.01
says stdout "Fitted      by majorised steps, "
says stdout "Chosen      given: ridge 1, "

# Counts and labels.
train counts --task counts --data classes.csv
says stdout "Fitted      by L-BFGS, "
run 0 evaluate counts --data classes.csv
train labels --task multi-label --num-targets 2 --data labels.csv --validation 0.2
says stdout "Held out    accuracy "

# The settings reach the model.
train set --task regression --data sum.csv --selection none --ridge 0.5 --kernel matern-32 \
  --kernel-scale 3 --kernel-scaling fixed --quiet
run 0 info set --json
says stdout '"ridge": 0.5'
says stdout '"kernel": "matern_32"'
says stdout '"kernel_scale": 3.0'
says stdout '"kernel_scaling": "fixed"'
says stdout '"num_random_features": 32'
train per_output --data classes.csv --likelihood softmax --posterior per-output --quiet
run 0 info per_output --json
says stdout '"posterior": "per_output"'
# shellcheck disable=SC2086
run 0 train --out linear $bare --task regression --data sum.csv --kernel linear
run 0 evaluate linear --data sum.csv

# By gradient steps, with the options of these; a dense head has no others.
train gradient --task regression --data sum.csv --solver gradient --epochs 5 --batch-size 20
says stdout "epoch 5/5"
says stdout "; kernel scale "
# shellcheck disable=SC2086
run 0 train --out dense $bare --data classes.csv --method deterministic --epochs 5
says stdout "Model       dense head, "

# Members of an ensemble differ in their random features, and each is fitted.
train members --task regression --data sum.csv --method ensemble --members 3 --member-method sngp
says stdout "Model       ensemble of 3, each Gaussian process head, "
says stdout "Chosen      by evidence, first head: ridge "
train members --task regression --data sum.csv --method ensemble --members 3 --member-method sngp --json
[ "$(grep -c '"fit"' stdout)" -eq 3 ] || fail "not one fit a member"
[ "$(grep '"log_evidence"' stdout | sort -u | wc -l)" -eq 3 ] || fail "members that do not differ"
run 0 info members
says stdout "An ensemble of 3 models"

# What cannot be fitted leaves nothing.
printf '1,2,0\n3,4,0\n' >one.csv
run 1 train --data one.csv --out none --backbone none
says stderr "two classes or more"
absent none
finish
