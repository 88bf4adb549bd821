#include "io/posterior_check.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

/* The product R P R^T is looked at through fixed probe vectors z, at a cost of M^2 each, in double
   precision. Two questions are asked, because one alone misses something.

   1. Is R P R^T z = ridge z, z random? R was rounded to single precision, which changes R by E with
      |E_ij| <= u |R_ij|, so that the product is off by E P R^T + R P E^T. As P R^T = sqrt(ridge) L
      and P^-1 = R^T R / ridge, the expected square of |(E P R^T + R P E^T) z|, roundings being
      independent, is at most 2 u^2 ridge^2 sum_j P_jj (P^-1)_jj. Relative to |ridge z| this is
      u sqrt(2 g) with g the mean of P_jj (P^-1)_jj, which lies between 1 and the condition number,
      and is known exactly where R is right. In trials with condition numbers from 1 to 1e13 the
      error was 0.4 to 0.9 times u sqrt(g); sixteen times that are allowed. A root of another model
      is off by more than its own bound by factors of a thousand and more.

   2. Is s^T R P R^T s = ridge s^T s, s = R y, y random? Rounding acts at second order only here,
      u^2 times the condition number at most, so that a root scaled by 1 % is found out at any
      conditioning, which question 1 does not do for g beyond 1e8. But it looks at the directions
      where data are few, in which the roots of two models may agree. */
enum { NUM_PROBES = 4, BLOCK = 64 };
static const int64_t PROBE_SEED = 1;
static const double UNIT_ROUNDOFF = FLT_EPSILON / 2.0;
static const double ROUNDINGS = 16.0;
static const double SMALLEST_TOLERANCE = 1e-4;
static const double ENERGY_TOLERANCE = 1e-2; /* 1 % of scale are 2 % here */
/* Since P is at least ridge I, |R| is at most 1; far more is left to the rounding of a factor whose
   ridge is lost beside A. The bound keeps what follows from overflowing. */
static const double LARGEST_ENTRY = 1e6;

/* One matrix of a posterior. */
typedef struct {
  int64_t size;
  const double *precision;
  const float *root;
} matrix;

typedef struct {
  const matrix *of;
  int64_t size;
  double shift;      /* ridge + jitter */
  double *block;     /* (BLOCK, M): rows of R in double precision */
  double *z, *a, *b; /* (NUM_PROBES, M) each: the probes, and products */
} probing;

static sngp_status check_precision(const matrix *m) {
  int64_t size = m->size;
  for (int64_t i = 0; i < size; i++) {
    const double *row = m->precision + i * size;
    if (row[i] < 0.0)
      return sngp_fail(SNGP_ERROR_FORMAT,
                       "posterior.precision: element (%lld, %lld) of the diagonal is %g",
                       (long long)i, (long long)i, row[i]);
    for (int64_t j = 0; j < i; j++)
      if (row[j] != m->precision[j * size + i])
        return sngp_fail(SNGP_ERROR_FORMAT,
                         "posterior.precision: not symmetric, (%lld, %lld) is %g and (%lld, %lld) "
                         "is %g",
                         (long long)i, (long long)j, row[j], (long long)j, (long long)i,
                         m->precision[j * size + i]);
  }
  return SNGP_OK;
}

static sngp_status check_root(const matrix *m) {
  int64_t size = m->size;
  for (int64_t i = 0; i < size; i++) {
    const float *row = m->root + i * size;
    for (int64_t j = 0; j < size; j++) {
      bool possible = j > i ? row[j] == 0.0f : fabs((double)row[j]) <= LARGEST_ENTRY;
      if (j == i && !(row[j] > 0.0f)) possible = false;
      if (!possible)
        return sngp_fail(SNGP_ERROR_FORMAT,
                         "posterior.root: element (%lld, %lld) of a lower triangular root can't "
                         "be %g",
                         (long long)i, (long long)j, (double)row[j]);
    }
  }
  return SNGP_OK;
}

/* Makes rows begin ... begin + BLOCK of R double; returns how many there are. */
static int64_t load_block(const probing *p, int64_t begin) {
  int64_t count = p->size - begin < BLOCK ? p->size - begin : BLOCK;
  sngp_kernel_to_double((size_t)(count * p->size), p->of->root + begin * p->size, 1.0, p->block);
  return count;
}

/* y = x R, rows of probes. */
static void multiply_root(const probing *p, const double *x, double *y) {
  for (int64_t i = 0; i < p->size; i += BLOCK) {
    int64_t count = load_block(p, i);
    sngp_dgemm(false, false, NUM_PROBES, p->size, count, 1.0, x + i, p->size, p->block, p->size,
               i == 0 ? 0.0 : 1.0, y, p->size);
  }
}

/* y = x R^T, rows of probes. */
static void multiply_root_transposed(const probing *p, const double *x, double *y) {
  for (int64_t i = 0; i < p->size; i += BLOCK) {
    int64_t count = load_block(p, i);
    sngp_dgemm(false, true, NUM_PROBES, count, p->size, 1.0, x, p->size, p->block, p->size, 0.0,
               y + i, p->size);
  }
}

/* y = x P, rows of probes. */
static void multiply_precision(const probing *p, const double *x, double *y) {
  for (int64_t i = 0; i < NUM_PROBES * p->size; i++) y[i] = p->shift * x[i];
  sngp_dgemm(false, false, NUM_PROBES, p->size, p->size, 1.0, x, p->size, p->of->precision, p->size,
             1.0, y, p->size);
}

static double dot(int64_t size, const double *x, const double *y) {
  double sum = 0.0;
  for (int64_t i = 0; i < size; i++) sum += x[i] * y[i];
  return sum;
}

