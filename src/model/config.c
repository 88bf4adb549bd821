#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data/dataset.h"
#include "model/model.h"
#include "model/sizes.h"

/* BLAS takes 32-bit dimensions, which some layers exceed by one or by a block of rows. */
enum { LARGEST_DIMENSION = 1 << 24 };
_Static_assert((int)SNGP_MOST_CLASSES == (int)LARGEST_DIMENSION,
               "a dataset's classes are a dimension too");

static sngp_status bad_number(const char *field, double value, const char *range) {
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "model config: %s is %g, but must be %s", field,
                   value, range);
}

static sngp_status check_size(const char *field, int64_t value, int64_t smallest) {
  if (value >= smallest && value <= LARGEST_DIMENSION) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "model config: %s is %lld, but must lie in [%lld, %d]", field, (long long)value,
                   (long long)smallest, LARGEST_DIMENSION);
}

static sngp_status check_choice(const char *field, int32_t value, int32_t count) {
  if (value >= 0 && value < count) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "model config: %s is %d, but must lie in [0, %d]",
                   field, value, count - 1);
}

/* Beyond these, single precision overflows or vanishes somewhere between inputs and variance. */
static const double SMALLEST_RIDGE = 1e-12, LARGEST_RIDGE = 1e12;
static const double SMALLEST_SCALE = 1e-15, LARGEST_SCALE = 1e15;

/* Well within single precision, for logits of any ordinary size. */
static const double SMALLEST_TEMPERATURE = 1e-6, LARGEST_TEMPERATURE = 1e6;

static bool is_temperature(double value) {
  return value >= SMALLEST_TEMPERATURE && value <= LARGEST_TEMPERATURE;
}
bool sngp_model_is_ridge(double value) { return value >= SMALLEST_RIDGE && value <= LARGEST_RIDGE; }
double sngp_model_nearest_ridge(double value) {
  return fmin(fmax(value, SMALLEST_RIDGE), LARGEST_RIDGE);
}
double sngp_model_nearest_prior(double value) {
  return fmin(fmax(value, SMALLEST_SCALE), LARGEST_SCALE);
}
static bool is_scale(double value) { return value >= SMALLEST_SCALE && value <= LARGEST_SCALE; }

/* kernel_scale is a squared length. */
static bool is_squared_scale(double value) { return value > 0 && is_scale(sqrt(value)); }

static bool not_negative(double value) { return value >= 0 && isfinite(value); }

static sngp_status check_task(const sngp_model_config *c) {
  static const char *const TASKS[] = {"classification", "regression", "multi-label"};
  static const char *const LIKELIHOODS[] = {"gaussian", "binary_logistic", "poisson", "softmax"};
  enum { NUM_TASKS = 3, NUM_LIKELIHOODS = 4, NUM_POSTERIORS = 4 };
  static const bool ALLOWED[NUM_TASKS][NUM_LIKELIHOODS] = {
      {true, true, false, true}, {true, false, true, false}, {true, true, false, false}};
  SNGP_TRY(check_choice("task", c->task, NUM_TASKS));
  SNGP_TRY(check_choice("likelihood", c->likelihood, NUM_LIKELIHOODS));
  SNGP_TRY(check_choice("posterior", c->posterior, NUM_POSTERIORS));
  const bool classifies = c->task == SNGP_TASK_CLASSIFICATION;
  if (!ALLOWED[c->task][c->likelihood])
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "model config: likelihood is %s, which is none of the task %s",
                     LIKELIHOODS[c->likelihood], TASKS[c->task]);
  if (classifies) SNGP_TRY(check_size("num_classes", c->num_classes, 2));
  if (!classifies) SNGP_TRY(check_size("num_targets", c->num_targets, 1));
  const int64_t other = classifies ? c->num_targets : c->num_classes;
  if (other != 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "model config: %s is %lld, but must be 0 for the task %s",
                     classifies ? "num_targets" : "num_classes", (long long)other, TASKS[c->task]);
  if (sngp_model_is_binary_logistic(c) && c->num_classes != 2)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "model config: num_classes is %lld, but must be 2 for the likelihood "
                     "binary_logistic",
                     (long long)c->num_classes);
  if (c->posterior == SNGP_POSTERIOR_JOINT && c->num_targets > 1 &&
      c->likelihood != SNGP_LIKELIHOOD_GAUSSIAN)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "model config: posterior is joint, but outputs of the likelihood %s are "
                     "independent",
                     LIKELIHOODS[c->likelihood]);
  return SNGP_OK;
}

