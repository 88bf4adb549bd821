/* Few rows of many features, by as many coordinates as their features have dimensions. */
#ifndef SNGP_TRAIN_COORDINATES_H
#define SNGP_TRAIN_COORDINATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Phi (n, M) = C Q, C (n, r) the coordinates and the r rows of Q orthonormal. A linear model with a
   penalty on its squared weights loses nothing to C: the weights of the minimum lie in the span of
   the rows (Schoelkopf, Herbrich and Smola, COLT 2001), beta = Q^T gamma, and |beta| = |gamma|. */
typedef struct {
  int64_t rows, size; /* n, M */
  int64_t rank;       /* r, at most n: directions that rounding makes up are left out */
  double *features;   /* (n, M) */
  double *vectors;    /* (n, n): eigenvectors of Phi Phi^T, one a row, ascending */
  double *values;     /* (n): eigenvalues, ascending */
  double *weights;    /* (n, outputs): of the rows, while a solution is looked at */
  float *coordinates; /* (n, r) */
} sngp_coordinates;

/* Whether finding coordinates is worth its time. */
bool sngp_coordinates_pay(int64_t rows, int64_t size);

/* Takes memory, O(n M); to be destroyed on failure too. */
sngp_status sngp_coordinates_create(sngp_coordinates *made, int64_t rows, int64_t size,
                                    int64_t outputs);
void sngp_coordinates_destroy(sngp_coordinates *coordinates);

/* Finds rank and coordinates of features (n, M). */
sngp_status sngp_coordinates_find(sngp_coordinates *coordinates, const float *features);

/* beta (M, outputs) = Q^T gamma, gamma (r, outputs). */
void sngp_coordinates_weights(const sngp_coordinates *coordinates, const double *gamma,
                              int64_t outputs, double *beta);

#endif
