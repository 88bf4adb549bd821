"""Trains a small SNGP in TensorFlow on two moons and writes to fixtures/: its checkpoint's arrays,
its predictions, and the model file that tools/import_weights.py makes of it.

    python make_imported_model.py
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from layers import MODEL_GARDEN, ResidualNetwork, tf, two_moons
from make_fixtures import FOLDER, write

IMPORTER = pathlib.Path(__file__).parents[2] / "tools" / "import_weights.py"
NUM_ROWS, NUM_EPOCHS, BATCH_SIZE = 1000, 60, 128
NUM_LAYERS, NUM_HIDDEN, NUM_FEATURES = 3, 16, 64
MEAN_FIELD_FACTOR = np.pi / 8


def trained_network():
    tf.keras.utils.set_random_seed(5)
    network = ResidualNetwork(
        MODEL_GARDEN.RandomFeatureGaussianProcess(2, num_inducing=NUM_FEATURES, gp_cov_momentum=-1),
        NUM_LAYERS, NUM_HIDDEN, bound=0.9, dropout_rate=0.1)
    network.compile(optimizer=tf.keras.optimizers.legacy.Adam(1e-3), metrics=["accuracy"],
                    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    points, labels = two_moons(NUM_ROWS, np.random.default_rng(5))

    def reset(epoch, logs):
        if epoch > 0:
            network.classifier.reset_covariance_matrix()

    history = network.fit(points, labels, batch_size=BATCH_SIZE, epochs=NUM_EPOCHS, verbose=0,
                          callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_begin=reset)])
    print("last epoch:", {name: values[-1] for name, values in history.history.items()})
    return network


def save_checkpoint_arrays(network, path):
    """As docs/import.md says, but for the optimizer's moments, which nobody reads."""
    with tempfile.TemporaryDirectory() as folder:
        network.save_weights(f"{folder}/weights")
        reader = tf.train.load_checkpoint(f"{folder}/weights")
        np.savez(path, **{name: reader.get_tensor(name)
                          for name in sorted(reader.get_variable_to_shape_map())
                          if "OPTIMIZER_SLOT" not in name and not name.startswith("optimizer")})


def predictions(network):
    grid = np.meshgrid(np.linspace(-3.5, 3.5, 15), np.linspace(-2.5, 2.5, 15))
    points = np.stack(grid, axis=-1).reshape(-1, 2).astype(np.float32)
    logits, covariance = network(points, return_covariance=True)
    adjusted = MODEL_GARDEN.mean_field_logits(logits, covariance, MEAN_FIELD_FACTOR)
    return {"points": points, "logits": logits.numpy(),
            "variance": tf.linalg.diag_part(covariance).numpy(),
            "probabilities": tf.nn.softmax(adjusted).numpy()}


def main():
    network = trained_network()
    state = FOLDER / "imported_state.npz"
    save_checkpoint_arrays(network, state)
    write(FOLDER / "imported_predictions.safetensors", predictions(network))
    subprocess.run([sys.executable, IMPORTER, state, "--rows", str(NUM_ROWS),
                    "--out", FOLDER / "imported_model.safetensors"], check=True)


if __name__ == "__main__":
    main()
