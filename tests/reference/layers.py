"""The reference layers, as their packages ship them, and the tutorial's network made of them.

MODEL_GARDEN and EDWARD2 have the classes SpectralNormalization and RandomFeatureGaussianProcess and
the function mean_field_logits.
"""

import importlib.metadata
import importlib.util
import os
import types
import warnings

import numpy as np

# One thread, and none of oneDNN's kernels: sums are then the same on every run.
os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")

import tensorflow as tf  # noqa: E402  (it reads the environment)

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def _model_garden_module(name):
    """One file of tf-models-official: importing the package would import all it depends on."""
    package = importlib.metadata.distribution("tf-models-official")
    path = package.locate_file(f"official/nlp/modeling/layers/{name}.py")
    spec = importlib.util.spec_from_file_location(f"model_garden_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _model_garden():
    gaussian_process = _model_garden_module("gaussian_process")
    return types.SimpleNamespace(
        SpectralNormalization=_model_garden_module("spectral_normalization").SpectralNormalization,
        RandomFeatureGaussianProcess=gaussian_process.RandomFeatureGaussianProcess,
        mean_field_logits=gaussian_process.mean_field_logits)


def _edward2():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its NumPy backend is not installed
        from edward2.tensorflow import layers
        from edward2.tensorflow.layers import utils
    return types.SimpleNamespace(
        SpectralNormalization=layers.SpectralNormalization,
        RandomFeatureGaussianProcess=layers.RandomFeatureGaussianProcess,
        mean_field_logits=utils.mean_field_logits)


MODEL_GARDEN = _model_garden()
EDWARD2 = _edward2()
VERSIONS = {name: importlib.metadata.version(name)
            for name in ("tensorflow-cpu", "tf-models-official", "edward2", "numpy")}


class ResidualNetwork(tf.keras.Model):
    """The network of TensorFlow's tutorial "Uncertainty-aware deep learning with SNGP", under the
    tutorial's names: a dense layer, residual blocks with relu and dropout, and a classifier. With
    `bound` the blocks are spectrally normalised.
    """

    def __init__(self, classifier, num_layers, num_hidden, bound=None, dropout_rate=0.0,
                 train_input_layer=False):
        super().__init__()
        self.input_layer = tf.keras.layers.Dense(num_hidden, trainable=train_input_layer)
        self.dense_layers = [tf.keras.layers.Dense(num_hidden, activation="relu")
                             for _ in range(num_layers)]
        if bound is not None:
            self.dense_layers = [MODEL_GARDEN.SpectralNormalization(layer, norm_multiplier=bound)
                                 for layer in self.dense_layers]
        self.dropouts = [tf.keras.layers.Dropout(dropout_rate) for _ in range(num_layers)]
        self.classifier = classifier

    def call(self, inputs, training=False, return_covariance=False):
        hidden = self.input_layer(inputs)
        for layer, dropout in zip(self.dense_layers, self.dropouts):
            hidden += dropout(layer(hidden))
        output = self.classifier(hidden)
        if not isinstance(output, list):
            return output
        return tuple(output) if return_covariance and not training else output[0]


def network_tensors(network):
    """A network's variables under the names of docs/model-format.md, in its order."""
    tensors = {"input.weight": network.input_layer.kernel, "input.bias": network.input_layer.bias}
    for n, layer in enumerate(network.dense_layers):
        normalized = isinstance(layer, MODEL_GARDEN.SpectralNormalization)
        dense = layer.layer if normalized else layer
        tensors[f"block.{n}.weight"] = dense.kernel
        tensors[f"block.{n}.bias"] = dense.bias
        if normalized:
            tensors[f"block.{n}.u"] = layer.u
            tensors[f"block.{n}.v"] = layer.v
    head = network.classifier
    if isinstance(head, tf.keras.layers.Dense):
        return tensors | {"output.weight": head.kernel, "output.bias": head.bias}
    return tensors | head_tensors(head)


def head_tensors(head):
    """The variables of a random-feature Gaussian process layer, likewise."""
    tensors = {}
    if head.normalize_input:
        tensors = {"layer_norm.scale": head._input_norm_layer.gamma,
                   "layer_norm.offset": head._input_norm_layer.beta}
    return tensors | {"features.weight": head._random_feature.kernel,
                      "features.bias": head._random_feature.bias,
                      "output.weight": head._gp_output_layer.kernel,
                      "output.bias": head._gp_output_bias}


def assign(tensors, random, names):
    """Draws the named tensors from N(0, 0.3^2), about 1 for a scale: nothing stays at a value that
    would hide a mistake."""
    for name in names:
        variable = tensors[name]
        center = 1.0 if name.endswith("scale") else 0.0
        variable.assign(random.normal(center, 0.3, variable.shape).astype(np.float32))


def values(tensors):
    return {name: np.squeeze(np.array(variable), axis=0) if name.endswith((".u", ".v"))
            else np.array(variable) for name, variable in tensors.items()}


def two_moons(rows, random):
    """The tutorial's training data: half circles with noise 0.1, moved apart; classes in turn."""
    labels = np.arange(rows, dtype=np.int32) % 2
    angles = random.uniform(0, np.pi, rows)
    upper = np.stack([np.cos(angles) - 0.1, np.sin(angles) + 0.2], axis=1)
    lower = np.stack([1.1 - np.cos(angles), 0.3 - np.sin(angles)], axis=1)
    points = np.where(labels[:, None] == 0, upper, lower) + random.normal(0, 0.1, (rows, 2))
    return points.astype(np.float32), labels
