# Wrong usage ends with status 2, words on standard error that name the cause and say where help
# is, and nothing on standard output.
. "$(dirname "$0")/common.sh"

# wrong WORDS ARGUMENT...
wrong() {
  words=$1
  shift
  run 2 "$@"
  says stderr "$words"
  says stderr "--help"
  empty stdout
}

run 2
says stderr "Usage: sngp"
empty stdout

wrong "unknown command 'trian'; did you mean train?" trian
wrong "unknown option '--verbose'" --verbose
for command in "train" "predict m" "evaluate m" "info m" "import s" "compare" "demo two-moons"; do
  # shellcheck disable=SC2086
  wrong "unknown option --nonsense" $command --nonsense 1
  # shellcheck disable=SC2086
  wrong "unknown option -x" $command -x
done

wrong "unknown option --epoch; did you mean --epochs?" train --epoch 3
wrong "unknown option --epo; did you mean --epochs?" train --epo 1
wrong "unknown command 'pre'; did you mean predict?" pre
wrong "no input" train --out m
wrong "--out is missing" train --data a.csv
wrong "only one of --data, --idx, --npy" train --data a.csv --npy x y --out m
wrong "--label is for CSV files" train --npy x y --label a --out m
wrong "--header is for CSV files" predict m --idx images --header no
wrong "--label is for CSV files" evaluate m --idx images labels --label a --ood-npy x
wrong "--idx needs two values: IMAGES LABELS" train --idx images --out m
wrong "--npy needs two values: X Y" train --npy x --out m
wrong "--epochs: 'ten' is not a whole number" train --data a --out m --epochs ten
wrong "--epochs: '1.5' is not a whole number" train --data a --out m --epochs 1.5
wrong "--epochs: '0x10' is not a whole number" train --data a --out m --epochs 0x10
wrong "--epochs: 0 is out of range: it must be from 1 to" train --data a --out m --epochs 0
wrong "--epochs: 99999999999999999999 is out of range: it must be from 1 to" \
  train --data a --out m --epochs 99999999999999999999
wrong "--epochs: 16777217 is out of range: it must be from 1 to 16777216" \
  demo two-moons --epochs 16777217
wrong "--seed: -1 is out of range: it must be from 0 to" train --data a --out m --seed -1
wrong "--seed: 99999999999999999999 is out of range: it must be from 0 to 9223372036854775807" \
  train --data a --out m --seed 99999999999999999999
wrong "--learning-rate: 1e999 is out of range" train --data a --out m --learning-rate 1e999
wrong "--threads: 0 is out of range: it must be from 1 to" train --data a --out m --threads=0
wrong "--learning-rate: '0,1' is not a number" train --data a --out m --learning-rate 0,1
wrong "--learning-rate: 'nan' is not a number" train --data a --out m --learning-rate nan
wrong "--learning-rate: 0 is not greater than 0" train --data a --out m --learning-rate 0
wrong "--spectral-bound: -0.1 is not 0 or more" train --data a --out m --spectral-bound=-0.1
wrong "--validation: 1 is not between 0 and 1" train --data a --out m --validation 1
wrong "--patience needs --validation" train --data a --out m --patience 3
wrong "--header: 'maybe' is not one of: no, yes" train --data a --out m --header maybe
wrong "--method: 'map' is not one of: sngp, deterministic, ensemble" train --data a --out m --method map
wrong "--preset: 'best' is not one of: default, tutorial, model-garden, edward2, edward2-jax" train --data a --out m --preset best
wrong "--quiet takes no value" train --data a --out m --quiet=yes
wrong "--out needs a value" train --data a --out --quiet
wrong "--out: empty value" train --data a --out=
wrong "--out: empty value" train --data a --out ''
wrong "--out: empty value" predict m --data a --out ''
wrong "--out: empty value" demo two-moons --out ''
wrong "MODEL is empty" info ''
wrong "--num-features has no effect with --method deterministic" \
  train --data a --out m --method deterministic --num-features 20
wrong "--num-features has no effect with --member-method deterministic" \
  train --data a --out m --method ensemble --num-features 20
wrong "--members has no effect without --method ensemble" train --data a --out m --members 3
wrong "--member-method has no effect without --method ensemble" \
  train --data a --out m --member-method sngp
