# What the options of a training change in the model, and what they leave.
. "$(dirname "$0")/common.sh"

# train NAME OPTION...: trains on data.csv.
train() {
  name=$1
  shift
  # shellcheck disable=SC2086
  run 0 train --data data.csv --out "$name" $small_network --epochs 5 --quiet "$@"
}
differ() { cmp -s "$1" "$2" && fail "$1 and $2 are the same"; }

three_groups 0 1 2 >data.csv
train plain --num-features 16

# A deterministic network has no spectral bound; the ablations of the SNGP paper: a bound without
# the process, the process without a bound.
train dense --method deterministic
run 0 info dense --json
says stdout '"head": "dense"'
says stdout '"spectral_norm_bound": 0.0'
train bounded --method deterministic --spectral-bound 0.9
run 0 info bounded --json
says stdout '"head": "dense"'
says stdout '"spectral_norm_bound": 0.9'
train unbounded --num-features 16 --spectral-bound 0
run 0 info unbounded --json
says stdout '"head": "gaussian_process"'
says stdout '"spectral_norm_bound": 0.0'

train ridged --num-features 16 --ridge 0.25
run 0 info ridged --json
says stdout '"ridge": 0.25'

# Focal loss with gamma 0 is the cross-entropy; with the default of 2 it is not.
train focal --num-features 16 --loss focal
train focal_two --num-features 16 --loss focal --focal-gamma 2
train focal_zero --num-features 16 --loss focal --focal-gamma 0
same focal focal_two
same focal_zero plain
differ focal plain

# Balanced weights are all 1 where every class has as many rows, and not where one is rare.
train balanced --num-features 16 --class-weights balanced
same balanced plain
grep -v ',2$' data.csv >common.csv
grep ',2$' data.csv | head -n 5 >rare.csv
cat common.csv rare.csv >data.csv
train rare --num-features 16
train rare_balanced --num-features 16 --class-weights balanced
differ rare_balanced rare
# An ensemble: a member a thread, whatever their number; the seed decides.
train ensemble --method ensemble --members 3
# shellcheck disable=SC2086
run 0 train --data data.csv --out again --num-layers 1 --num-hidden 8 --threads 3 --epochs 5 \
  --quiet --method ensemble --members 3
same again ensemble
train other --method ensemble --members 3 --seed 1
differ other ensemble
run 0 info ensemble
says stdout "An ensemble of 3 models"
says stdout "Members"
[ "$(sed -n '/^Members/,$p' stdout | wc -l)" -eq 4 ] || fail "not one line a member"
# Members are deterministic where nothing else is asked for, and one of them is a model.
train lone --method ensemble --members 1
run 0 info lone --json
says stdout '"head": "dense"'
run 0 predict lone --data data.csv --label 2 --out lone.csv
# A diverged member fails the whole.
# shellcheck disable=SC2086
run 1 train --data data.csv --out diverged $small_network --epochs 5 --quiet --method ensemble \
  --members 2 --learning-rate 1e30
says stderr "a smaller --learning-rate may help"
absent diverged
finish
