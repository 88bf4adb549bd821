"""Runs the reference layers on small seeded inputs and writes what came out to fixtures/.

    python make_fixtures.py [--out FOLDER] [--tutorial-size]

README.md says what to install and which C test reads which file. --tutorial-size makes
training_steps.safetensors with the tutorial's own shapes (3 MB).
"""

import argparse
import itertools
import pathlib

import numpy as np
from safetensors.numpy import save_file

from layers import (EDWARD2, MODEL_GARDEN, VERSIONS, ResidualNetwork, assign, head_tensors,
                    network_tensors, tf, two_moons, values)

FOLDER = pathlib.Path(__file__).parent / "fixtures"
BATCH_SIZE = 128
TUTORIAL_BOUND = 0.9
TUTORIAL_RATE = 1e-4


def write(path, tensors):
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path,
              metadata={"made_with": ", ".join(f"{name} {version}"
                                               for name, version in VERSIONS.items())})
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


# --- spectral normalisation -----------------------------------------------------------------------

# (in, out), bound, power iterations a step, standard deviation of W. The last is within its bound.
NORM_CASES = [((24, 24), 0.95, 1, 0.4), ((20, 12), 0.9, 1, 0.4), ((12, 20), 0.5, 3, 0.4),
              ((16, 16), 6.0, 1, 0.2)]
NORM_STEPS = (1, 2, 10)


def spectral_norm(reference, shape, bound, iterations, std, random):
    """W, u and v before and after so many training passes of a normalised dense layer."""
    dense = tf.keras.layers.Dense(shape[1])
    layer = reference.SpectralNormalization(dense, iteration=iterations, norm_multiplier=bound)
    layer.build((None, shape[0]))
    dense.kernel.assign(random.normal(0, std, shape).astype(np.float32))
    layer.u.assign(random.normal(0, 0.05, (1, shape[1])).astype(np.float32))
    layer.v.assign(random.normal(0, 0.05, (1, shape[0])).astype(np.float32))
    rows = random.normal(0, 1, (4, shape[0])).astype(np.float32)
    found = {}
    for step in range(max(NORM_STEPS) + 1):
        if step in (0,) + NORM_STEPS:
            found |= {f"step.{step}.weight": dense.kernel.numpy(),
                      f"step.{step}.u": layer.u.numpy()[0], f"step.{step}.v": layer.v.numpy()[0]}
        layer(rows, training=True)
    return found


def make_spectral_norm():
    tensors = {}
    for index, (shape, bound, iterations, std) in enumerate(NORM_CASES):
        both = [spectral_norm(reference, shape, bound, iterations, std,
                              np.random.default_rng(index))
                for reference in (MODEL_GARDEN, EDWARD2)]
        assert all(np.array_equal(both[0][name], both[1][name]) for name in both[0])
        tensors[f"case.{index}.settings"] = np.array([*shape, bound, iterations])
        tensors |= {f"case.{index}.{name}": array for name, array in both[0].items()}
    return tensors


# --- the random-feature Gaussian process ----------------------------------------------------------

HEAD_INPUTS, HEAD_FEATURES, HEAD_CLASSES = 8, 32, 3
HEAD_BATCHES, HEAD_BATCH_ROWS, HEAD_TEST_ROWS = 3, 24, 10
KERNEL_SCALE = 2.0  # without layer norm; with it the references leave the scale out
OUTPUT_BIAS = 0.25
MEAN_FIELD_FACTORS = (np.pi / 8, 3 / np.pi**2, 1.0, 20.0)
# normalize_input, scale_random_features, ridge, momentum
HEAD_CASES = [*itertools.product((False, True), (True, False), (1.0, 0.1), (-1.0, 0.999)),
              (False, True, 0.1, 0.9), (True, False, 0.1, 0.9)]

LIKELIHOODS = ("gaussian", "binary_logistic", "poisson")  # in the order of SNGP_LIKELIHOOD_*
LIKELIHOOD_CASES = [(False, True, 1.0, -1.0), (False, True, 0.1, -1.0), (False, True, 0.1, 0.9),
                    (False, False, 0.1, -1.0), (True, True, 1.0, -1.0)]