wrong "--member-method: 'ensemble' is not one of: sngp, deterministic" \
  train --data a --out m --method ensemble --member-method ensemble
wrong "--members: 0 is out of range: it must be from 1 to 4096" \
  train --data a --out m --method ensemble --members 0
wrong "--no-calibration has no effect without --validation" \
  train --data a --out m --no-calibration
wrong "--ridge has no effect with --method deterministic" \
  train --data a --out m --method deterministic --ridge 2
wrong "--ridge: 0 is not greater than 0" train --data a --out m --ridge 0
wrong "--focal-gamma has no effect without --loss focal" \
  train --data a --out m --focal-gamma 2
wrong "--focal-gamma: -1 is not 0 or more" train --data a --out m --loss focal --focal-gamma -1
wrong "--loss: 'hinge' is not one of: cross-entropy, focal" train --data a --out m --loss hinge
wrong "--class-weights: 'equal' is not one of: none, balanced" \
  train --data a --out m --class-weights equal
wrong "--seed is given twice" train --data a --out m --seed 1 --seed 2
wrong "unexpected argument 'extra'" train extra --data a --out m
wrong "MODEL is missing" predict --data a.csv
wrong "unexpected argument 'extra'" predict m extra --data a
wrong "--method: 'sngp' is not one of: mean-field, map, monte-carlo, mc-dropout" \
  predict m --data a --method sngp
wrong "--task: 'ranking' is not one of: classification, regression, counts, multi-label" \
  train --data a --out m --task ranking
wrong "--likelihood softmax does not go with --task regression" \
  train --data a --out m --task regression --likelihood softmax
wrong "--likelihood gaussian does not go with --task counts" \
  train --data a --out m --task counts --likelihood gaussian
wrong "--target has no effect with --task classification" train --data a --out m --target y
wrong "--num-targets has no effect with --task classification" train --data a --out m --num-targets 2
wrong "--label has no effect with --task regression: --target names its columns" \
  train --data a --out m --task regression --label y
wrong "--idx has labels, and --task counts needs targets" train --idx a b --out m --task counts
wrong "--target is for CSV files" train --npy a b --out m --task regression --target y
wrong "--num-targets is for CSV files" train --npy a b --out m --task regression --num-targets 2
wrong "give only one of --target, --num-targets" \
  train --data a --out m --task regression --target y --num-targets 2
wrong "--loss has no effect without --task classification" \
  train --data a --out m --task multi-label --loss focal
wrong "--class-weights has no effect without --task classification" \
  train --data a --out m --task regression --class-weights balanced
wrong "--no-calibration has no effect without --task classification" \
  train --data a --out m --task regression --validation 0.2 --no-calibration
# A head without a backbone: what has no network has no layers, and a direct fit no steps.
bare() {
  words=$1
  shift
  wrong "$words" train --data a --out m --backbone none "$@"
}
for option in num-layers num-hidden spectral-bound; do
  bare "--$option has no effect with --backbone none" --$option 1
done
for option in epochs batch-size learning-rate patience; do
  bare "--$option has no effect with a direct fit: it is for --solver gradient" --$option 1
done
bare "--loss has no effect with a direct fit" --loss focal
bare "--class-weights has no effect with a direct fit" --class-weights balanced
bare "--ridge has no effect with a selection of the ridge: --selection none keeps it" --ridge 2
bare "--tolerance has no effect in closed form" --task regression --tolerance 1e-6
bare "--tolerance has no effect in closed form" --solver closed-form --tolerance 1e-6
bare "--num-features has no effect with --kernel linear" --kernel linear --num-features 20
bare "--solver closed-form takes a regression, or classes with --likelihood gaussian" \
  --solver closed-form --likelihood softmax
bare "--solver closed-form takes a regression" --solver closed-form --task counts
bare "--solver newton takes classes with --likelihood binary-logistic only" --solver newton
bare "--solver lbfgs takes no regression: closed-form is exact" --solver lbfgs --task regression
bare "--solver majorised takes no counts" --solver majorised --task counts
bare "this --selection needs --task regression" --selection evidence
bare "this --selection needs --solver closed-form" --selection leave-one-out
bare "this --selection does not go with a closed form" --task regression --selection cross-validation
bare "--solver lbfgs needs a Gaussian process: --method sngp" --method deterministic --solver lbfgs
bare "--solver lbfgs needs a Gaussian process: --method sngp, or --member-method sngp" \
  --method ensemble --solver lbfgs
