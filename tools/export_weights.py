#!/usr/bin/env python3
"""Writes the arrays of a TensorFlow checkpoint or of a PyTorch state_dict to a .npz file, from which
`sngp import` makes a model file (docs/import.md).

    export_weights.py CHECKPOINT STATE.npz [--compress]

CHECKPOINT is the prefix of a checkpoint, as model.save_weights() or tf.train.Checkpoint.write() took
it, or a .pt or .pth file of torch.save(). Needs numpy, and TensorFlow or PyTorch.
"""

import argparse
import pathlib

import numpy as np

TORCH_SUFFIXES = {".pt", ".pth", ".bin"}


def tensorflow_arrays(prefix):
    import tensorflow as tf
    reader = tf.train.load_checkpoint(prefix)
    shapes = reader.get_variable_to_shape_map()
    return {name: np.asarray(reader.get_tensor(name)) for name in sorted(shapes)}


def torch_arrays(path):
    import torch
    state = torch.load(path, map_location="cpu", weights_only=True)
    state = state.get("state_dict", state)
    narrow = (torch.float16, torch.bfloat16)
    return {name: (tensor.float() if tensor.dtype in narrow else tensor).numpy()
            for name, tensor in state.items()}


def is_of_model(name, array):
    """Neither an optimizer's nor a checkpoint's own account of itself."""
    optimizer = "OPTIMIZER_SLOT" in name or name.startswith("optimizer")
    return not optimizer and array.dtype.kind in "fiu"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("checkpoint", help="prefix of a checkpoint, or a .pt or .pth file")
    parser.add_argument("state", help="the .npz file to write")
    parser.add_argument("--compress", action="store_true", help="write a smaller file")
    options = parser.parse_args()
    is_torch = pathlib.Path(options.checkpoint).suffix in TORCH_SUFFIXES
    arrays = (torch_arrays if is_torch else tensorflow_arrays)(options.checkpoint)
    kept = {name: array for name, array in arrays.items() if is_of_model(name, array)}
    save = np.savez_compressed if options.compress else np.savez
    with open(options.state, "wb") as file:
        save(file, **kept)
    print(f"{options.state}: {len(kept)} arrays")


if __name__ == "__main__":
    main()
