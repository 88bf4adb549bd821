#include "gp/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "gp/gram.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

/* Features that a task takes for the sums by class. */
enum { TILE = 256 };

sngp_status sngp_statistics_create(sngp_statistics *statistics, int64_t size, int64_t num_targets,
                                   double *gram) {
  *statistics = (sngp_statistics){.size = size, .num_targets = num_targets, .gram = gram};
  size_t area = 0, cross = 0, all = 0;
  bool fits = sngp_size_multiply((size_t)size, (size_t)size, &area) &&
              sngp_size_multiply((size_t)size, (size_t)num_targets, &cross) &&
              sngp_size_add(cross, (size_t)size, &all) &&
              sngp_size_add(all, 2 * (size_t)num_targets, &all);
  double *sums = fits ? sngp_allocate(all, sizeof *sums) : NULL;
  if (sums != NULL && gram == NULL) statistics->gram = sngp_allocate(area, sizeof *gram);
  statistics->owned[0] = sums;
  statistics->owned[1] = gram == NULL ? statistics->gram : NULL;
  if (sums == NULL || statistics->gram == NULL) {
    sngp_statistics_destroy(statistics);
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "out of memory for sums over %lld features and %lld targets", (long long)size,
                     (long long)num_targets);
  }
  statistics->cross = sums;
  statistics->feature_sums = sums + cross;
  statistics->target_sums = statistics->feature_sums + size;
  statistics->target_squares = statistics->target_sums + num_targets;
  return SNGP_OK;
}

void sngp_statistics_destroy(sngp_statistics *statistics) {
  sngp_release(statistics->owned[0]);
  sngp_release(statistics->owned[1]);
  *statistics = (sngp_statistics){0};
}

/* Of `cross` and all that lies behind it. */
static size_t num_sums(const sngp_statistics *statistics) {
  return (size_t)(statistics->size * (statistics->num_targets + 1) + 2 * statistics->num_targets);
}

static size_t gram_area(const sngp_statistics *statistics) {
  return (size_t)(statistics->size * statistics->size);
}

void sngp_statistics_assign(sngp_statistics *to, const sngp_statistics *from) {
  if (to->gram != NULL) memcpy(to->gram, from->gram, gram_area(from) * sizeof *to->gram);
  memcpy(to->cross, from->cross, num_sums(from) * sizeof *to->cross);
  to->weight = from->weight;
  to->count = from->count;
  to->log_weight = from->log_weight;
  to->rows = from->rows;
}

void sngp_statistics_reset(sngp_statistics *statistics) {
  memset(statistics->gram, 0, gram_area(statistics) * sizeof *statistics->gram);
  memset(statistics->cross, 0, num_sums(statistics) * sizeof *statistics->cross);
  statistics->weight = statistics->count = statistics->log_weight = 0;
  statistics->rows = 0;
}

size_t sngp_statistics_scratch(const sngp_statistics *statistics, int64_t count) {
  return (size_t)count * (size_t)(statistics->size + statistics->num_targets + 1);
}

/* A block of rows on its way into the sums. */
typedef struct {
  sngp_statistics *statistics;
  const sngp_target_rows *rows;
  double sign;      /* 1 or -1 */
  double *roots;    /* sqrt(w) (count) */
  double *features; /* sqrt(w) phi (count, M) */
  double *targets;  /* sqrt(w) y (count, T) */
} block;

enum { ROWS_OF_TASK = 32 };

static void convert_features(void *context, int index) {
  const block *b = context;
  int64_t size = b->statistics->size, first = (int64_t)index * ROWS_OF_TASK;
  int64_t end = first + ROWS_OF_TASK < b->rows->count ? first + ROWS_OF_TASK : b->rows->count;
  for (int64_t i = first; i < end; i++)
    sngp_kernel_to_double((size_t)size, b->rows->features + i * size, b->roots[i],
                          b->features + i * size);
}

static int num_tasks(int64_t count, int64_t each) { return (int)((count + each - 1) / each); }

static void prepare_rows(const block *b, sngp_pool *pool) {
  const sngp_target_rows *rows = b->rows;
  for (int64_t i = 0; i < rows->count; i++)
    b->roots[i] = rows->weights != NULL ? sqrt((double)rows->weights[i]) : 1;
  sngp_pool_run(pool, convert_features, (void *)b, num_tasks(rows->count, ROWS_OF_TASK));
}

/* Weights, and sums of targets. */
static void add_targets(const block *b) {
  sngp_statistics *to = b->statistics;
  const sngp_target_rows *rows = b->rows;
  int64_t width = to->num_targets;
  for (int64_t i = 0; i < rows->count; i++) {
    double root = b->roots[i], weight = b->sign * root * root;
    to->weight += weight;
    if (root > 0) {
      to->count += b->sign;
      to->log_weight += b->sign * 2 * log(root);
    }
    if (rows->targets == NULL) {
      to->target_sums[rows->labels[i]] += weight;
      to->target_squares[rows->labels[i]] += weight;
      continue;
    }
    for (int64_t t = 0; t < width; t++) {
      double target = rows->targets[i * width + t];
      to->target_sums[t] += weight * target;
      to->target_squares[t] += weight * target * target;
      b->targets[i * width + t] = root * target;
    }
  }
  to->rows += b->sign > 0 ? rows->count : -rows->count;
}

