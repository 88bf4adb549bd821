#!/usr/bin/env python3
"""Makes a model file of libsngp from the weights of a network trained in TensorFlow or PyTorch.

    import_weights.py STATE --out MODEL.safetensors [--set KEY=VALUE]... [--map TENSOR=NAME]...

STATE is a .npz or .safetensors file of named arrays. docs/import.md tells how to write one, which
names are known, and what must be set. Needs numpy, and for .safetensors the package safetensors.
"""

import argparse
import json
import math
import re
import struct
import sys

import numpy as np

# What Keras and tf.train.Checkpoint add to the names of a model's attributes.
ADDED_TO_NAMES = re.compile(r"(/\.ATTRIBUTES/VARIABLE_VALUE|:0)$")
NOT_OF_THE_MODEL = re.compile(
    r"(^|/)(\.?optimizer|save_counter|_CHECKPOINTABLE|keras_api)|OPTIMIZER_SLOT", re.IGNORECASE)

# Names that are known: those of the tutorial's classes with the layers of Model Garden or edward2,
# and of the same attributes in PyTorch. {n} is the number of a block.
HEAD = r"(classifier|head)\."
BLOCK = r"(dense_layers|blocks|block)\.{n}\."
NAMES = {
    "input.weight": r"(input_layer|input)\.(kernel|weight)",
    "input.bias": r"(input_layer|input)\.bias",
    "block.{n}.weight": BLOCK + r"(layer\.)?(kernel|weight|w)",
    "block.{n}.bias": BLOCK + r"(layer\.)?bias",
    "block.{n}.u": BLOCK + r"(u|weight_u|parametrizations\.weight\.0\._u)",
    "block.{n}.v": BLOCK + r"(v|weight_v|parametrizations\.weight\.0\._v)",
    "layer_norm.scale": HEAD + r"(_input_norm_layer|layer_norm)\.(gamma|weight)",
    "layer_norm.offset": HEAD + r"(_input_norm_layer|layer_norm)\.(beta|bias)",
    "features.weight": HEAD + r"(_random_feature|features)\.(kernel|weight)",
    "features.bias": HEAD + r"(_random_feature|features)\.bias",
    "output.weight": HEAD + r"((_gp_output_layer|output)\.)?(kernel|weight)",
    "output.bias": HEAD + r"(_gp_output_bias|((_gp_output_layer|output)\.)?bias)",
    "posterior.precision": HEAD + r"((_gp_cov_layer|covariance)\.)?(gp_)?precision_matrix",
    "input_scaling.mean": r"input_scaling\.mean",
    "input_scaling.scale": r"input_scaling\.scale",
}
# A weight of torch.nn.utils.spectral_norm: what the network multiplies by is this over sigma.
TORCH_RAW_WEIGHT = BLOCK + r"(weight_orig|parametrizations\.weight\.original)"

# The tutorial's settings, which are Model Garden's defaults but for the momentum.
CONFIG = {
    "task": "classification", "backbone": "residual", "dropout_rate": 0.1,
    "spectral_norm_bound": 0.9, "power_iterations": 1, "train_input_layer": False,
    "standardize_inputs": False, "kernel_scale": 1.0, "radius_scale": 1.0,
    "random_feature_std": 1.0, "scale_random_features": True, "ridge": 1.0,
    "covariance_momentum": -1.0, "l2_regularization": 1e-6, "mean_field_factor": math.pi / 8,
}

DTYPES = {("f", 4): "F32", ("f", 8): "F64", ("i", 8): "I64"}


class ImportFailed(Exception):
    """What is wrong with the state or with the options, in words."""


def read_arrays(path):
    if path.endswith(".npz"):
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    from safetensors.numpy import load_file
    return load_file(path)


def read_state(path):
    try:
        state = read_arrays(path)
    except Exception as error:  # whatever zipfile, numpy and safetensors raise for a bad file
        raise ImportFailed(f"{path} could not be read: {error}") from None
    return {ADDED_TO_NAMES.sub("", name).replace("/", "."): array
            for name, array in state.items() if not NOT_OF_THE_MODEL.search(name)}


def find(state, pattern):
    """The one name that a pattern matches, or None."""
    found = [name for name in state if re.fullmatch(pattern, name)]
    if len(found) > 1:
        raise ImportFailed(f"{' and '.join(sorted(found))} could both be meant: use --map")
    return found[0] if found else None


