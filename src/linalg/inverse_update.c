#include "linalg/inverse_update.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

/* Columns of R that a task takes, and terms that pass over it at once: their sums stay in the
 * cache.
 */
enum { TILE = 256, TERMS = 16 };

static size_t num_tiles(int64_t n) { return ((size_t)n + TILE - 1) / TILE; }

/* The check needs X R^T (k, n) and its Gram matrix (k, k); a pass X R^T (TERMS, n), the rotations
   (n, TERMS), and sums (TERMS, TILE) of every tile. */
bool sngp_inverse_update_scratch(int64_t n, int64_t k, size_t *doubles) {
  const size_t of_row = TERMS * (1 + sizeof(sngp_rotation) / sizeof(double));
  size_t projected = 0, gram = 0, check = 0, rows = 0, pass = 0;
  if (!sngp_size_multiply((size_t)n, (size_t)k, &projected) ||
      !sngp_size_multiply((size_t)k, (size_t)k, &gram) || !sngp_size_add(projected, gram, &check) ||
      !sngp_size_multiply((size_t)n, of_row, &rows) ||
      !sngp_size_add(rows, num_tiles(n) * TILE * TERMS, &pass))
    return false;
  *doubles = check > pass ? check : pass;
  return true;
}

/* Pivots of I - W W^T, W (k, n): each is what is left of one term's direction, the ones before it
   taken away. */
static bool are_in(int64_t n, int64_t k, const double *w, double *gram) {
  const double least = (double)n * DBL_EPSILON;
  sngp_dsyrk(k, n, w, n, gram, k);
  for (int64_t i = 0; i < k; i++)
    for (int64_t j = 0; j <= i; j++) {
      double left = (i == j ? 1 : 0) - gram[i * k + j];
      for (int64_t l = 0; l < j; l++) left -= gram[i * k + l] * gram[j * k + l];
      if (i == j && !(left > least)) return false;
      gram[i * k + j] = i == j ? sqrt(left) : left / gram[j * k + j];
    }
  return true;
}

sngp_status sngp_inverse_update_check(int64_t n, const double *inverse, int64_t k, double sign,
                                      const double *x, double *scratch) {
  memcpy(scratch, x, (size_t)(k * n) * sizeof *scratch);
  sngp_dtrmm_rows(k, n, inverse, scratch);
  for (int64_t t = 0; t < k; t++)
    if (!isfinite(sngp_ddot(n, scratch + t * n, scratch + t * n)))
      return sngp_fail(SNGP_ERROR_NUMERICAL, "features of row %lld are not finite, or too large",
                       (long long)t);
  if (sign > 0 || are_in(n, k, scratch, scratch + k * n)) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_NUMERICAL,
                   "without these %lld rows the precision matrix (%lld x %lld) is not positive "
                   "definite: they are not all among the rows it holds",
                   (long long)k, (long long)n, (long long)n);
}

/* The rotations (n, k) of k terms, W (k, n): each acts on the rows of R, and before that on the
   other terms' w that are still to come. */
static void compute_rotations(int64_t n, int64_t k, double sign, const double *w,
                              sngp_rotation *rotations) {
  double squares[TERMS], sums[TERMS][TERMS] = {{0}};
  for (int64_t t = 0; t < k; t++) squares[t] = 1;
  for (int64_t i = 0; i < n; i++) {
    double row[TERMS];
    for (int64_t t = 0; t < k; t++) row[t] = w[t * n + i];
    for (int64_t t = 0; t < k; t++) {
      const double own = row[t], before = squares[t];
      const double after = fmax(before + sign * own * own, DBL_MIN); /* above 0 but for rounding */
      const sngp_rotation of = {
          .keep = sqrt(before / after), .take = sign * own / sqrt(before * after), .weight = own};
      for (int64_t u = t + 1; u < k; u++) {
        double old = row[u];
        row[u] = of.keep * old - of.take * sums[t][u];
        sums[t][u] += own * old;
      }
      squares[t] = after;
      rotations[i * k + t] = of;
    }
  }
}

typedef struct {
  int64_t n, k;
  const sngp_rotation *rotations;
  double *inverse, *sums;
} rotating;

static void rotate_tile(void *context, int index) {
  const rotating *r = context;
  const int64_t first = (int64_t)index * TILE;
  double *sums = r->sums + (int64_t)index * TILE * TERMS;
  memset(sums, 0, TILE * TERMS * sizeof *sums);
  for (int64_t i = first; i < r->n; i++) {
    const int64_t end = i + 1 < first + TILE ? i + 1 : first + TILE;
    sngp_kernel_rotate((size_t)(end - first), (size_t)r->k, r->rotations + i * r->k,
                       r->inverse + i * r->n + first, sums, TILE);
  }
}

void sngp_inverse_update_apply(int64_t n, double *inverse, int64_t k, double sign, const double *x,
                               double *scratch, sngp_pool *pool) {
  double *w = scratch;
  sngp_rotation *rotations = (sngp_rotation *)(void *)(w + TERMS * n);
  double *sums = (double *)(void *)(rotations + TERMS * n);
  for (int64_t first = 0; first < k; first += TERMS) {
    const int64_t terms = k - first < TERMS ? k - first : TERMS;
    memcpy(w, x + first * n, (size_t)(terms * n) * sizeof *w);
    sngp_dtrmm_rows(terms, n, inverse, w);
    compute_rotations(n, terms, sign, w, rotations);
    rotating r = {n, terms, rotations, inverse, sums};
    sngp_pool_run(pool, rotate_tile, &r, (int)num_tiles(n));
  }
}
