"""Prints the figures of docs/parity.md: where the references and libsngp's equations part.

    python measure_differences.py [PROGRAM]

What libsngp computes is written out here in double precision; that the library does compute it is
what the C tests of this folder and of tests/unit/ are for. With PROGRAM, the path of sngp, one
table has the library's own figures, too.
"""

import csv
import itertools
import subprocess
import sys
import tempfile

import numpy as np

from layers import EDWARD2, MODEL_GARDEN, head_tensors, tf

INPUTS, FEATURES = 8, 256


def head(reference, momentum=-1.0, ridge=1.0, **options):
    tf.keras.utils.set_random_seed(1)
    layer = reference.RandomFeatureGaussianProcess(
        2, num_inducing=FEATURES, gp_cov_momentum=momentum, gp_cov_ridge_penalty=ridge,
        custom_random_features_initializer=tf.keras.initializers.RandomNormal(stddev=1.0, seed=1),
        **options)
    layer.build((None, INPUTS))
    return layer


def normal_rows(count, seed, std=1.0):
    return np.random.default_rng(seed).normal(0, std, (count, INPUTS)).astype(np.float32)


def features(layer, rows):
    """phi, in double precision."""
    tensors = {name: variable.numpy().astype(np.float64)
               for name, variable in head_tensors(layer).items()}
    scale = np.sqrt(2 / FEATURES) if layer.scale_random_features else 1.0
    angles = rows.astype(np.float64) @ tensors["features.weight"] + tensors["features.bias"]
    return scale * np.cos(angles)


def variance(phi, data_term, ridge):
    return ridge * np.einsum("ij,ji->i", phi, np.linalg.solve(
        data_term + ridge * np.eye(FEATURES), phi.T))


def moving_average():
    print("Moving average, momentum 0.999, ridge 1: variance over its ceiling phi phi^T, far rows")
    train, far = normal_rows(128, 1), normal_rows(32, 2, 20.0)
    layer = head(MODEL_GARDEN, 0.999)
    phi, phi_far = features(layer, train), features(layer, far)
    ceiling = (phi_far**2).sum(axis=1)
    step = tf.function(lambda rows: layer(rows, training=True))
    updates = 0
    for target in (1, 100, 1000, 5000):
        for _ in range(target - updates):
            step(train)
        updates = target
        diagonal = np.diag(layer(far, training=False)[1].numpy())
        data_term = (1 - 0.999**updates) * phi.T @ phi / len(train)
        own = variance(phi_far, data_term, 1.0)
        print(f"  {updates:5d} updates: ridge left {0.999**updates:.4f}, Model Garden "
              f"{np.mean(diagonal / ceiling):8.3f}, libsngp {np.mean(own / ceiling):.3f}")


