"""Runs tools/import_weights.py on TensorFlow's and on PyTorch's names and layouts.

    python check_import.py PROGRAM SCRATCH

PROGRAM is sngp. Exits with 77 where numpy or safetensors is not installed.
"""

import csv
import pathlib
import subprocess
import sys

try:
    import numpy as np
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    print(f"not run: {error}")
    sys.exit(77)

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE / "fixtures"
IMPORTER = HERE.parents[1] / "tools" / "import_weights.py"
PROGRAM, SCRATCH = sys.argv[1], pathlib.Path(sys.argv[2])
TOLERANCE = 1e-4


def run_importer(state, *options):
    out = SCRATCH / "model.safetensors"
    out.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, IMPORTER, state, "--out", out, *options],
                          capture_output=True, text=True)
    return (load_file(out) if done.returncode == 0 else None), done.stdout + done.stderr


def predict(rows):
    """The program's output for the model just imported, by column."""
    with open(SCRATCH / "rows.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows.tolist())
    subprocess.run([PROGRAM, "predict", SCRATCH / "model.safetensors", "--data",
                    SCRATCH / "rows.csv", "--header", "no", "--out", SCRATCH / "out.csv"],
                   check=True)
    with open(SCRATCH / "out.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    return {name: np.array([float(line[name]) for line in lines]) for name in lines[0]
            if name != "class"}


def tensorflow_state():
    """As the checkpoint has it: the model file is the fixture's, and the program predicts with it
    what TensorFlow predicted."""
    own, said = run_importer(FIXTURES / "imported_state.npz", "--rows", "1000")
    assert own is not None, said
    expected = load_file(FIXTURES / "imported_model.safetensors")
    assert own.keys() == expected.keys()
    for name, array in expected.items():
        assert own[name].dtype == array.dtype and own[name].shape == array.shape, name
        assert np.allclose(own[name], array, rtol=0, atol=1e-6), name  # LAPACKs differ
    found = predict(load_file(FIXTURES / "imported_predictions.safetensors")["points"])
    predictions = load_file(FIXTURES / "imported_predictions.safetensors")
    columns = [found[name] for name in found if name.startswith("probability_")]
    assert np.abs(np.stack(columns, axis=1) - predictions["probabilities"]).max() < TOLERANCE
    assert np.abs(found["variance"] - predictions["variance"]).max() < TOLERANCE


def torch_state():
    """The same network as PyTorch would have it, but for its spectral normalisation, which divides
    a raw weight by its largest singular value, with the input layer under a name of its own."""
    model = load_file(FIXTURES / "imported_model.safetensors")
    state = {"projection.weight": model["input.weight"].T, "projection.bias": model["input.bias"]}
    normalized = {}
    for n in range(3):
        weight = model[f"block.{n}.weight"].astype(np.float64)
        left, sigma, right = np.linalg.svd(2.5 * weight.T)
        normalized[n] = 2.5 * weight / sigma[0]
        prefix = f"blocks.{n}.parametrizations.weight"
        state[f"{prefix}.original"] = 2.5 * weight.T
        state[f"{prefix}.0._u"], state[f"{prefix}.0._v"] = left[:, 0], right[0]
        state[f"blocks.{n}.bias"] = model[f"block.{n}.bias"]
    for name in ("features", "output"):
        state[f"head.{name}.weight"] = model[f"{name}.weight"].T
        state[f"head.{name}.bias"] = model[f"{name}.bias"]
    # New versions of edward2 keep the sum alone, without the ridge.
    state["head.precision_matrix"] = model["posterior.precision"]
    path = SCRATCH / "state.safetensors"
    save_file({name: np.ascontiguousarray(array, dtype=np.float32)
               for name, array in state.items()}, path)

    nothing, said = run_importer(path, "--ridge-in-precision", "0")
    assert nothing is None and "input.bias" in said and "projection.bias" in said, said
    own, said = run_importer(path, "--ridge-in-precision", "0", "--rows", "1000",
                             "--map", "input.weight=projection.weight",
                             "--map", "input.bias=projection.bias")
    assert own is not None, said
    for name, array in model.items():
        if name.startswith("block.") and name.endswith(".weight"):
            array = normalized[int(name.split(".")[1])]
        if not name.endswith((".u", ".v")):
            assert np.allclose(own[name], array, rtol=0, atol=2e-6), name
    subprocess.run([PROGRAM, "info", SCRATCH / "model.safetensors"], check=True,
                   stdout=subprocess.DEVNULL)


SCRATCH.mkdir(parents=True, exist_ok=True)
tensorflow_state()
torch_state()
print("2 states imported")