def head_layer(reference, units, normalize, scaled, ridge, momentum, likelihood="gaussian"):
    layer = reference.RandomFeatureGaussianProcess(
        units, num_inducing=HEAD_FEATURES, gp_kernel_scale=KERNEL_SCALE,
        gp_output_bias=OUTPUT_BIAS, normalize_input=normalize, gp_cov_momentum=momentum,
        gp_cov_ridge_penalty=ridge, scale_random_features=scaled, gp_cov_likelihood=likelihood,
        custom_random_features_initializer="random_normal")
    layer.build((None, HEAD_INPUTS))
    return layer


def head_rows(random):
    train = random.normal(0, 1, (HEAD_BATCHES * HEAD_BATCH_ROWS, HEAD_INPUTS))
    test = random.normal(0, 2, (HEAD_TEST_ROWS, HEAD_INPUTS))
    return train.astype(np.float32), test.astype(np.float32)


def run_head(layer, weights, train, test):
    """Logits and covariance of the test rows, and the precision, after one pass over the others."""
    for name, variable in head_tensors(layer).items():
        variable.assign(weights[name])
    for batch in np.split(train, HEAD_BATCHES):
        layer(batch, training=True)
    logits, covariance = layer(test, training=False)
    return {"logits": logits.numpy(), "covariance": covariance.numpy(),
            "precision": layer._gp_cov_layer.precision_matrix.numpy()}


def head_weights(units, random):
    layer = head_layer(MODEL_GARDEN, units, True, True, 1.0, -1.0)
    tensors = head_tensors(layer)
    assign(tensors, random, ["layer_norm.scale", "layer_norm.offset", "output.weight"])
    tensors["features.weight"].assign(
        random.normal(0, 1, (HEAD_INPUTS, HEAD_FEATURES)).astype(np.float32))
    tensors["features.bias"].assign(
        random.uniform(0, 2 * np.pi, HEAD_FEATURES).astype(np.float32))
    return values(tensors)


def run_both(units, weights, train, test, normalize, scaled, ridge, momentum, likelihood):
    """A case of both references, which must agree, with its settings."""
    own = {name: array for name, array in weights.items()
           if normalize or not name.startswith("layer_norm")}
    found, edward2 = [
        run_head(head_layer(reference, units, normalize, scaled, ridge, momentum, likelihood), own,
                 train, test) for reference in (MODEL_GARDEN, EDWARD2)]
    assert all(np.array_equal(found[name], edward2[name]) for name in found)
    kernel_scale = 1.0 if normalize else KERNEL_SCALE
    found["settings"] = np.array([normalize, scaled, kernel_scale, ridge, momentum,
                                  LIKELIHOODS.index(likelihood)], dtype=np.float64)
    return found


def with_mean_field(found):
    found["mean_field"] = np.stack([
        MODEL_GARDEN.mean_field_logits(found["logits"], found["covariance"], factor).numpy()
        for factor in MEAN_FIELD_FACTORS])
    assert np.array_equal(
        MODEL_GARDEN.mean_field_logits(found["logits"], found["covariance"], -1.0),
        found["logits"])
    return found


def head_fixture(seed, units, cases):
    """The weights, the rows, and what comes of them in each case."""
    random = np.random.default_rng(seed)
    weights = head_weights(units, random)
    train, test = head_rows(random)
    tensors = weights | {"train": train, "test": test,
                         "batch_rows": np.array([HEAD_BATCH_ROWS], dtype=np.float64),
                         "mean_field_factors": np.array(MEAN_FIELD_FACTORS)}
    for index, case in enumerate(cases):
        found = with_mean_field(run_both(units, weights, train, test, *case))
        tensors |= {f"case.{index}.{name}": array for name, array in found.items()}
    return tensors


def make_heads():
    return head_fixture(10, HEAD_CLASSES, [(*case, "gaussian") for case in HEAD_CASES])


def make_likelihoods():
    """One output, the rows weighted by the two other likelihoods."""
    return head_fixture(11, 1, [(*case, likelihood) for likelihood in LIKELIHOODS[1:]
                                for case in LIKELIHOOD_CASES])


# --- training steps -------------------------------------------------------------------------------

