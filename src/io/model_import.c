#include "io/model_import.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/import_config.h"
#include "io/import_read.h"
#include "io/model_config_json.h"
#include "model/model.h"
#include "model/sizes.h"

static const char PRECISION[] = "posterior.precision";

/* Single precision's rounding, in sums over many rows: how far below 0 the data term may be. */
static const double ROUNDING = 1e-4;

static sngp_status read_tensor(sngp_import_state *state, const sngp_parameter *tensor,
                               float *values) {
  double *read = NULL;
  SNGP_TRY(sngp_import_read(state, tensor->name, tensor->vector ? 0 : tensor->rows, tensor->cols,
                            &read));
  for (int64_t i = 0; i < tensor->rows * tensor->cols; i++) values[i] = (float)read[i];
  sngp_release(read);
  return SNGP_OK;
}

static sngp_status read_tensors(sngp_import_state *state, sngp_model *model) {
  for (size_t i = 0; i < model->table.count; i++) {
    const sngp_parameter *tensor = &model->table.items[i];
    SNGP_TRY(read_tensor(state, tensor, sngp_model_values(model, tensor)));
  }
  model->holds = (sngp_model_holds){
      .input_scaling = sngp_parameter_find(&model->table, "input_scaling.scale") != NULL,
      .target_scaling = sngp_parameter_find(&model->table, "target_scaling.scale") != NULL};
  return SNGP_OK;
}

static sngp_status check_positive(const sngp_model *model, const char *name) {
  const sngp_parameter *tensor = sngp_parameter_find(&model->table, name);
  const float *values = tensor != NULL ? sngp_model_values(model, tensor) : NULL;
  for (int64_t i = 0; tensor != NULL && i < tensor->cols; i++)
    if (!(values[i] > 0.0f))
      return sngp_fail(SNGP_ERROR_FORMAT, "%s: element %lld is %g, but must be positive", name,
                       (long long)i, (double)values[i]);
  return SNGP_OK;
}

static sngp_status check_scales(const sngp_model *model) {
  SNGP_TRY(check_positive(model, "input_scaling.scale"));
  SNGP_TRY(check_positive(model, "target_scaling.scale"));
  SNGP_TRY(check_positive(model, "noise.variance"));
  const char *open = sngp_model_still_to_choose(model);
  if (open == NULL) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                   "%s is not known, and no data are there to choose it from: a setting must tell",
                   open);
}

/* Leaves the sum over rows of a precision matrix: symmetric, without what else is on its diagonal.
 */
static sngp_status take_data_term(int64_t size, double added, double *precision) {
  double smallest = (double)INFINITY, largest = 1.0;
  for (int64_t i = 0; i < size; i++)
    for (int64_t j = 0; j <= i; j++) {
      double *lower = &precision[i * size + j], *upper = &precision[j * size + i];
      *lower = *upper = (*lower + *upper) / 2 - (i == j ? added : 0);
      if (i == j) smallest = fmin(smallest, *lower);
      largest = fmax(largest, fabs(*lower));
    }
  if (smallest < -ROUNDING * largest)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "the precision matrix has %g on its diagonal, less than the %g that are added "
                     "to the sum over rows (ridge_in_precision)",
                     smallest + added, added);
  for (int64_t i = 0; i < size; i++) precision[i * size + i] = fmax(precision[i * size + i], 0.0);
  return SNGP_OK;
}

static sngp_status read_posterior(sngp_import_state *state, sngp_model *model) {
  const sngp_import_config *config = state->config;
  sngp_posterior *posterior = &model->posterior;
  const int64_t size = posterior->size;
  const double ridge = model->config.ridge;
  bool has = false;
  double *read = NULL;
  if (size > 0) SNGP_TRY(sngp_import_has(state, PRECISION, &has));
  if (!has && config->rows > 0)
    return sngp_fail(SNGP_ERROR_INVALID_ARGUMENT,
                     "rows is %lld, but no precision matrix was found that they would be in",
                     (long long)config->rows);
  if (!has) return SNGP_OK; /* the posterior of no data */
  if (sngp_model_sizes_of(&model->config).posterior != SNGP_POSTERIOR_SHARED)
    return sngp_fail(
        SNGP_ERROR_UNSUPPORTED,
        "one precision matrix is imported, but the settings ask for one of each output "
        "or a joint one");
  SNGP_TRY(sngp_import_read(state, PRECISION, size, size, &read));
  memcpy(posterior->precision, read, (size_t)(size * size) * sizeof *read);
  sngp_release(read);
  posterior->rows = config->rows;
  SNGP_TRY(take_data_term(size,
                          config->ridge_in_precision >= 0 ? config->ridge_in_precision : ridge,
                          posterior->precision));
  return sngp_posterior_finish(posterior, ridge);
}

static sngp_status check_all_used(const sngp_import_state *state) {
  sngp_import_list unused = sngp_import_unused(state);
  if (unused.count == 0 || state->config->ignore_unused) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "arrays are left over, which the network may have computed with: %s",
                   sngp_import_list_text(&unused));
}

static sngp_status fill(sngp_import_state *state, sngp_model *model) {
  SNGP_TRY(read_tensors(state, model));
  SNGP_TRY(check_scales(model));
  SNGP_TRY(read_posterior(state, model));
  return check_all_used(state);
}

static sngp_status make_model(sngp_import_state *state, const sngp_model_config *config,
                              sngp_model **model) {
  sngp_model *made = NULL;
  SNGP_TRY(sngp_model_allocate(config, &made));
  sngp_status status = fill(state, made);
  if (status != SNGP_OK) {
    sngp_model_free(made);
    return status;
  }
  *model = made;
  return SNGP_OK;
}

sngp_status sngp_model_from_arrays(const unsigned char *bytes, size_t size,
                                   const sngp_import_config *config, sngp_model **model) {
  *model = NULL;
  sngp_import_state state = {0};
  sngp_model_config found = {0};
  sngp_status status = sngp_import_open(bytes, size, config, &state);
  if (status == SNGP_OK) status = sngp_import_find_config(&state, &found);
  if (status == SNGP_OK) status = make_model(&state, &found, model);
  sngp_model_config_release_names(&found);
  sngp_import_close(&state);
  return status;
}