class Source:
    """The state, by libsngp's names; keeps account of what was used."""

    def __init__(self, state, mapping):
        self.state, self.mapping, self.used = state, mapping, set()
        for tensor, name in mapping.items():
            if name not in state:
                raise ImportFailed(f"--map {tensor}={name}: there is no {name}")

    def name(self, tensor):
        if tensor in self.mapping:
            return self.mapping[tensor]
        block = re.match(r"block\.(\d+)\.", tensor)
        general = re.sub(r"^block\.\d+", "block.{n}", tensor)
        return find(self.state, NAMES[general].replace("{n}", block[1] if block else ""))

    def has(self, tensor):
        return self.name(tensor) is not None

    def take(self, tensor):
        name = self.name(tensor)
        if name is None:
            unused = sorted(set(self.state) - self.used)
            raise ImportFailed(f"no array was found for {tensor}: use --map {tensor}=NAME. "
                               f"Not used so far: {', '.join(unused) or 'none'}")
        self.used.add(name)
        return np.asarray(self.state[name], dtype=np.float64)

    def take_vector(self, tensor, length):
        array = self.take(tensor)
        if array.size != length:
            raise ImportFailed(f"{tensor}: {self.name(tensor)} has {array.size} values, "
                               f"not {length}")
        return array.reshape(length)

    def take_matrix(self, tensor, rows, cols, transposed):
        """(in, out). Where the shape leaves it open, `transposed` says what the state has."""
        array = self.take(tensor)
        if rows != cols and array.shape in ((rows, cols), (cols, rows)):
            transposed = array.shape == (cols, rows)
        if array.shape != ((cols, rows) if transposed else (rows, cols)):
            raise ImportFailed(f"{tensor}: {self.name(tensor)} is {array.shape}, "
                               f"not {(rows, cols)}, inputs by outputs")
        return array.T if transposed else array

    def resolve_torch_spectral_norm(self):
        """Adds the weights that torch.nn.utils.spectral_norm's layers multiply by when predicting:
        W / (u^T W v), W (out, in). Says whether there were any."""
        found = False
        for n in range(len(self.state)):
            raw = find(self.state, TORCH_RAW_WEIGHT.replace("{n}", str(n)))
            if raw is None:
                break
            weight = np.asarray(self.state[raw], dtype=np.float64)
            u, v = (np.ravel(self.state[self.name(f"block.{n}.{part}")]) for part in "uv")
            self.state[f"block.{n}.weight"] = weight / (u @ weight @ v)
            self.used.add(raw)
            found = True
        return found


def count_blocks(source):
    blocks = 0
    while source.has(f"block.{blocks}.weight"):
        blocks += 1
    return blocks


def posterior(precision, config, ridge_in_precision, rows):
    """The data term A of a precision matrix, and the root of libsngp (docs/model-format.md)."""
    size = precision.shape[0]
    data = (precision + precision.T) / 2 - ridge_in_precision * np.eye(size)
    smallest = data.diagonal().min()
    if smallest < -1e-4 * max(1.0, np.abs(data).max()):
        raise ImportFailed(f"the precision matrix has {smallest + ridge_in_precision:g} on its "
                           f"diagonal, less than --ridge-in-precision {ridge_in_precision:g}")
    np.fill_diagonal(data, np.maximum(data.diagonal(), 0))  # rounding
    try:
        factor = np.linalg.cholesky(data + config["ridge"] * np.eye(size))
    except np.linalg.LinAlgError:
        raise ImportFailed("the precision matrix is not positive definite") from None
    root = np.sqrt(config["ridge"]) * np.tril(np.linalg.inv(factor))
    return {"posterior.precision": data, "posterior.rows": np.array([rows], dtype=np.int64),
            "posterior.root": root.astype(np.float32)}


