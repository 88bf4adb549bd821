# sngp import: a state of the reference tests becomes a model that predicts; what is wrong is named,
# and nothing is written then.
. "$(dirname "$0")/common.sh"
reference=$3/../reference/fixtures

run 0 import "$reference/imported_state.npz" --rows 1000 --set 'class_names=["left", "right"]' \
  --set ridge=1 --set seed=7 --out model.safetensors
empty stderr
says stdout "SNGP, 6,274 parameters (944 trainable)"
says stdout "Inputs      2"
says stdout "Backbone    3 blocks of 16 units"
says stdout "Saved       model.safetensors"
printf '0.5,0.25\n-1,1\n' > rows.csv
run 0 predict model.safetensors --data rows.csv --header no
says stdout "left"
run 0 info model.safetensors
says stdout "left, right"

# The same again gives the same bytes; quietly, and as JSON.
run 0 import "$reference/imported_state.npz" --rows=1000 --set 'class_names=["left", "right"]' \
  --set seed=7 --out again.safetensors --quiet
empty stdout
same model.safetensors again.safetensors
run 0 import "$reference/imported_state.npz" --map input.bias=input_layer/bias \
  --map=input.weight=input_layer.kernel --out mapped.safetensors --json
says stdout '"total": 6274'
says stdout '"out": "mapped.safetensors"'

# Texts need no quotes; numbers that are too small for the ridge in the matrix are told.
run 0 import "$reference/imported_state.npz" --set normalize_input=none --preset model-garden \
  --layout keras --out preset.safetensors --quiet
run 0 info preset.safetensors
says stdout "mean-field factor       1"
run 1 import "$reference/imported_state.npz" --ridge-in-precision 1000 --out absent.safetensors
says stderr "imported_state.npz: the precision matrix has"
run 1 import "$reference/spectral_norm.safetensors" --out absent.safetensors
says stderr "no array was found for"
run 1 import "$reference/imported_state.npz" --set task=nonsense --out absent.safetensors
says stderr 'config.task is "nonsense", which is not known'
run 1 import "$reference/imported_state.npz" --map input.bias=nothing --out absent.safetensors
says stderr "no array has the name nothing"
run 1 import model.safetensors --out absent.safetensors
says stderr "a model file already"
run 1 import no-such-file.npz --out absent.safetensors
says stderr "no-such-file.npz"
run 1 import "$reference/imported_state.npz" --out .
says stderr "it is a directory"
absent absent.safetensors

cp "$reference/imported_state.npz" state.npz
run 1 import state.npz --out state.npz
says stderr "would overwrite the input"
same state.npz "$reference/imported_state.npz"
finish