bare "--selection has no effect without --backbone none, or with --solver gradient" \
  --solver gradient --selection none
bare "--kernel: 'cosine' is not one of: rbf, matern-32, matern-52, arc-cosine, linear" --kernel cosine
bare "--kernel-scale: 0 is not greater than 0" --kernel-scale 0
bare "--solver: 'adam' is not one of: automatic, closed-form, newton, majorised, lbfgs, gradient" \
  --solver adam
wrong "--solver lbfgs needs --backbone none" train --data a --out m --solver lbfgs
wrong "--selection has no effect without --backbone none" train --data a --out m --selection none
wrong "--kernel has no effect with --method deterministic" \
  train --data a --out m --method deterministic --kernel rbf
wrong "--posterior has no effect with --member-method deterministic" \
  train --data a --out m --method ensemble --posterior shared
wrong "unknown option --task" compare --data a --out d --task regression
# An option that changes nothing is a misunderstanding.
for command in "predict m --data a" "evaluate m --data a"; do
  # in_vain METHOD OPTION...
  in_vain() {
    method=$1
    shift
    # shellcheck disable=SC2086
    wrong "$1 has no effect with --method $method" $command --method "$method" "$@"
  }
  in_vain mean-field --passes 3
  in_vain mean-field --samples 3
  in_vain mean-field --seed 3
  in_vain mean-field --joint
  in_vain map --passes 3
  in_vain map --samples 3
  in_vain map --seed 3
  in_vain map --joint
  in_vain map --mean-field-factor 3
  in_vain monte-carlo --passes 3
  in_vain monte-carlo --mean-field-factor 3
  in_vain mc-dropout --samples 3
  in_vain mc-dropout --joint
  # shellcheck disable=SC2086
  wrong "--passes has no effect with --method mean-field" $command --passes 3
  # shellcheck disable=SC2086
  wrong "--coverage needs calibration rows" $command --coverage 0.9
  # shellcheck disable=SC2086
  wrong "calibration rows need --coverage" $command --calibration-data b
  # shellcheck disable=SC2086
  wrong "--coverage: 1 is not between 0 and 1" $command --calibration-data b --coverage 1
  # shellcheck disable=SC2086
  wrong "only one of --calibration-data, --calibration-idx, --calibration-npy" \
    $command --calibration-data b --calibration-npy x y --coverage 0.9
  # shellcheck disable=SC2086
  wrong "--calibration-npy needs two values: X Y" $command --calibration-npy x --coverage 0.9
  # shellcheck disable=SC2086
  wrong "--temperature: 0 is not greater than 0" $command --temperature 0
  # shellcheck disable=SC2086
  wrong "--passes: 0 is out of range" $command --method mc-dropout --passes 0
  # shellcheck disable=SC2086
  wrong "--joint takes no value" $command --method monte-carlo --joint=yes
done
wrong "only one of --ood-data, --ood-idx, --ood-npy" evaluate m --data a --ood-data b --ood-npy c
wrong "no input" evaluate m --ood-data b
wrong "MODEL is missing" info
wrong "STATE is missing" import --out m
wrong "--out is missing" import state.npz
wrong "--map: 'a' is not of the form NAME=VALUE" import state.npz --out m --map b=c --map a
wrong "--set: 'ridge=' is not of the form NAME=VALUE" import state.npz --out m --set ridge=
wrong "--set: '=1' is not of the form NAME=VALUE" import state.npz --out m --set =1
wrong "--set needs a value: KEY=VALUE" import state.npz --out m --set --quiet
wrong "--layout: 'rows' is not one of: automatic, keras, torch" import s --out m --layout rows
wrong "--preset: 'default' is not one of: tutorial, model-garden" import s --out m --preset default
wrong "--rows: -1 is out of range" import state.npz --out m --rows -1
wrong "--out is given twice" import state.npz --out m --out n
# shellcheck disable=SC2046
wrong "--set is given more than 256 times" import state.npz --out m $(seq -f '--set seed=%.0f' 257)
wrong "two-moons" demo
wrong "unknown demonstration 'three-moons'" demo three-moons
# Nothing of all this made a file.
rm -f stdout stderr
[ -z "$(ls -A)" ] || fail "files were made: $(ls -A)"
finish