def predicted_variance(program, layer, data_term, ridge, rows):
    """What a model of libsngp with this head says, by way of a model file."""
    state = {f"classifier.{name}": variable.numpy()
             for name, variable in head_tensors(layer).items()}
    state["classifier.precision_matrix"] = data_term
    with tempfile.TemporaryDirectory() as folder:
        model, data = f"{folder}/model.safetensors", f"{folder}/rows.npy"
        np.savez(f"{folder}/state.npz", **state)
        np.save(data, rows)
        scaled = str(bool(layer.scale_random_features)).lower()
        subprocess.run([program, "import", f"{folder}/state.npz", "--out", model,
                        "--layout", "keras", "--ridge-in-precision", "0", "--set",
                        f"ridge={ridge}", "--set", f"scale_random_features={scaled}"],
                       check=True, stdout=subprocess.DEVNULL)
        said = subprocess.run([program, "predict", model, "--npy", data], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
    return np.array([float(line["variance"]) for line in csv.DictReader(said.splitlines())])


def precision_of_the_variance(program):
    print("Variance of 100 rows against double precision: median relative error, negative ones")
    train, test = normal_rows(1000, 3, 0.1), normal_rows(100, 7, 0.3)
    for scaled, ridge in itertools.product((True, False), (1.0, 1e-3, 1e-6)):
        layer = head(EDWARD2, -1.0, ridge, normalize_input=False, scale_random_features=scaled)
        layer(train, training=True)
        phi, phi_test = features(layer, train), features(layer, test)
        data_term = phi.T @ phi
        exact = variance(phi_test, data_term, ridge)
        found = {"edward2": np.diag(layer(test, training=False)[1].numpy())}
        if program is not None:
            found["libsngp"] = predicted_variance(program, layer, data_term, ridge, test)
        condition = np.linalg.cond(data_term + ridge * np.eye(FEATURES))
        print(f"  ridge {ridge:g}, features {'scaled' if scaled else 'not scaled'}, condition "
              f"{condition:.0e}:", "; ".join(
                  f"{name} {np.median(np.abs(values / exact - 1)):.1e}, {np.sum(values < 0)}"
                  for name, values in found.items()))


def kernel_scale():
    rows = normal_rows(16, 4)
    for normalize in (False, True):
        logits = [head(MODEL_GARDEN, normalize_input=normalize, gp_kernel_scale=scale)(
            rows, training=False)[0].numpy() for scale in (1.0, 4.0)]
        print(f"kernel_scale 4 in place of 1, normalize_input {normalize}: logits move by "
              f"{np.abs(logits[0] - logits[1]).max():.3g}")
    layer = head(MODEL_GARDEN, gp_kernel_scale_trainable=True)
    print("gp_kernel_scale_trainable: trainable variables of the GP layer:",
          [variable.shape for variable in layer.trainable_variables])


def prediction_moves_weights():
    for name, reference in (("Model Garden", MODEL_GARDEN), ("edward2", EDWARD2)):
        tf.keras.utils.set_random_seed(2)
        layer = reference.SpectralNormalization(tf.keras.layers.Dense(INPUTS), norm_multiplier=0.9)
        layer.build((None, INPUTS))
        layer.layer.kernel.assign(2 * layer.layer.kernel)
        before = layer.layer.kernel.numpy()
        layer(normal_rows(4, 5), training=False)
        print(f"{name}: a prediction moves a weight of twice its bound by "
              f"{np.abs(layer.layer.kernel.numpy() - before).max():.3g}")


def layer_norm_epsilon():
    for std in (1.0, 0.1, 0.01):
        ratio = np.sqrt((std**2 + 1e-6) / (std**2 + 1e-3))
        print(f"Layer norm, hidden units of standard deviation {std}: epsilon 1e-3 gives "
              f"{ratio:.4f} times what epsilon 1e-6 gives")


def poisson_rate():
    logit, factor = 1.0, 1.0
    for var in (0.1, 0.5, 2.0):
        logits = tf.constant([[logit]])
        reference = np.exp(EDWARD2.mean_field_logits(
            logits, tf.constant([[var]]), factor, likelihood="poisson").numpy()[0, 0])
        print(f"Poisson, logit 1, variance {var}: edward2's rate {reference:.3f}, "
              f"E exp(f) = exp(logit + variance / 2) = {np.exp(logit + var / 2):.3f}")


def initial_values():
    """What a new layer draws for W_r."""
    default = EDWARD2.RandomFeatureGaussianProcess(2, num_inducing=2 * INPUTS)
    default.build((None, INPUTS))
    columns = default._random_feature.kernel.numpy()[:, :INPUTS]
    gram = columns.T @ columns
    lengths = np.sqrt(np.diag(gram))
    cosines = gram / np.outer(lengths, lengths) - np.eye(INPUTS)
    print(f"edward2's W_r: cosines of a block's columns at most {np.abs(cosines).max():.1g}, "
          f"lengths {lengths.min():.2f} to {lengths.max():.2f}")


def main():
    moving_average()
    precision_of_the_variance(sys.argv[1] if len(sys.argv) > 1 else None)
    kernel_scale()
    prediction_moves_weights()
    layer_norm_epsilon()
    poisson_rate()
    initial_values()


if __name__ == "__main__":
    main()
