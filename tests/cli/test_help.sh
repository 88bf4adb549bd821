# --help works for the program and for each command, whatever else stands on the line, and fits
# into 92 columns; --version names the version.
. "$(dirname "$0")/common.sh"

run 0 --help
empty stderr
for command in train calibrate predict evaluate info import compare demo; do says stdout "  $command  "; done
for command in train calibrate predict evaluate info import compare demo; do
  run 0 "$command" --help
  empty stderr
  says stdout "Usage: sngp $command"
  says stdout "Examples"
  long=$(awk 'length($0) > 92' stdout)
  [ -z "$long" ] || fail "$command --help: a line is too long: $long"
  run 0 "$command" --nonsense --help
  says stdout "Usage: sngp $command"
done

# Each documented option is in the help of its command.
documents() {
  command=$1
  shift
  run 0 "$command" --help
  for option in "$@"; do says stdout "  --$option"; done
}
documents train data label target num-targets task likelihood backbone kernel kernel-scale kernel-scaling \
  posterior solver selection tolerance header idx npy out preset method epochs batch-size learning-rate seed \
  num-layers num-hidden num-features spectral-bound ridge loss focal-gamma class-weights validation no-calibration members member-method patience threads quiet json
prediction="method samples joint passes seed mean-field-factor temperature threads coverage
  calibration-data calibration-idx calibration-npy"
# shellcheck disable=SC2086
documents predict data label target header idx npy out $prediction
# shellcheck disable=SC2086
documents evaluate data label target header idx npy ood-data ood-idx ood-npy json $prediction
documents calibrate data label header idx npy out method samples joint passes seed threads ridge json quiet
documents info json
documents import map layout ignore-unused set preset rows ridge-in-precision out json quiet
documents compare data label header idx npy test-data test-idx test-npy ood-data ood-idx ood-npy out \
  methods seeds seed test validation members passes samples preset num-layers num-hidden \
  num-features spectral-bound ridge epochs batch-size learning-rate loss focal-gamma class-weights \
  threads quiet json
documents demo seed out threads epochs json quiet

# What the columns of the predictions and the panels of the picture are.
run 0 predict --help
says stdout "probability_k is that of the k-th class"
says stdout "uncertainty is 1 - the largest probability"
says stdout "joined by ';'"
run 0 demo --help
says stdout "uncertainty 4 p (1 - p)"

run 0 --version
says stdout "sngp 0."
finish