static sngp_status check_sizes(const sngp_model_config *c) {
  const bool gp = c->head == SNGP_HEAD_GAUSSIAN_PROCESS;
  const bool residual = c->backbone == SNGP_BACKBONE_RESIDUAL;
  const bool normalized = gp && c->normalize_input != SNGP_NORMALIZE_NONE;
  const int64_t narrowest = normalized ? 2 : 1;     /* one unit, normalised, would be 0 always */
  const bool projected = gp && c->gp_input_dim > 0; /* then it is the projection's */
  SNGP_TRY(check_size("input_dim", c->input_dim, residual || projected ? 1 : narrowest));
  SNGP_TRY(check_size("num_layers", c->num_layers, 0));
  SNGP_TRY(check_size("num_hidden", c->num_hidden, residual && !projected ? narrowest : 1));
  SNGP_TRY(check_size("gp_input_dim", c->gp_input_dim, projected ? narrowest : 0));
  SNGP_TRY(check_size("power_iterations", c->power_iterations, 1));
  SNGP_TRY(check_size("num_random_features", c->num_random_features, 1));
  const sngp_model_sizes sizes = sngp_model_sizes_of(c);
  int64_t widest = sizes.inputs > sizes.hidden ? sizes.inputs : sizes.hidden;
  if (sizes.head_width > widest) widest = sizes.head_width;
  if (sizes.num_features > widest) widest = sizes.num_features;
  size_t floats = 0, layers = (size_t)sizes.num_layers + 2; /* an upper bound of the blocks */
  if (!sngp_size_multiply((size_t)widest, (size_t)widest, &floats) ||
      !sngp_size_multiply(floats, layers * sizeof(double), &floats))
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "model config: %lld layers of width %lld overflow the address space",
                     (long long)sizes.num_layers, (long long)widest);
  return SNGP_OK;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static sngp_status check_distinct(const char *field, const char *const *names, int64_t count) {
  const char **sorted = sngp_allocate((size_t)count, sizeof *sorted);
  if (sorted == NULL) return sngp_fail_memory(field);
  memcpy(sorted, names, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
  sngp_status status = SNGP_OK;
  for (int64_t i = 1; i < count && status == SNGP_OK; i++)
    if (strcmp(sorted[i - 1], sorted[i]) == 0)
      status = sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "model config: %s has \"%s\" twice", field,
                         sorted[i]);
  sngp_release(sorted);
  return status;
}

static sngp_status check_names(const char *field, const char *const *names, int64_t count) {
  for (int64_t i = 0; names != NULL && i < count; i++)
    if (names[i] == NULL || !sngp_is_utf8(names[i]))
      return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT, "model config: %s[%lld] is %s", field,
                       (long long)i,
                       names[i] == NULL ? "NULL" : "not valid UTF-8, as model files need it");
  return names != NULL ? check_distinct(field, names, count) : SNGP_OK;
}

sngp_status sngp_model_config_check(const sngp_model_config *c) {
  SNGP_TRY(check_task(c));
  SNGP_TRY(check_choice("backbone", c->backbone, 2));
  SNGP_TRY(check_choice("head", c->head, 2));
  SNGP_TRY(check_choice("normalize_input", c->normalize_input, 4));
  SNGP_TRY(check_choice("kernel", c->kernel, 5));
  SNGP_TRY(check_choice("kernel_scaling", c->kernel_scaling, 3));
  SNGP_TRY(check_choice("train_input_layer", c->train_input_layer, 2));
  SNGP_TRY(check_choice("train_output_bias", c->train_output_bias, 2));
  SNGP_TRY(check_choice("standardize_inputs", c->standardize_inputs, 2));
  SNGP_TRY(check_choice("standardize_targets", c->standardize_targets, 2));
  SNGP_TRY(check_choice("orthogonal_features", c->orthogonal_features, 2));
  SNGP_TRY(check_choice("scale_random_features", c->scale_random_features, 2));
  SNGP_TRY(check_sizes(c));
  if (!(c->dropout_rate >= 0 && c->dropout_rate < 1))
    return bad_number("dropout_rate", c->dropout_rate, "in [0, 1)");
  if (!not_negative(c->spectral_norm_bound))
    return bad_number("spectral_norm_bound", c->spectral_norm_bound, "positive, or 0 for none");
  if (c->kernel_scale != 0 && !is_squared_scale(c->kernel_scale))
    return bad_number("kernel_scale", c->kernel_scale,
                      "in [1e-30, 1e30], or 0 to be chosen from data");
  if (c->radius_scale != 0 && !is_scale(c->radius_scale))
    return bad_number("radius_scale", c->radius_scale,
                      "in [1e-15, 1e15], or 0 to be chosen from data");
  if (c->random_feature_std != 0 && !is_scale(c->random_feature_std))
    return bad_number("random_feature_std", c->random_feature_std,
                      "in [1e-15, 1e15], or 0 for sqrt(2 / G)");
  if (!(fabs(c->output_bias) <= LARGEST_SCALE))
    return bad_number("output_bias", c->output_bias, "in [-1e15, 1e15]");
  if (!sngp_model_is_ridge(c->ridge)) return bad_number("ridge", c->ridge, "in [1e-12, 1e12]");
  if (!(c->covariance_momentum < 1) || !isfinite(c->covariance_momentum))
    return bad_number("covariance_momentum", c->covariance_momentum,
                      "below 1 (0 or less: an exact sum)");
  if (!not_negative(c->l2_regularization))
    return bad_number("l2_regularization", c->l2_regularization, "0 or more");
  if (!isfinite(c->mean_field_factor))
    return bad_number("mean_field_factor", c->mean_field_factor, "finite");
  if (c->noise_variance != 0 && !is_squared_scale(c->noise_variance))
    return bad_number("noise_variance", c->noise_variance,
                      "in [1e-30, 1e30], or 0 to be estimated from data");
  if (!is_scale(c->prior_variance))
    return bad_number("prior_variance", c->prior_variance, "in [1e-15, 1e15]");
  if (!is_temperature(c->temperature))
    return bad_number("temperature", c->temperature, "in [1e-6, 1e6]");
  if (c->seed < 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "model config: seed is %lld, but must not be negative", (long long)c->seed);
  SNGP_TRY(check_names("class_names", c->class_names, c->num_classes));
  SNGP_TRY(check_names("target_names", c->target_names, c->num_targets));
  return check_names("feature_names", c->feature_names, c->input_dim);
}
