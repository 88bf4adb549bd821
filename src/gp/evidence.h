/* The evidence (log marginal likelihood) of Gaussian regression on features (Rasmussen and Williams
   2006, equation 5.8, in weight space), for many values of lambda = noise / prior variance and
   noise after one eigendecomposition. With P = lambda I + A, b = Phi^T W y, W the weights and n the
   number of rows of weight above 0, for a target

     evidence = -n/2 log(2 pi noise) + log|W| / 2 - (log|P| - M log lambda) / 2
                - (y^T W y - b^T P^-1 b) / (2 noise)

   Targets share lambda, so that one factor of P serves all; each may have a noise of its own, and
   then a prior variance of its own, noise / lambda. */
#ifndef SNGP_GP_EVIDENCE_H
#define SNGP_GP_EVIDENCE_H

#include <stdbool.h>

#include "gp/statistics.h"

typedef struct {
  int64_t size, num_targets;
  double count;       /* n */
  double log_weight;  /* log|W| */
  double *values;     /* eigenvalues of A (M), 0 or more */
  double *components; /* (V b)^2 (T, M), V the eigenvectors */
  double *squares;    /* y^T W y (T) */
} sngp_evidence;

/* Of the targets as they are, or with `center` less their means. Takes 2 M^2 doubles more while it
   works. Fails where memory is short or the statistics are not finite. */
sngp_status sngp_evidence_create(sngp_evidence *evidence, const sngp_statistics *statistics,
                                 bool center);
void sngp_evidence_destroy(sngp_evidence *evidence);

/* The evidence of one target, for lambda, noise > 0, and its gradient (2; or NULL) in log lambda
   and log noise, each with the other fixed. O(M). */
double sngp_evidence_value(const sngp_evidence *evidence, int64_t target, double lambda,
                           double noise, double *gradient);

typedef enum {
  SNGP_NOISE_SHARED, /* one noise for all targets, estimated */
  SNGP_NOISE_OWN,    /* one for each, estimated */
  SNGP_NOISE_GIVEN   /* (T) by the caller, kept */
} sngp_noise_mode;

/* What maximises the sum of the targets' evidences: returns it, with lambda and noise (T). For each
   lambda the best noise is known, the mean of the squared residuals it leaves, n noise = y^T W y -
   b^T P^-1 b, so that the search is over lambda alone: the best of a grid from 1e-12 to 1e4 times
   the largest eigenvalue, then bisection of the derivative in log lambda to 1e-10. The optimum may
   be an end of the range (targets that are noise alone want lambda = infinity). An estimated noise
   is at least 1e-12 times the mean square of its targets, which is what rounding leaves of the
   difference. There must be rows, of weight above 0, among the statistics. */
double sngp_evidence_maximize(const sngp_evidence *evidence, sngp_noise_mode mode, double *lambda,
                              double *noise);

#endif