/* sum w phi over the rows of class `label`, or over all for a negative one, for one tile. */
static void sum_class(const block *b, int64_t begin, int64_t width, int64_t label, double *sum) {
  memset(sum, 0, (size_t)width * sizeof *sum);
  for (int64_t i = 0; i < b->rows->count; i++)
    if (label < 0 || b->rows->labels[i] == label)
      sngp_daxpy(width, b->sign * b->roots[i], b->features + i * b->statistics->size + begin, sum);
}

/* One-hot targets need no product: a column of B is the sum of the rows of its class. */
static void add_tile_by_class(void *context, int index) {
  const block *b = context;
  sngp_statistics *to = b->statistics;
  int64_t begin = (int64_t)index * TILE, classes = to->num_targets;
  int64_t width = to->size - begin < TILE ? to->size - begin : TILE;
  double sum[TILE];
  for (int64_t k = 0; k < classes; k++) {
    sum_class(b, begin, width, k, sum);
    for (int64_t j = 0; j < width; j++) {
      to->cross[(begin + j) * classes + k] += sum[j];
      to->feature_sums[begin + j] += sum[j];
    }
  }
}

static void add_tile_of_features(void *context, int index) {
  const block *b = context;
  int64_t begin = (int64_t)index * TILE, size = b->statistics->size;
  int64_t width = size - begin < TILE ? size - begin : TILE;
  double sum[TILE];
  sum_class(b, begin, width, -1, sum);
  for (int64_t j = 0; j < width; j++) b->statistics->feature_sums[begin + j] += sum[j];
}

static void accumulate(sngp_statistics *statistics, const sngp_target_rows *rows, double sign,
                       double *scratch, sngp_pool *pool) {
  int64_t size = statistics->size, count = rows->count;
  block b = {statistics, rows, sign, scratch, scratch + count, scratch + count * (size + 1)};
  prepare_rows(&b, pool);
  add_targets(&b);
  if (statistics->gram != NULL)
    sngp_gram_add(size, 1, statistics->gram, size, sign, b.features, count, size, pool);
  int tiles = num_tasks(size, TILE);
  if (rows->targets == NULL) {
    sngp_pool_run(pool, add_tile_by_class, &b, tiles);
    return;
  }
  sngp_cross_add(size, statistics->num_targets, statistics->cross, sign, b.features, count, size,
                 b.targets, pool);
  sngp_pool_run(pool, add_tile_of_features, &b, tiles);
}

void sngp_statistics_add(sngp_statistics *statistics, const sngp_target_rows *rows, double *scratch,
                         sngp_pool *pool) {
  accumulate(statistics, rows, 1, scratch, pool);
}

void sngp_statistics_subtract(sngp_statistics *statistics, const sngp_target_rows *rows,
                              double *scratch, sngp_pool *pool) {
  accumulate(statistics, rows, -1, scratch, pool);
}

void sngp_statistics_scale(sngp_statistics *statistics, double factor) {
  for (size_t i = 0; i < gram_area(statistics); i++) statistics->gram[i] *= factor;
  for (size_t i = 0; i < num_sums(statistics); i++) statistics->cross[i] *= factor;
  statistics->weight *= factor;
  statistics->count *= factor;
  statistics->log_weight *= factor;
}

void sngp_statistics_merge(sngp_statistics *statistics, const sngp_statistics *others) {
  int64_t size = statistics->size;
  for (int64_t i = 0; i < size; i++) /* the upper triangle may be another's */
    sngp_daxpy(i + 1, 1, others->gram + i * size, statistics->gram + i * size);
  sngp_daxpy((int64_t)num_sums(statistics), 1, others->cross, statistics->cross);
  statistics->weight += others->weight;
  statistics->count += others->count;
  statistics->log_weight += others->log_weight;
  statistics->rows += others->rows;
}

void sngp_statistics_center(const sngp_statistics *statistics, double *means, double *squares,
                            double *cross) {
  int64_t width = statistics->num_targets;
  for (int64_t t = 0; t < width; t++) {
    double sum = statistics->target_sums[t];
    means[t] = statistics->weight > 0 ? sum / statistics->weight : 0;
    double square = statistics->target_squares[t] - means[t] * sum;
    squares[t] = square < 0 ? 0 : square; /* by rounding; a NaN passes */
  }
  for (int64_t j = 0; j < statistics->size; j++)
    for (int64_t t = 0; t < width; t++)
      cross[j * width + t] =
          statistics->cross[j * width + t] - statistics->feature_sums[j] * means[t];
}
