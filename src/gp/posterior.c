#include "gp/posterior.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/gram.h"
#include "linalg/blas.h"
#include "linalg/cholesky.h"
#include "linalg/kernels.h"

static const double GIBIBYTE = 1024.0 * 1024.0 * 1024.0;

sngp_posterior_matrices sngp_posterior_matrices_of(int32_t kind, int64_t size,
                                                   int64_t num_outputs) {
  if (kind == SNGP_POSTERIOR_JOINT) {
    int64_t side = 0;
    if (__builtin_mul_overflow(size, num_outputs, &side)) side = INT64_MAX; /* of no model */
    return (sngp_posterior_matrices){1, side};
  }
  return (sngp_posterior_matrices){kind == SNGP_POSTERIOR_PER_OUTPUT ? num_outputs : 1, size};
}

static size_t area_of(const sngp_posterior *posterior) {
  return (size_t)posterior->matrices.count * (size_t)posterior->matrices.side *
         (size_t)posterior->matrices.side;
}

static sngp_status fail_memory(const sngp_posterior *posterior) {
  return sngp_fail(
      SNGP_ERROR_OUT_OF_MEMORY,
      "out of memory for the precision matrix of %lld random features and %lld outputs",
      (long long)posterior->size, (long long)posterior->num_outputs);
}

/* In floating-point, which does not overflow: the matrices and, while they are factored, a factor
   in double precision and, of several matrices, the new roots. */
static double bytes_of(const sngp_posterior *posterior) {
  const bool joint = posterior->kind == SNGP_POSTERIOR_JOINT;
  const double outputs = (double)posterior->num_outputs, size = (double)posterior->size;
  const double side = joint ? outputs * size : size;
  const double count = posterior->kind == SNGP_POSTERIOR_PER_OUTPUT ? outputs : 1;
  const double kept = count * (double)(sizeof *posterior->precision + sizeof *posterior->root);
  const double factoring = sizeof(double) + (count > 1 ? count * sizeof *posterior->root : 0);
  return side * side * (kept + factoring);
}

static sngp_status check_size(const sngp_posterior *posterior) {
  static const char *const KINDS[] = {"", "one for all outputs", "one for each output",
                                      "one of all outputs jointly"};
  const double wanted = bytes_of(posterior), there = (double)sngp_physical_memory();
  if (wanted <= there) return SNGP_OK;
  return sngp_fail(
      SNGP_ERROR_OUT_OF_MEMORY,
      "precision matrices of %lld outputs and %lld random features, %s, take %.4g GiB, "
      "but the machine has %.4g GiB",
      (long long)posterior->num_outputs, (long long)posterior->size, KINDS[posterior->kind],
      wanted / GIBIBYTE, there / GIBIBYTE);
}

sngp_status sngp_posterior_create(sngp_posterior *posterior, int32_t kind, int64_t size,
                                  int64_t num_outputs) {
  *posterior =
      (sngp_posterior){.kind = kind, .size = size, .num_outputs = num_outputs, .current = true};
  SNGP_TRY(check_size(posterior)); /* from here on nothing overflows */
  posterior->matrices = sngp_posterior_matrices_of(kind, size, num_outputs);
  const int64_t side = posterior->matrices.side;
  posterior->precision = sngp_allocate(area_of(posterior), sizeof *posterior->precision);
  posterior->root = sngp_allocate(area_of(posterior), sizeof *posterior->root);
  if (posterior->precision == NULL || posterior->root == NULL) {
    sngp_status status = fail_memory(posterior);
    sngp_posterior_destroy(posterior);
    return status;
  }
  for (int64_t k = 0; k < posterior->matrices.count; k++)
    for (int64_t i = 0; i < side; i++) posterior->root[(k * side + i) * side + i] = 1;
  return SNGP_OK;
}

static void drop_inverse(sngp_posterior *posterior) {
  sngp_release(posterior->inverse);
  posterior->inverse = NULL;
  posterior->changes = 0;
}

