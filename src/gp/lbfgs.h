/* The last steps of a minimisation and the changes of the gradient over them, which stand for the
   inverse of the Hessian (Nocedal, Mathematics of Computation 35, 1980; two loops as in Nocedal and
   Wright, Numerical Optimization, 2006, algorithm 7.4). */
#ifndef SNGP_GP_LBFGS_H
#define SNGP_GP_LBFGS_H

#include <stdint.h>

#include "base/status.h"

enum { SNGP_LBFGS_LENGTH = 10 }; /* steps kept; 3 to 20 are usual (Nocedal and Wright) */

typedef struct {
  int64_t count; /* of parameters */
  int64_t length, newest;
  double scale;                         /* of the initial matrix */
  double *steps;                        /* (LENGTH, count) */
  double *changes;                      /* (LENGTH, count) */
  double curvatures[SNGP_LBFGS_LENGTH]; /* step * change */
  double products[SNGP_LBFGS_LENGTH];
} sngp_lbfgs;

sngp_status sngp_lbfgs_create(sngp_lbfgs *history, int64_t count);
void sngp_lbfgs_destroy(sngp_lbfgs *history);

/* Forgets all steps. */
void sngp_lbfgs_clear(sngp_lbfgs *history);

/* From the gradient g in `vector` to H g: the first function, then the initial matrix, by the
   caller, and `scale`, then the second. Without steps both do nothing. */
void sngp_lbfgs_begin(sngp_lbfgs *history, double *vector);
void sngp_lbfgs_end(sngp_lbfgs *history, double *vector);

/* A step from one point with its gradient to the next, where `solved`, the initial matrix times the
   change of the gradient, is known; left out where it shows no curvature. */
void sngp_lbfgs_add(sngp_lbfgs *history, const double *step, const double *change,
                    const double *solved);

#endif
