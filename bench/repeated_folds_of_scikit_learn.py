"""scikit-learn's digits, breast cancer and wine for bench_repeated_folds, and its own classifier on them.

    python3 bench/repeated_folds_of_scikit_learn.py FOLDER

writes FOLDER/NAME_x.npy, NAME_y.npy and NAME_folds.npy: ten repetitions of stratified 5-fold, one a
column, the fold that each row is held out in. Prints accuracy and negative log-likelihood of
StandardScaler + SVC(), its probabilities by Platt scaling, averaged over the 50 held-out parts.
"""

import sys
import warnings

import numpy as np
from sklearn import datasets
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

REPETITIONS = 10
FOLDS = 5
SETS = {
    "digits": datasets.load_digits,
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
}


def folds_of(x, y):
    """The fold in which each row is held out (rows, repetitions)."""
    folds = np.zeros((len(y), REPETITIONS), dtype=np.int32)
    for repetition in range(REPETITIONS):
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=repetition)
        for fold, (_, held_out) in enumerate(splitter.split(x, y)):
            folds[held_out, repetition] = fold
    return folds


def judge(x, y, folds):
    accuracies, losses = [], []
    for repetition in range(REPETITIONS):
        for fold in range(FOLDS):
            held_out = folds[:, repetition] == fold
            model = make_pipeline(StandardScaler(), SVC(probability=True, random_state=0))
            model.fit(x[~held_out], y[~held_out])
            accuracies.append(accuracy_score(y[held_out], model.predict(x[held_out])))
            losses.append(log_loss(y[held_out], model.predict_proba(x[held_out])))
    return np.mean(accuracies), np.mean(losses)


def main():
    folder = sys.argv[1]
    warnings.filterwarnings("ignore")
    scores = []
    for name, load in SETS.items():
        x, y = load(return_X_y=True)
        folds = folds_of(x, y)
        np.save(f"{folder}/{name}_x.npy", x)
        np.save(f"{folder}/{name}_y.npy", y.astype(np.int32))
        np.save(f"{folder}/{name}_folds.npy", folds)
        accuracy, loss = judge(x, y, folds)
        scores.append((accuracy, loss))
        print(f"{name:14s} SVC        accuracy {accuracy:.4f}  nll {loss:.4f}", flush=True)
    accuracy, loss = np.mean(scores, axis=0)
    print(f"{'mean':14s} SVC        accuracy {accuracy:.4f}  nll {loss:.4f}")


if __name__ == "__main__":
    main()