void sngp_posterior_destroy(sngp_posterior *posterior) {
  drop_inverse(posterior);
  sngp_release(posterior->precision);
  sngp_release(posterior->root);
  *posterior = (sngp_posterior){0};
}

void sngp_posterior_assign(sngp_posterior *to, const sngp_posterior *from) {
  drop_inverse(to);
  memcpy(to->precision, from->precision, area_of(from) * sizeof *to->precision);
  memcpy(to->root, from->root, area_of(from) * sizeof *to->root);
  to->rows = from->rows;
  to->jitter = from->jitter;
  to->current = from->current;
}

sngp_status sngp_posterior_copy(sngp_posterior *to, const sngp_posterior *from) {
  SNGP_TRY(sngp_posterior_create(to, from->kind, from->size, from->num_outputs));
  sngp_posterior_assign(to, from);
  return SNGP_OK;
}

void sngp_posterior_reset(sngp_posterior *posterior) {
  memset(posterior->precision, 0, area_of(posterior) * sizeof *posterior->precision);
  drop_inverse(posterior);
  posterior->rows = 0;
  posterior->current = false;
}

/* What all updates have in common. */
typedef struct {
  sngp_posterior *posterior;
  const sngp_posterior_rows *rows;
  double decay, scale;
  double *scratch;
  sngp_pool *pool;
} update;

static double mean_of(const double *values, int64_t count) {
  double sum = 0;
  for (int64_t k = 0; k < count; k++) sum += values[k];
  return sum / (double)count;
}

/* p_k (1 - p_k), the second factor as the sum of the other probabilities: rounding then leaves no
   row sum of the Hessian beside 0, and none of its eigenvalues negative. */
static double softmax_diagonal(const double *p, int64_t num_outputs, int64_t k) {
  double others = 0;
  for (int64_t l = 0; l < num_outputs; l++)
    if (l != k) others += p[l];
  return p[k] * others;
}

double sngp_posterior_curvature(const sngp_posterior *posterior, const sngp_posterior_rows *rows,
                                int64_t i, int64_t k) {
  const int64_t outputs = posterior->num_outputs;
  if (rows->curvature == NULL) return 1;
  const double *row = rows->curvature + i * outputs;
  return posterior->kind == SNGP_POSTERIOR_PER_OUTPUT ? row[k] : mean_of(row, outputs);
}

/* Of row i in block (k, l), but for its sign; SHARED is block (0, 0). */
static double curvature_of(const update *u, int64_t i, int64_t k, int64_t l) {
  const int64_t outputs = u->posterior->num_outputs;
  if (u->posterior->kind != SNGP_POSTERIOR_JOINT)
    return sngp_posterior_curvature(u->posterior, u->rows, i, k);
  const double *row = u->rows->curvature + i * outputs;
  return k == l ? softmax_diagonal(row, outputs, k) : row[k] * row[l];
}

static void update_block(const update *u, int64_t k, int64_t l, double *block) {
  const sngp_posterior_rows *rows = u->rows;
  const int64_t size = u->posterior->size;
  for (int64_t i = 0; i < rows->count; i++) {
    double weight = fabs(u->scale) * curvature_of(u, i, k, l);
    if (rows->weights != NULL) weight *= (double)rows->weights[i];
    sngp_kernel_to_double((size_t)size, rows->features + i * size, sqrt(weight),
                          u->scratch + i * size);
  }
  const double sign = (k == l ? 1 : -1) * (u->scale < 0 ? -1.0 : 1.0);
  sngp_gram_add(size, u->decay, block, u->posterior->matrices.side, sign, u->scratch, rows->count,
                size, u->pool);
}