NUM_STEPS = 10
STEPS_KEPT = (1, NUM_STEPS)
LAST_BATCH_ROWS = 104  # as the tutorial's epoch ends
STEPS_BEFORE_SNGP = 800  # the tutorial's Adam has trained its first model for so many steps
TEST_ROWS = 24


def gaussian_process(num_features, **options):
    return MODEL_GARDEN.RandomFeatureGaussianProcess(2, num_inducing=num_features,
                                                     gp_cov_momentum=-1, **options)


def train(network, adam, points, labels):
    """Ten steps through Keras's own training step; the losses, and the tensors after some."""
    tensors, losses, found = network_tensors(network), [], {}
    frozen = ["features.weight", "features.bias", "output.bias"]
    if isinstance(network.classifier, tf.keras.layers.Dense):
        frozen = []
    if not network.input_layer.trainable:
        frozen += ["input.weight", "input.bias"]
    # What starts at zero or one is moved, so that its gradients are of no special case.
    assign(tensors, np.random.default_rng(3), [name for name in tensors if "layer_norm" in name])
    found |= {f"step.0.{name}": array for name, array in values(tensors).items()}
    network.compile(optimizer=adam,
                    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for step in range(NUM_STEPS):
        rows = slice(step * BATCH_SIZE, (step + 1) * BATCH_SIZE)
        losses.append(network.train_on_batch(points[rows], labels[rows]))
        if step + 1 in STEPS_KEPT:
            moved = [name for name in tensors if name not in frozen]
            found |= {f"step.{step + 1}.{name}": array
                      for name, array in values(tensors).items() if name in moved}
    return found | {"losses": np.array(losses)}


def training_cases(tutorial_size):
    """Name, network, step count of Adam before the first step, learning rate."""
    hidden, features = (128, 1024) if tutorial_size else (32, 128)
    tutorial = dict(num_layers=6, num_hidden=hidden, bound=TUTORIAL_BOUND)
    small = dict(num_layers=2, num_hidden=16)
    return [
        ("tutorial", lambda: ResidualNetwork(gaussian_process(features), **tutorial), 0,
         TUTORIAL_RATE),
        ("shared_adam", lambda: ResidualNetwork(gaussian_process(features), **tutorial),
         STEPS_BEFORE_SNGP, TUTORIAL_RATE),
        ("layer_norm", lambda: ResidualNetwork(
            gaussian_process(32, normalize_input=True, scale_random_features=False,
                             l2_regularization=1e-2),
            bound=TUTORIAL_BOUND, train_input_layer=True, **small), 0, 1e-3),
        ("deterministic", lambda: ResidualNetwork(tf.keras.layers.Dense(2), **small), 0,
         TUTORIAL_RATE),
    ]


def make_training_steps(tutorial_size):
    points, labels = two_moons((NUM_STEPS - 1) * BATCH_SIZE + LAST_BATCH_ROWS,
                               np.random.default_rng(1))
    test = np.random.default_rng(2).uniform(-2.5, 2.5, (TEST_ROWS, 2)).astype(np.float32)
    tensors = {"points": points, "labels": labels.astype(np.float32), "test": test,
               "batch_rows": np.array([BATCH_SIZE], dtype=np.float64)}
    for name, make, steps_before, rate in training_cases(tutorial_size):
        tf.keras.utils.set_random_seed(0)
        network = make()
        network.build((None, 2))
        adam = tf.keras.optimizers.legacy.Adam(rate)
        adam.iterations.assign(steps_before)
        found = train(network, adam, points, labels)
        if name == "shared_adam":  # starts where the first case starts
            found = {key: array for key, array in found.items()
                     if not key.startswith(("step.0.", "step.1."))}
        if name == "tutorial":
            logits, covariance = network(test, return_covariance=True)
            found |= {"test.logits": logits.numpy(), "test.covariance": covariance.numpy()}
        tensors |= {f"{name}.{key}": array for key, array in found.items()}
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--tutorial-size", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    write(options.out / "spectral_norm.safetensors", make_spectral_norm())
    write(options.out / "gp_head.safetensors", make_heads())
    write(options.out / "likelihoods.safetensors", make_likelihoods())
    write(options.out / "training_steps.safetensors", make_training_steps(options.tutorial_size))


if __name__ == "__main__":
    main()
