"""Trains in TensorFlow and writes to fixtures/ the arrays of the checkpoints, as
tools/export_weights.py gives them, and what TensorFlow predicts: of a small SNGP on two moons, and of
a Gaussian process head with layer norm alone.

    python make_imported_model.py
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from layers import MODEL_GARDEN, ResidualNetwork, tf, two_moons
from make_fixtures import FOLDER, write

EXPORTER = pathlib.Path(__file__).parents[2] / "tools" / "export_weights.py"
NUM_ROWS, NUM_EPOCHS, BATCH_SIZE = 1000, 60, 128
NUM_LAYERS, NUM_HIDDEN, NUM_FEATURES = 3, 16, 64
HEAD_INPUTS, HEAD_CLASSES, HEAD_FEATURES, HEAD_ROWS = 6, 3, 16, 200
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


def export(checkpoint, path, *options):
    subprocess.run([sys.executable, EXPORTER, checkpoint, path, *options], check=True)


def predictions(layer, points, **options):
    logits, covariance = layer(points, **options)
    adjusted = MODEL_GARDEN.mean_field_logits(logits, covariance, MEAN_FIELD_FACTOR)
    return {"points": points, "logits": logits.numpy(),
            "variance": tf.linalg.diag_part(covariance).numpy(),
            "probabilities": tf.nn.softmax(adjusted).numpy()}


def write_network():
    network = trained_network()
    with tempfile.TemporaryDirectory() as folder:
        network.save_weights(f"{folder}/weights")
        export(f"{folder}/weights", FOLDER / "imported_state.npz")
    grid = np.meshgrid(np.linspace(-3.5, 3.5, 15), np.linspace(-2.5, 2.5, 15))
    points = np.stack(grid, axis=-1).reshape(-1, 2).astype(np.float32)
    write(FOLDER / "imported_predictions.safetensors",
          predictions(network, points, return_covariance=True))


def write_head():
    """Three groups of embeddings; trained by plain gradient steps, with its precision matrix summed
    over the rows once."""
    tf.keras.utils.set_random_seed(6)
    generator = np.random.default_rng(6)
    labels = generator.integers(HEAD_CLASSES, size=HEAD_ROWS)
    centres = generator.normal(0, 2, (HEAD_CLASSES, HEAD_INPUTS))
    rows = (centres[labels] + generator.normal(size=(HEAD_ROWS, HEAD_INPUTS))).astype(np.float32)
    head = MODEL_GARDEN.RandomFeatureGaussianProcess(
        HEAD_CLASSES, num_inducing=HEAD_FEATURES, gp_cov_momentum=-1, normalize_input=True)
    head(rows, training=False)
    for _ in range(100):
        with tf.GradientTape() as tape:
            logits = head(rows, training=False)[0]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        for variable, gradient in zip(head.trainable_variables,
                                      tape.gradient(loss, head.trainable_variables)):
            variable.assign_sub(0.5 * gradient)
    head.reset_covariance_matrix()
    head(rows, training=True)
    points = generator.normal(0, 3, (40, HEAD_INPUTS)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = tf.train.Checkpoint(head).write(f"{folder}/weights")
        export(checkpoint, FOLDER / "imported_head.npz", "--compress")
    write(FOLDER / "imported_head_predictions.safetensors",
          predictions(head, points, training=False))


def main():
    write_network()
    write_head()


if __name__ == "__main__":
    main()