void sngp_posterior_update(sngp_posterior *posterior, const sngp_posterior_rows *rows, double decay,
                           double scale, double *scratch, sngp_pool *pool) {
  const update u = {.posterior = posterior,
                    .rows = rows,
                    .decay = decay,
                    .scale = scale,
                    .scratch = scratch,
                    .pool = pool};
  const int64_t size = posterior->size, side = posterior->matrices.side;
  if (posterior->kind == SNGP_POSTERIOR_JOINT) {
    for (int64_t k = 0; k < posterior->num_outputs; k++)
      for (int64_t l = 0; l <= k; l++)
        update_block(&u, k, l, posterior->precision + (k * side + l) * size);
  } else {
    for (int64_t k = 0; k < posterior->matrices.count; k++)
      update_block(&u, k, k, posterior->precision + k * size * size);
  }
  drop_inverse(posterior);
  posterior->rows += scale < 0 ? -rows->count : rows->count;
  posterior->current = false;
}

/* The blocks of a joint matrix are symmetric; only their lower triangles were summed. */
static void complete_blocks(sngp_posterior *posterior) {
  const int64_t size = posterior->size, side = posterior->matrices.side;
  if (posterior->kind != SNGP_POSTERIOR_JOINT) return;
  for (int64_t k = 0; k < posterior->num_outputs; k++)
    for (int64_t l = 0; l < k; l++) {
      double *block = posterior->precision + (k * side + l) * size;
      for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < i; j++) block[j * side + i] = block[i * side + j];
    }
}

void sngp_posterior_complete(sngp_posterior *posterior) {
  const int64_t side = posterior->matrices.side;
  complete_blocks(posterior);
  for (int64_t k = 0; k < posterior->matrices.count; k++)
    sngp_mirror_lower_double(side, posterior->precision + k * side * side);
}

/* What factoring takes beside the posterior, and gives. */
typedef struct {
  double *lower; /* of one matrix, or, to be kept, of all */
  bool keeps;
  float *roots;
  double jitter;
} factoring;

/* The roots of all matrices, with the same jitter on each. */
static sngp_status compute_roots(const sngp_posterior *posterior, double ridge, factoring *f) {
  const int64_t side = posterior->matrices.side, area = side * side;
  for (int64_t k = 0; k < posterior->matrices.count; k++) {
    double added = 0, *lower = f->lower + (f->keeps ? k * area : 0);
    SNGP_TRY(
        sngp_cholesky(side, posterior->precision + k * area, ridge + f->jitter, lower, &added));
    SNGP_TRY(sngp_invert_lower(side, lower));
    sngp_kernel_from_double((size_t)area, lower, sqrt(ridge), f->roots + k * area);
    f->jitter += added;
    if (added > 0 && k > 0) k = -1; /* the first ones again, with the jitter that this one needs */
  }
  return SNGP_OK;
}

static sngp_status finish(sngp_posterior *posterior, double ridge, bool keeps) {
  const int64_t side = posterior->matrices.side;
  const bool several = posterior->matrices.count > 1; /* then one may fail after others */
  factoring f = {.keeps = keeps};
  f.lower = sngp_allocate(keeps ? area_of(posterior) : (size_t)(side * side), sizeof *f.lower);
  f.roots = several ? sngp_allocate(area_of(posterior), sizeof *f.roots) : posterior->root;
  complete_blocks(posterior);
  sngp_status status = f.lower != NULL && f.roots != NULL
                           ? compute_roots(posterior, ridge, &f)
                           : sngp_fail_memory("the factor of the precision matrix");
  if (status != SNGP_OK || !keeps) sngp_release(f.lower);
  if (status != SNGP_OK) {
    if (several) sngp_release(f.roots);
    return status;
  }
  drop_inverse(posterior);
  if (keeps) posterior->inverse = f.lower;
  if (several) sngp_release(posterior->root);
  posterior->root = f.roots;
  sngp_posterior_complete(posterior);
  posterior->jitter = f.jitter;
  posterior->current = true;
  return SNGP_OK;
}

sngp_status sngp_posterior_finish(sngp_posterior *posterior, double ridge) {
  return finish(posterior, ridge, false);
}

sngp_status sngp_posterior_finish_for_changes(sngp_posterior *posterior, double ridge) {
  return finish(posterior, ridge, true);
}
