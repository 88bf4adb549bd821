#include "train/class_weights.h"

#include <math.h>

#include "base/memory.h"

bool sngp_weighs_classes(const sngp_fit_config *config) {
  return config->class_weights != NULL || config->class_weighting != SNGP_CLASS_WEIGHTS_NONE;
}

sngp_status sngp_class_weights_check(const sngp_fit_config *config) {
  if (config->class_weighting != SNGP_CLASS_WEIGHTS_NONE &&
      config->class_weighting != SNGP_CLASS_WEIGHTS_BALANCED)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "fit config: class_weighting is %d, but must be one of SNGP_CLASS_WEIGHTS_*",
                     config->class_weighting);
  if (config->class_weights == NULL) {
    if (config->num_class_weights == 0) return SNGP_OK;
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "fit config: num_class_weights is %lld, but class_weights is NULL",
                     (long long)config->num_class_weights);
  }
  if (config->class_weighting != SNGP_CLASS_WEIGHTS_NONE)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "fit config: class_weights are given, so class_weighting must be "
                     "SNGP_CLASS_WEIGHTS_NONE, but is %d",
                     config->class_weighting);
  bool any = false;
  for (int64_t k = 0; k < config->num_class_weights; k++) {
    double weight = config->class_weights[k];
    if (!isfinite(weight) || weight < 0)
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "fit config: class_weights[%lld] is %g, but must be 0 or more and finite",
                       (long long)k, weight);
    any = any || weight > 0;
  }
  if (any) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "fit config: all %lld class_weights are 0, one at least must be positive",
                   (long long)config->num_class_weights);
}

/* rows / (classes present * rows of the class); a class without rows needs no weight. */
static void balance(const sngp_dataset *data, double *class_weights) {
  int64_t present = 0;
  for (int64_t i = 0; i < data->rows; i++) present += class_weights[data->labels[i]]++ == 0;
  for (int64_t k = 0; k < data->num_classes; k++)
    if (class_weights[k] > 0)
      class_weights[k] = (double)data->rows / ((double)present * class_weights[k]);
}

/* Products of both weights, row by row. */
static sngp_status multiply(const sngp_dataset *data, const double *class_weights, float *weights) {
  bool any = false;
  for (int64_t i = 0; i < data->rows; i++) {
    double sample = data->weights != NULL ? (double)data->weights[i] : 1;
    double product = sample * class_weights[data->labels[i]];
    weights[i] = (float)product;
    if (!isfinite(weights[i]))
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                       "the weight of training row %lld, sample weight %g times class weight %g, "
                       "is too large",
                       (long long)i, sample, class_weights[data->labels[i]]);
    any = any || weights[i] > 0;
  }
  if (any) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "sample weight times class weight is 0 for all %lld training rows, one at "
                   "least needs a positive weight",
                   (long long)data->rows);
}

sngp_status sngp_class_weights_apply(const sngp_fit_config *config, const sngp_dataset *data,
                                     float **out) {
  *out = NULL;
  const double *class_weights = config->class_weights;
  double *balanced = NULL;
  float *weights = sngp_allocate((size_t)data->rows, sizeof *weights);
  sngp_status status = weights != NULL ? SNGP_OK : sngp_fail_memory("class weights");
  if (status == SNGP_OK && class_weights == NULL) {
    balanced = sngp_allocate((size_t)data->num_classes, sizeof *balanced);
    if (balanced == NULL)
      status = sngp_fail_memory("class weights");
    else
      balance(data, balanced);
    class_weights = balanced;
  }
  if (status == SNGP_OK) status = multiply(data, class_weights, weights);
  sngp_release(balanced);
  if (status == SNGP_OK)
    *out = weights;
  else
    sngp_release(weights);
  return status;
}