def convert(source, options):
    """The configuration and the tensors of a model file."""
    had_raw_weights = source.resolve_torch_spectral_norm()
    keras = any(re.search(r"(^|\.)kernel$", name) for name in source.state)
    transposed = not keras if options.layout is None else options.layout == "torch"

    config = dict(CONFIG)
    hidden = source.take("input.bias").size
    classes = source.take("output.bias").size
    inputs = source.take("input.weight").size // hidden
    gaussian_process = source.has("features.weight")
    config |= {"input_dim": inputs, "num_classes": classes, "num_hidden": hidden,
               "num_layers": count_blocks(source),
               "head": "gaussian_process" if gaussian_process else "dense",
               "normalize_input": "layer_norm" if source.has("layer_norm.scale") else "none",
               "standardize_inputs": source.has("input_scaling.mean")}
    normalized = config["num_layers"] > 0 and source.has("block.0.u") and source.has("block.0.v")
    if not normalized:
        config["spectral_norm_bound"] = 0.0
    elif had_raw_weights:
        config["spectral_norm_bound"] = 1.0  # PyTorch's: W / sigma
    features = source.take("features.bias").size if gaussian_process else hidden
    if gaussian_process:
        config["num_random_features"] = features
    config |= options.settings

    tensors = {"input.weight": source.take_matrix("input.weight", inputs, hidden, transposed),
               "input.bias": source.take_vector("input.bias", hidden)}
    for n in range(config["num_layers"]):
        tensors[f"block.{n}.weight"] = source.take_matrix(f"block.{n}.weight", hidden, hidden,
                                                          transposed)
        tensors[f"block.{n}.bias"] = source.take_vector(f"block.{n}.bias", hidden)
        if config["spectral_norm_bound"] > 0:
            for part in "uv":
                tensors[f"block.{n}.{part}"] = source.take_vector(f"block.{n}.{part}", hidden)
    if config["normalize_input"] == "layer_norm":
        for part in ("scale", "offset"):
            tensors[f"layer_norm.{part}"] = source.take_vector(f"layer_norm.{part}", hidden)
    if gaussian_process:
        tensors["features.weight"] = source.take_matrix("features.weight", hidden, features,
                                                        transposed)
        tensors["features.bias"] = source.take_vector("features.bias", features)
    tensors["output.weight"] = source.take_matrix("output.weight", features, classes, transposed)
    tensors["output.bias"] = source.take_vector("output.bias", classes)
    if config["standardize_inputs"]:
        for part in ("mean", "scale"):
            tensors[f"input_scaling.{part}"] = source.take_vector(f"input_scaling.{part}", inputs)
    tensors = {name: array.astype(np.float32) for name, array in tensors.items()}

    if gaussian_process:
        ridge_in_precision = config["ridge"]
        if options.ridge_in_precision is not None:
            ridge_in_precision = options.ridge_in_precision
        precision = ridge_in_precision * np.eye(features)
        if source.has("posterior.precision"):
            precision = source.take_matrix("posterior.precision", features, features, False)
        tensors |= posterior(precision, config, ridge_in_precision, options.rows)
    return config, tensors


def write_model(path, config, tensors, rows):
    """A safetensors file, written here so that equal tensors give equal bytes."""
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ImportFailed(f"{name} has values that are not finite")
    training = {"covariance_rows": rows} if "posterior.rows" in tensors else {}
    header = {"__metadata__": {"format": "sngp", "format_version": "1",
                               "config": json.dumps(config), "training": json.dumps(training)}}
    data = b""
    for name in sorted(tensors, key=lambda name: -tensors[name].itemsize):
        array = tensors[name].astype(tensors[name].dtype.newbyteorder("<"))
        begin, data = len(data), data + array.tobytes()
        header[name] = {"dtype": DTYPES[array.dtype.kind, array.itemsize],
                        "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def pair(text):
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=VALUE")
    return key, value


def json_or_text(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("state", help=".npz or .safetensors file of named arrays")
    parser.add_argument("--out", required=True, help="the model file to write")
    parser.add_argument("--set", type=pair, action="append", default=[], metavar="KEY=VALUE",
                        help="a key of the configuration (docs/model-format.md), say ridge=0.1; "
                             "the tutorial's values otherwise, sizes from the arrays")
    parser.add_argument("--map", type=pair, action="append", default=[], metavar="TENSOR=NAME",
                        help="where a tensor of docs/model-format.md is in STATE")
    parser.add_argument("--layout", choices=["keras", "torch"],
                        help="weights are (in, out) or (out, in); found by the names otherwise")
    parser.add_argument("--ridge-in-precision", type=float, metavar="X",
                        help="what the precision matrix of STATE has on its diagonal beside the "
                             "sum over rows; the ridge otherwise")
    parser.add_argument("--rows", type=int, default=0, help="rows in the precision matrix")
    options = parser.parse_args()
    options.settings = {key: json_or_text(value) for key, value in options.set}
    try:
        source = Source(read_state(options.state), dict(options.map))
        config, tensors = convert(source, options)
        write_model(options.out, config, tensors, options.rows)
    except (ImportFailed, OSError) as error:
        sys.exit(f"import_weights.py: {error}")
    print(f"{options.out}: {config['head']} head, {config['num_layers']} blocks of "
          f"{config['num_hidden']} units, {config['input_dim']} inputs, "
          f"{config['num_classes']} classes")
    unused = sorted(set(source.state) - source.used)
    if unused:
        print(f"not used: {', '.join(unused)}")


if __name__ == "__main__":
    main()