/* The sum over j of P_jj (R^T R)_jj, by rows of R. */
static double sum_of_roundings(const probing *p) {
  double sum = 0.0;
  for (int64_t i = 0; i < p->size; i++)
    for (int64_t j = 0; j <= i; j++) {
      double root = (double)p->of->root[i * p->size + j];
      sum += (p->shift + p->of->precision[j * p->size + j]) * root * root;
    }
  return sum;
}

/* Not finite where the elements are absurdly large. */
static double trace(const probing *p) {
  double sum = 0.0;
  for (int64_t i = 0; i < p->size; i++) sum += p->shift + p->of->precision[i * p->size + i];
  return sum;
}

static sngp_status fail_probe(const char *what, double found, double tolerance) {
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "posterior.root does not belong to posterior.precision: %s is off by %g, more "
                   "than %g",
                   what, found, tolerance);
}

/* Question 1. */
static sngp_status compare_products(const probing *p, double ridge) {
  double mean = sum_of_roundings(p) / (ridge * (double)p->size);
  double tolerance = SMALLEST_TOLERANCE + ROUNDINGS * UNIT_ROUNDOFF * sqrt(mean);
  multiply_root(p, p->z, p->a);
  multiply_precision(p, p->a, p->b);
  multiply_root_transposed(p, p->b, p->a);
  for (int64_t k = 0; k < NUM_PROBES; k++) {
    const double *z = p->z + k * p->size;
    double *difference = p->a + k * p->size;
    for (int64_t i = 0; i < p->size; i++) difference[i] -= ridge * z[i];
    double error = sqrt(dot(p->size, difference, difference) / dot(p->size, z, z)) / ridge;
    if (!(error <= tolerance)) return fail_probe("R P R^T z", error, tolerance);
  }
  return SNGP_OK;
}

/* Question 2. The factor's own rounding, in double precision, grows with trace(P) / ridge. */
static sngp_status compare_energies(const probing *p, double ridge) {
  double tolerance = ENERGY_TOLERANCE + DBL_EPSILON * trace(p) / p->shift;
  if (!isfinite(tolerance))
    return sngp_fail(SNGP_ERROR_FORMAT, "posterior.precision: its trace overflows");
  double expected[NUM_PROBES];
  multiply_root_transposed(p, p->z, p->a);
  for (int64_t k = 0; k < NUM_PROBES; k++)
    expected[k] = ridge * dot(p->size, p->a + k * p->size, p->a + k * p->size);
  multiply_root(p, p->a, p->b);
  multiply_precision(p, p->b, p->a);
  for (int64_t k = 0; k < NUM_PROBES; k++) {
    double energy = dot(p->size, p->a + k * p->size, p->b + k * p->size);
    double error = fabs(energy / expected[k] - 1.0);
    if (!(error <= tolerance)) return fail_probe("s^T R P R^T s", error, tolerance);
  }
  return SNGP_OK;
}

static sngp_status draw_probes(const probing *p) {
  size_t count = (size_t)(NUM_PROBES * p->size);
  float *values = sngp_allocate(count, sizeof *values);
  if (values == NULL) return sngp_fail_memory("checking the posterior");
  sngp_random_stream stream = sngp_random_open(PROBE_SEED, SNGP_RANDOM_DATA, 0, 0);
  sngp_random_fill_normal(&stream, 1.0, values, count);
  sngp_kernel_to_double(count, values, 1.0, p->z);
  sngp_release(values);
  return SNGP_OK;
}

static sngp_status check_probes(const matrix *m, double ridge, double shift) {
  int64_t size = m->size;
  size_t rows = BLOCK + 3 * NUM_PROBES, count = 0;
  double *memory =
      sngp_size_multiply(rows, (size_t)size, &count) ? sngp_allocate(count, sizeof *memory) : NULL;
  if (memory == NULL) return sngp_fail_memory("checking the posterior");
  double *z = memory + BLOCK * size;
  const probing p = {.of = m,
                     .size = size,
                     .shift = shift,
                     .block = memory,
                     .z = z,
                     .a = z + NUM_PROBES * size,
                     .b = z + 2 * NUM_PROBES * size};
  sngp_status status = draw_probes(&p);
  if (status == SNGP_OK) status = compare_products(&p, ridge);
  if (status == SNGP_OK) status = compare_energies(&p, ridge);
  sngp_release(memory);
  return status;
}

static sngp_status check_matrix(const matrix *m, double ridge, double shift) {
  SNGP_TRY(check_precision(m));
  SNGP_TRY(check_root(m));
  return check_probes(m, ridge, shift);
}

sngp_status sngp_posterior_check(const sngp_posterior *posterior, double ridge) {
  enum { PREFIX_SIZE = 32 };
  if (posterior->rows < 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "posterior.rows is %lld", (long long)posterior->rows);
  if (!(posterior->jitter >= 0.0))
    return sngp_fail(SNGP_ERROR_FORMAT, "training.covariance_jitter is %g", posterior->jitter);
  const int64_t side = posterior->matrices.side;
  for (int64_t k = 0; k < posterior->matrices.count; k++) {
    const matrix m = {.size = side,
                      .precision = posterior->precision + k * side * side,
                      .root = posterior->root + k * side * side};
    sngp_status status = check_matrix(&m, ridge, ridge + posterior->jitter);
    if (status == SNGP_OK) continue;
    char output[PREFIX_SIZE];
    snprintf(output, sizeof output, "output %lld", (long long)k);
    return posterior->matrices.count > 1 ? sngp_fail_prefix(status, output) : status;
  }
  return SNGP_OK;
}
