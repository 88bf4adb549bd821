/* The evidence of Gaussian regression on features (gp/evidence.h) where the features themselves are
   to be chosen: its value for one lambda, and its gradient in every feature of every row. With
   P = lambda I + A, beta = P^-1 b and the residuals R = Y - Phi beta, of sqrt(w) phi and sqrt(w) y,

     d evidence / d Phi = R diag(1 / noise) beta^T - T Phi P^-1

   P is factored where there are fewer features than rows, else K = lambda I + Phi Phi^T, which says
   the same of n rows: P^-1 Phi^T = Phi^T K^-1 and |P| lambda^n = |K| lambda^M. */
#ifndef SNGP_GP_FEATURE_EVIDENCE_H
#define SNGP_GP_FEATURE_EVIDENCE_H

#include "gp/evidence.h"

typedef struct {
  int64_t count, size, num_targets; /* n, M, T */
  double rows;                      /* of weight above 0 */
  double log_weight;                /* the sum of their log w */
  double *features;                 /* sqrt(w) phi (n, M), written by the caller */
  double *targets;                  /* sqrt(w) y (n, T), written by the caller */
  bool of_rows;                     /* K is factored, not P */
  int64_t side;                     /* its rows: min(n, M) */
  double lambda;                    /* that the last value was of */
  double squares;                   /* |Phi|^2 of the last gram */
  double *noise;                    /* (T), of the last value */
  double *gram;                     /* (side, side) */
  double *lower;                    /* (side, side) */
  double *coefficients;             /* beta (M, T) */
  double *residuals;                /* R (n, T) */
} sngp_feature_evidence;

/* For rows of weight 1 (the caller sets `rows` and `log_weight` where they are not). */
sngp_status sngp_feature_evidence_create(sngp_feature_evidence *evidence, int64_t count,
                                         int64_t size, int64_t num_targets);
void sngp_feature_evidence_destroy(sngp_feature_evidence *evidence);

/* The products of the features, once after they were written. O(n M min(n, M)). No function here
   gives results that depend on the pool. */
void sngp_feature_evidence_begin(sngp_feature_evidence *evidence, sngp_pool *pool);

/* The evidence summed over targets, and the best noise (T), or the given one, as in
   sngp_evidence_maximize(); -INFINITY where lambda is too small beside the features for a factor in
   double precision, and where something is not finite. O(min(n, M)^3). */
double sngp_feature_evidence_value(sngp_feature_evidence *evidence, sngp_noise_mode mode,
                                   double lambda, double *noise);

/* Once after a value that was finite, before gradients by row: the derivative in log lambda, with
   the best noise or the given one. The gram, coefficients and residuals are used up. */
sngp_status sngp_feature_evidence_turn(sngp_feature_evidence *evidence, sngp_pool *pool,
                                       double *dlog_lambda);

/* The derivative in sqrt(w) phi of `count` rows (count, M). */
void sngp_feature_evidence_gradient(const sngp_feature_evidence *evidence, int64_t first,
                                    int64_t count, double *gradient);

#endif
