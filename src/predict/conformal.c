#include "predict/conformal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "nn/loss.h"

/* The two streams of random shares: a calibration row and a new row never share a number. */
enum { CALIBRATION_STREAM = 0, SETS_STREAM = 1 };

/* (rows + 1) coverage is an integer for many decimal coverages, 100 * 0.55, but not for the binary
   number next to it, 55.000000000000007: two roundings, of at most half a DBL_EPSILON each. */
static const double INTEGER_TOLERANCE = 2 * DBL_EPSILON;

sngp_conformal_config sngp_conformal_config_default(void) {
  return (sngp_conformal_config){.struct_size = sizeof(sngp_conformal_config),
                                 .method = SNGP_CONFORMAL_APS,
                                 .coverage = 0.9,
                                 .randomize = 1};
}

static sngp_status bad(const char *field, double value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "conformal config: %s is %g, but must be %s", field,
                   value, range);
}

sngp_status sngp_conformal_config_check(const sngp_conformal_config *config) {
  if (config->method != SNGP_CONFORMAL_APS && config->method != SNGP_CONFORMAL_THRESHOLD)
    return bad("method", config->method, "one of SNGP_CONFORMAL_*");
  if (!(config->coverage > 0 && config->coverage < 1))
    return bad("coverage", config->coverage, "in (0, 1)");
  if (config->seed < 0) return bad("seed", (double)config->seed, "0 or more");
  if (config->randomize != 0 && config->randomize != 1)
    return bad("randomize", config->randomize, "0 or 1");
  if (config->allow_empty != 0 && config->allow_empty != 1)
    return bad("allow_empty", config->allow_empty, "0 or 1");
  if (config->first_row < 0) return bad("first_row", (double)config->first_row, "0 or more");
  return SNGP_OK;
}

/* A class of a row, and its score: in the set where that is at most the threshold. */
typedef struct {
  float probability;
  int64_t class;
  double score;
} scored_class;

/* The likeliest first, among equals the smaller number. */
static int by_rank(const void *a, const void *b) {
  const scored_class *x = a, *y = b;
  if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
  return (x->class > y->class) - (x->class < y->class);
}

/* The uniform share of a row. */
static double share_of(const sngp_conformal_config *config, int64_t stream, int64_t row) {
  enum { ELEMENT_BITS = 32 };
  if (config->method != SNGP_CONFORMAL_APS || !config->randomize) return 1;
  sngp_random_stream random =
      sngp_random_open(config->seed, SNGP_RANDOM_CONFORMAL, row >> ELEMENT_BITS, stream);
  return sngp_random_uniform(&random, row & ((INT64_C(1) << ELEMENT_BITS) - 1));
}

/* Scores never fall from rank to rank: rounding keeps the order of before + share * p, before + p
   and what comes next. Divided by the sum of the row they end at 1 or less, whatever its rounding,
   so that a threshold of 1 holds every class. */
static void score_adaptively(scored_class *classes, int64_t count, double share) {
  qsort(classes, (size_t)count, sizeof *classes, by_rank);
  double before = 0;
  for (int64_t k = 0; k < count; k++) {
    double probability = (double)classes[k].probability;
    classes[k].score = before + share * probability;
    before += probability;
  }
  for (int64_t k = 0; k < count; k++) classes[k].score /= before;
}

static void score(const float *row, int64_t count, const sngp_conformal_config *config,
                  double share, scored_class *classes) {
  for (int64_t k = 0; k < count; k++) /* by its rounding a probability may exceed 1 */
    classes[k] = (scored_class){row[k], k, fmax(1 - (double)row[k], 0)};
  if (config->method == SNGP_CONFORMAL_APS) score_adaptively(classes, count, share);
}

static double score_of(const scored_class *classes, int32_t label) {
  while (classes->class != label) classes++;
  return classes->score;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* ceil((rows + 1) coverage) */
static double rank_of_threshold(int64_t rows, double coverage) {
  double rank = ((double)rows + 1) * coverage, nearest = round(rank);
  return fabs(rank - nearest) <= INTEGER_TOLERANCE * rank ? nearest : ceil(rank);
}

sngp_status sngp_conformal_find_threshold(const float *probabilities, int64_t rows,
                                          int64_t num_classes, const int32_t *labels,
                                          const sngp_conformal_config *config, double *threshold) {
  scored_class *classes = sngp_allocate((size_t)num_classes, sizeof *classes);
  double *scores = sngp_allocate((size_t)rows, sizeof *scores);
  sngp_status status =
      classes != NULL && scores != NULL ? SNGP_OK : sngp_fail_memory("conformal scores");
  if (status == SNGP_OK) {
    for (int64_t i = 0; i < rows; i++) {
      double share = share_of(config, CALIBRATION_STREAM, i);
      score(probabilities + i * num_classes, num_classes, config, share, classes);
      scores[i] = score_of(classes, labels[i]);
    }
    qsort(scores, (size_t)rows, sizeof *scores, ascending);
    double rank = rank_of_threshold(rows, config->coverage);
    *threshold = rank <= (double)rows ? scores[(int64_t)rank - 1] : INFINITY;
  }
  sngp_release(scores);
  sngp_release(classes);
  return status;
}

sngp_status sngp_conformal_fill_sets(const float *probabilities, int64_t rows, int64_t num_classes,
                                     const sngp_conformal_config *config, double threshold,
                                     uint8_t *sets) {
  scored_class *classes = sngp_allocate((size_t)num_classes, sizeof *classes);
  if (classes == NULL) return sngp_fail_memory("conformal scores");
  for (int64_t i = 0; i < rows; i++) {
    const float *row = probabilities + i * num_classes;
    uint8_t *set = sets + i * num_classes;
    double share = share_of(config, SETS_STREAM, config->first_row + i);
    score(row, num_classes, config, share, classes);
    for (int64_t k = 0; k < num_classes; k++) set[classes[k].class] = classes[k].score <= threshold;
    if (!config->allow_empty) set[sngp_largest(row, num_classes)] = 1;
  }
  sngp_release(classes);
  return SNGP_OK;
}
