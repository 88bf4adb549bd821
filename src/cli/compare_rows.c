#include "cli/compare_rows.h"

#include "cli/message.h"
#include "cli/training_rows.h"

bool cli_compare_data_read(const cli_compare_settings *settings, cli_compare_data *data) {
  const cli_compare_settings *s = settings;
  sngp_model_config config;
  if (!cli_data_source_read_training(&s->input, s->training.task, &data->input) ||
      !cli_training_rows_check_outputs(s->training.task, data->input)) {
    return false;
  }
  /* The columns and classes of every model. */
  if (!cli_succeeded(cli_training_model_config(&s->training, data->input,
                                               sngp_dataset_num_classes(data->input), &config))) {
    return false;
  }
  return (!cli_data_source_given(&s->test) ||
          cli_data_source_read_like(&s->test, &config, &data->test)) &&
         (!cli_data_source_given(&s->ood) ||
          cli_data_source_read_like(&s->ood, &config, &data->ood));
}

void cli_compare_data_free(cli_compare_data *data) {
  sngp_dataset_free(data->ood);
  sngp_dataset_free(data->test);
  sngp_dataset_free(data->input);
  *data = (cli_compare_data){0};
}

/* Splits `all` in two; `option` is the one that says where. */
static bool split(const sngp_dataset *all, const char *option, double share, int64_t seed,
                  sngp_dataset **first, sngp_dataset **second) {
  sngp_status status = sngp_dataset_split(all, share, seed, first, second);
  if (status != SNGP_OK) cli_fail("%s: %s", option, sngp_last_error());
  return status == SNGP_OK;
}

bool cli_compare_rows_split(const cli_compare_settings *settings, const cli_compare_data *data,
                            int64_t seed, cli_compare_rows *rows) {
  const sngp_dataset *all = data->input;
  sngp_dataset *rest = NULL;
  rows->ood = data->ood;
  rows->test = data->test;
  if (data->test == NULL) {
    if (!split(all, "--test", settings->test_share, seed, &rest, &rows->split_test)) return false;
    rows->test = rows->split_test;
    all = rest;
  }
  bool good = split(all, "--validation", settings->training.validation, seed, &rows->training,
                    &rows->held_out) &&
              cli_training_rows_check(&settings->training, rows->training);
  sngp_dataset_free(rest);
  return good;
}

void cli_compare_rows_free(cli_compare_rows *rows) {
  sngp_dataset_free(rows->split_test);
  sngp_dataset_free(rows->held_out);
  sngp_dataset_free(rows->training);
  *rows = (cli_compare_rows){0};
}
