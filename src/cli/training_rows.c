#include "cli/training_rows.h"

#include <inttypes.h>
#include <math.h>

#include "cli/message.h"

static bool one_class(const sngp_dataset *rows) {
  const int32_t *labels = sngp_dataset_labels(rows);
  int64_t i = 1;
  while (i < sngp_dataset_rows(rows) && labels[i] == labels[0]) i++;
  return i >= sngp_dataset_rows(rows);
}

static bool check_classes(const sngp_dataset *rows) {
  if (!one_class(rows)) return true;
  const char *const *names = sngp_dataset_class_names(rows);
  int32_t label = sngp_dataset_labels(rows)[0];
  const char needed[] = "training needs two classes or more, but all labels are";
  if (names != NULL) {
    cli_fail("%s %s", needed, names[label]);
  } else {
    cli_fail("%s %" PRId32, needed, label);
  }
  return false;
}

static bool allowed(int32_t task, float target) {
  switch (task) {
    case CLI_TASK_COUNTS: return target >= 0;
    case CLI_TASK_MULTI_LABEL: return target == 0 || target == 1;
    default: return true;
  }
}

static bool check_targets(int32_t task, const sngp_dataset *rows) {
  const float *targets = sngp_dataset_targets(rows);
  int64_t per_row = sngp_dataset_num_targets(rows);
  for (int64_t i = 0; i < sngp_dataset_rows(rows) * per_row; i++) {
    if (allowed(task, targets[i])) continue;
    cli_fail("target %" PRId64 " of row %" PRId64 " is %g, but --task %s takes %s", i % per_row,
             i / per_row, (double)targets[i], cli_task_names[task],
             task == CLI_TASK_COUNTS ? "counts, 0 or more" : "0 or 1");
    return false;
  }
  return true;
}

bool cli_training_rows_check_outputs(int32_t task, const sngp_dataset *rows) {
  return cli_task_has_targets(task) ? check_targets(task, rows) : check_classes(rows);
}

static bool split(const cli_training_settings *settings, cli_training_rows *rows) {
  sngp_dataset *all = rows->training;
  rows->training = NULL;
  sngp_status status = sngp_dataset_split(all, settings->validation, settings->seed,
                                          &rows->training, &rows->validation);
  sngp_dataset_free(all);
  if (status != SNGP_OK) cli_fail("--validation: %s", sngp_last_error());
  return status == SNGP_OK;
}

bool cli_training_rows_check(const cli_training_settings *settings, const sngp_dataset *training) {
  int64_t rows = sngp_dataset_rows(training);
  if (settings->batch_size > rows) {
    cli_fail("--batch-size %" PRId64 " is more than the %" PRId64 " training rows",
             settings->batch_size, rows);
    return false;
  }
  if (!cli_task_has_targets(settings->task) && one_class(training)) {
    cli_fail("--validation %g leaves training rows of one class only", settings->validation);
    return false;
  }
  return true;
}

bool cli_training_rows_read(const cli_training_settings *settings, const cli_data_source *source,
                            cli_training_rows *rows) {
  if (!cli_data_source_read_training(source, settings->task, &rows->training)) return false;
  rows->num_classes = sngp_dataset_num_classes(rows->training);
  if (!cli_training_rows_check_outputs(settings->task, rows->training)) return false;
  if (!isnan(settings->validation) && !split(settings, rows)) return false;
  return cli_training_rows_check(settings, rows->training);
}

void cli_training_rows_free(cli_training_rows *rows) {
  sngp_dataset_free(rows->validation);
  sngp_dataset_free(rows->training);
  *rows = (cli_training_rows){0};
}
