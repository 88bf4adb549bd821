"""Times the linear heads of bench_newton beside scikit-learn's LogisticRegression.

    python newton_beside_scikit_learn.py BENCH_NEWTON [--repeats N] [--tolerance X] [ROWS FEATURES CLASSES]...

Both solve the same problem (same features, intercepts, lambda = 1 / C) to the same norm of the
gradient, relative as in docs/numerics.md, and each is given the number of threads, 1 or 2, and
scikit-learn the precision too, that it is fastest with. scikit-learn's own tolerance is of the
gradient's largest element: it is lowered until the norm is reached, and that fit is the one that is
timed. Objectives must agree to 1e-4. Needs numpy, scikit-learn, threadpoolctl.
"""

import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

PROBLEMS = [(5000, 512, 10), (20000, 1024, 10), (20000, 1024, 150)]
LAMBDAS = (0.1, 1.0)  # those of bench_newton
THREADS = (1, 2)
MOST_ITERATIONS = 5000
AGREEMENT = 1e-4


def libsngp(program, rows, features, classes, tolerance, threads, folder=None):
    """Seconds, iterations and objective for each lambda."""
    command = [program, rows, features, tolerance, threads, "L-BFGS", f"{classes} classes"]
    command += [] if folder is None else [folder]
    lines = subprocess.run([str(part) for part in command], check=True, capture_output=True,
                           text=True).stdout.splitlines()[2:]
    assert all("not converged" not in line for line in lines), lines
    fields = [line.split() for line in lines]  # head (two words), lambda, solver, seconds, ...
    return {float(field[2]): (float(field[4]), int(field[5]), float(field[7])) for field in fields}


def objective_and_gradient(model, features, labels, penalty):
    """Of the summed negative log-likelihood and penalty / 2 |beta|^2, in double precision."""
    beta, intercept = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    if len(beta) == 1:  # two classes
        beta, intercept = np.vstack([-beta, beta]) / 2, np.concatenate([-intercept, intercept]) / 2
    value, slope, offset = 0.5 * penalty * np.sum(beta**2), penalty * beta, np.zeros(len(beta))
    for first in range(0, len(features), 2048):
        block, own = features[first:first + 2048].astype(np.float64), labels[first:first + 2048]
        logits = block @ beta.T + intercept
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        sums = exponentials.sum(axis=1, keepdims=True)
        value += np.sum(np.log(sums[:, 0]) - logits[np.arange(len(own)), own])
        residuals = exponentials / sums
        residuals[np.arange(len(own)), own] -= 1
        slope += residuals.T @ block
        offset += residuals.sum(axis=0)
    return value, np.sqrt(np.sum(slope**2) + np.sum(offset**2))


def fit(features, labels, penalty, tolerance, threads):
    model = LogisticRegression(C=1 / penalty, tol=tolerance, max_iter=MOST_ITERATIONS)
    with threadpool_limits(limits=threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the line search ends, in single precision
        start = time.perf_counter()
        model.fit(features, labels)
        return model, time.perf_counter() - start


def scikit_learn(features, labels, penalty, largest_norm, repeats):
    """The fastest way to a gradient of that norm: seconds, iterations, objective, how."""
    best = None
    for precision in (np.float32, np.float64):
        inputs = np.ascontiguousarray(features, dtype=precision)
        own = largest_norm / len(features)  # its objective is a mean over rows
        for _ in range(8):
            model, seconds = fit(inputs, labels, penalty, own, max(THREADS))
            value, norm = objective_and_gradient(model, features, labels, penalty)
            if norm <= largest_norm or (best is not None and seconds > 2 * best[0]):
                break
            own /= 3
        if norm > largest_norm:
            continue
        for threads in THREADS:
            times = [fit(inputs, labels, penalty, own, threads)[1] for _ in range(repeats)]
            found = (statistics.median(times), int(model.n_iter_[0]), value,
                     f"{threads} thread(s), {inputs.dtype}")
            best = found if best is None or found[0] < best[0] else best
    assert best is not None, "scikit-learn does not reach the gradient"
    return best


def compare(program, rows, size, classes, tolerance, repeats):
    with tempfile.TemporaryDirectory() as folder:
        libsngp(program, rows, size, classes, tolerance, 1, folder)
        features = np.load(pathlib.Path(folder) / "features.npy")
        labels = np.load(pathlib.Path(folder) / "targets.npy")[:, 0]
    runs = {threads: [libsngp(program, rows, size, classes, tolerance, threads)
                      for _ in range(repeats)] for threads in THREADS}
    squares = float(np.sum(features.astype(np.float64)**2)) + rows  # intercepts' ones
    for penalty in LAMBDAS:
        medians = {threads: statistics.median(run[penalty][0] for run in runs[threads])
                   for threads in THREADS}
        threads = min(medians, key=medians.get)
        _, iterations, value = runs[threads][0][penalty]
        theirs = scikit_learn(features, labels, penalty, tolerance * np.sqrt(rows * squares),
                              repeats)
        print(f"{rows:6} x {size:4} {classes:8} {penalty:7g} {medians[threads]:9.2f} s {iterations:5}"
              f" {theirs[0]:12.2f} s {theirs[1]:5} {theirs[0] / medians[threads]:7.1f}"
              f"   {threads} thread(s); {theirs[3]}", flush=True)
        assert abs(value - theirs[2]) <= AGREEMENT * abs(value), (value, theirs[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path, metavar="BENCH_NEWTON")
    parser.add_argument("problem", type=int, nargs="*", metavar="ROWS FEATURES CLASSES")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    options = parser.parse_intermixed_args()
    numbers = iter(options.problem)
    problems = list(zip(numbers, numbers, numbers)) or PROBLEMS
    print(f"relative gradient {options.tolerance:g}; medians of {options.repeats}; scikit-learn "
          f"{sklearn.__version__}")
    print("  rows x size  classes  lambda     libsngp  iter.  scikit-learn  iter.   ratio   each with")
    for problem in problems:
        compare(options.program, *problem, options.tolerance, options.repeats)


if __name__ == "__main__":
    main()
