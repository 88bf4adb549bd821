/* Rows read as the options of a source say. */
#include <inttypes.h>

#include "cli/data_source.h"
#include "cli/input_check.h"
#include "cli/message.h"
#include "cli/task.h"

static int64_t count_named(const cli_data_source *source) {
  int64_t count = 0;
  while (count < CLI_MOST_NAMED_TARGETS && source->targets[count] != NULL) count++;
  return count;
}

static bool read_arrays(const cli_data_source *source, bool targets, sngp_dataset **dataset) {
  bool needed = cli_data_source_needs_outputs(source);
  const char *const *files = source->idx[0] != NULL ? source->idx : source->npy;
  const char *outputs = needed ? files[1] : NULL;
  if (source->idx[0] != NULL)
    return cli_succeeded(sngp_dataset_read_idx(files[0], outputs, dataset));
  if (targets && needed)
    return cli_succeeded(sngp_dataset_read_npy_targets(files[0], outputs, dataset));
  return cli_succeeded(sngp_dataset_read_npy(files[0], outputs, dataset));
}

bool cli_data_source_read_training(const cli_data_source *source, int32_t task,
                                   sngp_dataset **dataset) {
  bool targets = cli_task_has_targets(task);
  int64_t named = count_named(source);
  *dataset = NULL;
  if (source->data == NULL) return read_arrays(source, targets, dataset);
  sngp_csv_config config;
  if (!cli_succeeded(sngp_csv_config_init(&config, sizeof config))) return false;
  config.header = source->header;
  if (targets) {
    config.label_mode = SNGP_CSV_TARGETS;
    if (named > 0) config.target_columns = source->targets;
    config.num_target_columns = named;
    if (source->num_targets != CLI_NOT_GIVEN) config.num_target_columns = source->num_targets;
  } else {
    config.label_column = source->label;
  }
  return cli_succeeded(sngp_dataset_read_csv(source->data, &config, dataset));
}

/* Labels of the model's classes, or none. */
static void want_labels(const cli_data_source *source, const sngp_model_config *model,
                        sngp_csv_config *csv) {
  csv->label_column = source->label;
  if (cli_data_source_needs_outputs(source)) {
    csv->label_mode = SNGP_CSV_LABEL_LAST;
    csv->class_names = model->class_names;
    csv->num_classes = model->num_classes;
  } else {
    /* A column that is named is left out unread; else the last of one column too many is. */
    csv->label_mode = source->label != NULL ? SNGP_CSV_LABEL_NONE : SNGP_CSV_LABEL_OPTIONAL;
  }
}

/* The model's targets, or none. A file without a header has them last. */
static void want_targets(const cli_data_source *source, const sngp_model_config *model,
                         sngp_csv_config *csv) {
  bool named = source->targets[0] != NULL;
  csv->label_mode = !named                                  ? SNGP_CSV_TARGETS_OPTIONAL
                    : cli_data_source_needs_outputs(source) ? SNGP_CSV_TARGETS
                                                            : SNGP_CSV_LABEL_NONE;
  csv->target_columns = named ? source->targets : model->target_names;
  csv->num_target_columns = named ? count_named(source) : model->num_targets;
}

/* Whether what the options say of columns can be said of this model. */
static bool check_columns(const cli_data_source *source, const sngp_model_config *model) {
  int32_t task = cli_task_of(model);
  int64_t named = count_named(source);
  if (cli_task_has_targets(task) && source->label != NULL) {
    cli_fail(
        "--label is for classification, and the task of this model is %s: --target names its "
        "columns",
        cli_task_names[task]);
  } else if (!cli_task_has_targets(task) && named > 0) {
    cli_fail(
        "--target is for other tasks than classification, which is this model's: --label "
        "names its column");
  } else if (cli_task_has_targets(task) && cli_data_source_needs_outputs(source) &&
             source->idx[0] != NULL) {
    cli_fail("--idx has labels, and the task of this model, %s, needs targets",
             cli_task_names[task]);
  } else if (named > 0 && cli_data_source_needs_outputs(source) && named != model->num_targets) {
    cli_fail("--target names %" PRId64 " column%s, but the model has %" PRId64 " target%s", named,
             named == 1 ? "" : "s", model->num_targets, model->num_targets == 1 ? "" : "s");
  } else {
    return true;
  }
  return false;
}

static bool check_has_targets(const cli_data_source *source, const sngp_model_config *model,
                              const sngp_dataset *rows) {
  if (!cli_data_source_needs_outputs(source) || model->num_targets == 0 ||
      sngp_dataset_num_targets(rows) > 0)
    return true;
  const char *name = model->target_names != NULL ? model->target_names[0] : NULL;
  cli_fail("%s: the file has the model's %" PRId64 " features, but not its target%s%s%s",
           source->data, model->input_dim, model->num_targets == 1 ? "" : "s",
           name != NULL ? " " : "", name != NULL ? name : "");
  return false;
}

bool cli_data_source_read_like(const cli_data_source *source, const sngp_model_config *config,
                               sngp_dataset **dataset) {
  *dataset = NULL;
  sngp_csv_config csv;
  bool targets = config->num_targets > 0;
  if (!check_columns(source, config)) return false;
  if (source->data == NULL) {
    const char *const *files = source->idx[0] != NULL ? source->idx : source->npy;
    return read_arrays(source, targets, dataset) &&
           cli_check_arrays_fit(*dataset, config, files[0], files[1]);
  }
  if (!cli_succeeded(sngp_csv_config_init(&csv, sizeof csv))) return false;
  csv.header = source->header;
  csv.feature_names = config->feature_names;
  csv.num_features = config->input_dim;
  if (targets)
    want_targets(source, config, &csv);
  else
    want_labels(source, config, &csv);
  return cli_succeeded(sngp_dataset_read_csv(source->data, &csv, dataset)) &&
         check_has_targets(source, config, *dataset);
}

bool cli_data_source_read_for(const cli_data_source *source, const sngp_model *model,
                              sngp_dataset **dataset) {
  *dataset = NULL;
  sngp_model_config trained;
  if (!cli_succeeded(sngp_model_config_init(&trained, sizeof trained))) return false;
  if (!cli_succeeded(sngp_model_get_config(model, &trained))) return false;
  return cli_data_source_read_like(source, &trained, dataset);
}
