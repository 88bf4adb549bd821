/**
 * @file conformal.h
 * @brief Prediction sets that hold the label with a chosen probability: split conformal prediction.
 *
 * Probabilities of any model, on calibration rows that the model has never seen, give a threshold;
 * with it, new rows get sets of classes. Where calibration rows and new rows are exchangeable
 * (drawn independently from one distribution, say), a set holds its row's label with a probability
 * of at least `coverage`: for any model, in finite samples, on average over rows and over draws of
 * the calibration rows (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
 * 2005). There is no promise for a single row, for a single class or for rows from elsewhere.
 *
 * All functions are thread-safe, and write their result only when they succeed.
 */
#ifndef SNGP_CONFORMAL_H
#define SNGP_CONFORMAL_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** Values of sngp_conformal_config::method: the score that is compared with the threshold, by which
    a class is in the set where its score is at most the threshold. */
enum {
  SNGP_CONFORMAL_APS = 0,      /**< adaptive prediction sets: the sum of the probabilities of all
                                    likelier classes, plus a random share of the class's own. Sets
                                    are larger where the model is unsure (Romano, Sesia and Candes,
                                    arXiv 2006.02544) */
  SNGP_CONFORMAL_THRESHOLD = 1 /**< 1 - p of the class: the smallest sets on average (Sadinle, Lei
                                    and Wasserman, arXiv 1609.00451) */
};

/** How sets are made; fill with sngp_conformal_config_init(), and use the same configuration for
    the threshold and for the sets. */
typedef struct sngp_conformal_config {
  uint32_t struct_size; /**< set by sngp_conformal_config_init() */
  int32_t method;       /**< SNGP_CONFORMAL_*; default APS */
  double coverage;     /**< wanted probability that a set holds the label, in (0, 1); default 0.9 */
  int64_t seed;        /**< of APS's random shares, 0 or more; default 0 */
  int32_t randomize;   /**< APS: 1, the default: the share is uniform over (0, 1), which makes the
                            coverage exact; 0: it is 1, and sets are larger than need be */
  int32_t allow_empty; /**< 0, the default: the likeliest class is always in the set, which can only
                            add to the coverage; 1: sets may be empty */
  int64_t first_row;   /**< number of the first row in the random stream of the sets: a table in
                            parts gets the same sets as in one call; default 0 */
} sngp_conformal_config;

/** Fills a configuration with the defaults. @param size sizeof(sngp_conformal_config). */
SNGP_API sngp_status sngp_conformal_config_init(sngp_conformal_config *config, size_t size);

/**
 * Computes the threshold from calibration rows: the k-th smallest of their labels' scores, k =
 * ceil((rows + 1) coverage). Where k is larger than `rows` it is infinite, and every class will be
 * in every set: a coverage of 0.9 takes 9 rows, one of 0.99 takes 99.
 *
 * Calibration rows must be disjoint from the rows that the model was trained on and from those by
 * which anything was chosen (early stopping, temperature, mean-field factor).
 *
 * @param probabilities  rows x num_classes floats, row-major; each row sums to 1 (to 0.001).
 * @param rows           1 or more.
 * @param num_classes    2 or more.
 * @param labels         rows labels in [0, num_classes).
 * @param config         NULL: the defaults.
 * @param[out] threshold for sngp_conformal_sets().
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_LABEL_RANGE, SNGP_ERROR_NOT_FINITE,
 *         SNGP_ERROR_INVALID_ARGUMENT (also for a row that holds no probabilities: names the row),
 *         SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_conformal_calibrate(const float *probabilities, int64_t rows,
                                              int64_t num_classes, const int32_t *labels,
                                              const sngp_conformal_config *config,
                                              double *threshold);

/**
 * Makes the sets of new rows. The set of a row depends on its probabilities, the threshold, the
 * configuration and the row's number, and on nothing else. A threshold of 1 or more puts every
 * class into every set.
 *
 * @param probabilities  rows x num_classes floats, as above.
 * @param rows           0 or more.
 * @param num_classes    2 or more.
 * @param config         NULL: the defaults.
 * @param threshold      from sngp_conformal_calibrate(), 0 or more, or infinite.
 * @param[out] sets      rows x num_classes bytes, row-major: 1 where the class is in the set, else
 *                       0.
 * @return as sngp_conformal_calibrate().
 */
SNGP_API sngp_status sngp_conformal_sets(const float *probabilities, int64_t rows,
                                         int64_t num_classes, const sngp_conformal_config *config,
                                         double threshold, uint8_t *sets);

/** Measures of prediction sets against labels. */
typedef struct sngp_set_metrics {
  uint32_t struct_size; /**< sizeof(sngp_set_metrics), set by the caller */
  int32_t reserved;     /**< 0 */
  int64_t rows;         /**< number of rows that were compared */
  double coverage;      /**< share of the sets that hold the label */
  double mean_size;     /**< mean number of classes in a set */
  double singletons;    /**< share of the sets of one class */
  double empty;         /**< share of the sets of no class */
} sngp_set_metrics;

/**
 * Compares prediction sets with labels.
 *
 * @param sets          rows x num_classes bytes, 0 or 1.
 * @param rows          1 or more.
 * @param num_classes   2 or more.
 * @param labels        rows labels in [0, num_classes).
 * @param[out] metrics  struct_size set by the caller.
 * @return SNGP_ERROR_NO_ROWS, SNGP_ERROR_LABEL_RANGE.
 */
SNGP_API sngp_status sngp_evaluate_sets(const uint8_t *sets, int64_t rows, int64_t num_classes,
                                        const int32_t *labels, sngp_set_metrics *metrics);

SNGP_END_DECLS

#endif
