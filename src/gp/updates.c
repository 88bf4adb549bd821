#include "gp/updates.h"

#include <math.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "linalg/inverse_update.h"
#include "linalg/kernels.h"

/* Terms of rank one for which an update is faster than factoring anew, as a share of the matrix's
   side, and terms since the last factorisation after which there is another one in any case, so
   that rounding does not add up. Measured by bench/bench_update on an AMD EPYC with AVX-512,
   OpenBLAS 0.3.21, one thread: for 256, 1,024 and 2,048 features both ways take the same time at
   about 60, 120 and 160 terms. */
static const double UPDATE_SHARE = 0.0625, REFRESH_SHARE = 1;

/* Terms of rank one that a row is: diag(p) - p p^T = sum over k of p_k (e_k - p)(e_k - p)^T. */
static int64_t terms_of_row(const sngp_posterior *posterior) {
  return posterior->kind == SNGP_POSTERIOR_JOINT ? posterior->num_outputs : 1;
}

bool sngp_posterior_takes_rows(const sngp_posterior *posterior, int64_t count) {
  const double side = (double)posterior->matrices.side;
  const double terms = (double)count * (double)terms_of_row(posterior);
  return posterior->inverse != NULL && posterior->jitter == 0 && terms <= UPDATE_SHARE * side &&
         (double)posterior->changes + terms <= REFRESH_SHARE * side;
}

/* Sums of squares that are negative by more than this share of what they, and the ridge, were are
   not so by rounding. */
static const double ROUNDING_SHARE = 1e-8;

static sngp_status check_diagonal(double before, double left, double ridge, int64_t feature) {
  if (left >= -ROUNDING_SHARE * (before + ridge)) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "without these rows the sum of squares of feature %lld is %g: they are not all "
                   "among the rows of the precision matrix",
                   (long long)feature, left);
}

static double *diagonal(const sngp_posterior *posterior, int64_t matrix, int64_t i) {
  const int64_t side = posterior->matrices.side;
  return &posterior->precision[(matrix * side + i) * side + i];
}

static void settle_diagonals(sngp_posterior *posterior) {
  for (int64_t k = 0; k < posterior->matrices.count; k++)
    for (int64_t i = 0; i < posterior->matrices.side; i++)
      if (*diagonal(posterior, k, i) < 0) *diagonal(posterior, k, i) = 0; /* a NaN stays */
}

sngp_status sngp_posterior_check_left(const sngp_posterior *before, sngp_posterior *left,
                                      double ridge) {
  for (int64_t k = 0; k < left->matrices.count; k++)
    for (int64_t i = 0; i < left->matrices.side; i++)
      SNGP_TRY(
          check_diagonal(*diagonal(before, k, i), *diagonal(left, k, i), ridge, i % left->size));
  settle_diagonals(left);
  return SNGP_OK;
}

/* A change under way. */
typedef struct {
  sngp_posterior *posterior;
  const sngp_posterior_rows *rows;
  double sign;
  int64_t terms;
  double *vectors; /* (terms, side), of one matrix */
  double *scratch;
} change;

static void write_joint_vectors(const change *c, int64_t row, double weight) {
  const int64_t outputs = c->posterior->num_outputs, size = c->posterior->size;
  const double *p = c->rows->curvature + row * outputs;
  for (int64_t k = 0; k < outputs; k++) {
    double *vector = c->vectors + (row * outputs + k) * outputs * size;
    const double root = sqrt(weight * p[k]);
    for (int64_t l = 0; l < outputs; l++)
      sngp_kernel_to_double((size_t)size, c->rows->features + row * size,
                            root * ((l == k ? 1 : 0) - p[l]), vector + l * size);
  }
}

static void write_vectors(const change *c, int64_t matrix) {
  const int64_t size = c->posterior->size;
  for (int64_t i = 0; i < c->rows->count; i++) {
    const double weight = c->rows->weights != NULL ? (double)c->rows->weights[i] : 1;
    if (c->posterior->kind == SNGP_POSTERIOR_JOINT) {
      write_joint_vectors(c, i, weight);
      continue;
    }
    const double root = sqrt(weight * sngp_posterior_curvature(c->posterior, c->rows, i, matrix));
    sngp_kernel_to_double((size_t)size, c->rows->features + i * size, root, c->vectors + i * size);
  }
}

static sngp_status check_leaving(const change *c, int64_t matrix, double ridge) {
  const int64_t side = c->posterior->matrices.side;
  for (int64_t i = 0; i < side; i++) {
    double before = *diagonal(c->posterior, matrix, i), left = before;
    for (int64_t t = 0; t < c->terms; t++)
      left -= c->vectors[t * side + i] * c->vectors[t * side + i];
    SNGP_TRY(check_diagonal(before, left, ridge, i % c->posterior->size));
  }
  return SNGP_OK;
}

static sngp_status check(const change *c, double ridge) {
  const int64_t side = c->posterior->matrices.side;
  for (int64_t k = 0; k < c->posterior->matrices.count; k++) {
    write_vectors(c, k);
    SNGP_TRY(sngp_inverse_update_check(side, c->posterior->inverse + k * side * side, c->terms,
                                       c->sign, c->vectors, c->scratch));
    if (c->sign < 0) SNGP_TRY(check_leaving(c, k, ridge));
  }
  return SNGP_OK;
}

/* Cannot fail. */
static void apply(const change *c, double ridge, sngp_pool *pool) {
  sngp_posterior *posterior = c->posterior;
  const int64_t side = posterior->matrices.side, area = side * side;
  double *inverse = posterior->inverse;
  posterior->inverse = NULL; /* it goes on below */
  sngp_posterior_update(posterior, c->rows, 1, c->sign, c->scratch, pool);
  posterior->inverse = inverse;
  if (c->sign < 0) settle_diagonals(posterior);
  posterior->changes += c->terms;
  for (int64_t k = 0; k < posterior->matrices.count; k++) {
    write_vectors(c, k);
    sngp_inverse_update_apply(side, inverse + k * area, c->terms, c->sign, c->vectors, c->scratch,
                              pool);
    for (int64_t i = 0; i < side; i++) {
      const int64_t row = k * area + i * side;
      sngp_kernel_from_double((size_t)i + 1, inverse + row, sqrt(ridge), posterior->root + row);
    }
  }
  sngp_posterior_complete(posterior);
  posterior->current = true;
}

sngp_status sngp_posterior_change(sngp_posterior *posterior, const sngp_posterior_rows *rows,
                                  double sign, double ridge, sngp_pool *pool) {
  const int64_t side = posterior->matrices.side;
  change c = {.posterior = posterior,
              .rows = rows,
              .sign = sign,
              .terms = rows->count * terms_of_row(posterior)};
  size_t doubles = 0, vectors = 0, all = 0, of_rows = 0;
  bool fits = sngp_inverse_update_scratch(side, c.terms, &doubles) &&
              sngp_size_multiply((size_t)c.terms, (size_t)side, &vectors) &&
              sngp_size_multiply((size_t)rows->count, (size_t)posterior->size, &of_rows);
  if (of_rows > doubles) doubles = of_rows;
  fits = fits && sngp_size_add(doubles, vectors, &all);
  c.scratch = fits ? sngp_allocate(all, sizeof *c.scratch) : NULL;
  if (c.scratch == NULL) return sngp_fail_memory("rows that enter or leave a posterior");
  c.vectors = c.scratch + doubles;
  sngp_status status = check(&c, ridge);
  if (status == SNGP_OK) apply(&c, ridge, pool);
  sngp_release(c.scratch);
  return status;
}
