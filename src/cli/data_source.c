#include "cli/data_source.h"

#include "cli/input_check.h"
#include "cli/message.h"
#include "cli/output_file.h"

static const char *const yes_no[] = {"no", "yes", NULL}; /* SNGP_CSV_HEADER_NO, _YES */

static const char *const label_help[] = {
    [CLI_LABELS_NEEDED] =
        "the CSV's label column, by name or by number from 0\n"
        "(default: the last column)",
    [CLI_LABELS_LEFT_OUT] =
        "a CSV column to leave out, by name or by number from 0\n"
        "(default: the last one, where there is one too many)",
};

static cli_option text_option(const char *name, const char *value, const char *help,
                              const char **target) {
  return (cli_option){
      .name = name, .value = value, .help = help, .kind = CLI_KIND_TEXT, .target = target};
}

static cli_option pair_option(const char *name, const char *value, const char *help,
                              const char **target, int min_values) {
  cli_option option = text_option(name, value, help, target);
  option.min_values = min_values;
  option.max_values = 2;
  return option;
}

/* What the options of a source are called: "--data", "--ood-data", "--calibration-data". */
static const char *const prefixes[] = {[CLI_LABELS_NEEDED] = "",
                                       [CLI_LABELS_LEFT_OUT] = "",
                                       [CLI_LABELS_OOD] = "ood-",
                                       [CLI_LABELS_CALIBRATION] = "calibration-",
                                       [CLI_LABELS_TEST] = "test-"};

static bool needs_labels(const cli_data_source *source) {
  return source->labels == CLI_LABELS_NEEDED || source->labels == CLI_LABELS_CALIBRATION ||
         source->labels == CLI_LABELS_TEST;
}

static cli_option_group ood_group(cli_data_source *source) {
  cli_option *options = source->options;
  options[0] = text_option("ood-data", "FILE", "a CSV file; --label and --header count for it too",
                           &source->data);
  options[1] =
      pair_option("ood-idx", "IMAGES [LABELS]", "IDX images; labels are not used", source->idx, 1);
  options[2] = text_option("ood-npy", "X", "a NumPy array", source->npy);
  return (cli_option_group){"Out-of-domain rows (at most one of these; labels are not needed)",
                            options, 3};
}

/* Labelled rows beside others; the names are those of the options for CSV, IDX and NumPy. */
static cli_option_group labelled_group(cli_data_source *source, const char *const names[3],
                                       const char *heading) {
  cli_option *options = source->options;
  options[0] =
      text_option(names[0], "FILE", "a CSV file with labels; --label and --header count for it too",
                  &source->data);
  options[1] = pair_option(names[1], "IMAGES LABELS", "IDX files", source->idx, 2);
  options[2] = pair_option(names[2], "X Y", "NumPy arrays", source->npy, 2);
  return (cli_option_group){heading, options, 3};
}

static cli_option_group calibration_group(cli_data_source *source) {
  static const char *const names[] = {"calibration-data", "calibration-idx", "calibration-npy"};
  return labelled_group(
      source, names,
      "Calibration rows for --coverage (one of these; not the rows of training or of\n"
      "--validation)");
}

static cli_option_group test_group(cli_data_source *source) {
  static const char *const names[] = {"test-data", "test-idx", "test-npy"};
  return labelled_group(source, names, "Test rows (at most one of these; without, --test)");
}

cli_option_group cli_data_source_group(cli_data_source *source, cli_labels labels) {
  *source = (cli_data_source){.labels = labels, .header = SNGP_CSV_HEADER_DETECT};
  if (labels == CLI_LABELS_OOD) return ood_group(source);
  if (labels == CLI_LABELS_CALIBRATION) return calibration_group(source);
  if (labels == CLI_LABELS_TEST) return test_group(source);
  cli_option *options = source->options;
  bool needed = labels == CLI_LABELS_NEEDED;
  options[0] = text_option("data", "FILE", "a CSV file, one row a line", &source->data);
  options[1] = text_option("label", "COLUMN", label_help[labels], &source->label);
  options[2] =
      (cli_option){.name = "header",
                   .value = "yes|no",
                   .help = "whether the CSV's first line names its columns\n(default: found out)",
                   .kind = CLI_KIND_CHOICE,
                   .target = &source->header,
                   .choices = yes_no};
  options[3] = pair_option("idx", needed ? "IMAGES LABELS" : "IMAGES [LABELS]",
                           needed ? "IDX files (MNIST's format), plain or gzip"
                                  : "IDX images, plain or gzip; labels are not used",
                           source->idx, needed ? 2 : 1);
  options[4] = pair_option("npy", needed ? "X Y" : "X [Y]",
                           needed ? "NumPy arrays: features (rows, columns), labels (rows,)"
                                  : "a NumPy array (rows, columns); labels are not used",
                           source->npy, needed ? 2 : 1);
  return (cli_option_group){"Input (one of --data, --idx, --npy)", options,
                            CLI_DATA_SOURCE_OPTIONS};
}

static int count_given(const cli_data_source *source) {
  return (source->data != NULL) + (source->idx[0] != NULL) + (source->npy[0] != NULL);
}

bool cli_data_source_given(const cli_data_source *source) { return count_given(source) > 0; }

bool cli_data_sources_check(cli_data_source *const *sources, int count, const char *command) {
  bool csv = false;
  for (int i = 0; i < count; i++) {
    const char *prefix = prefixes[sources[i]->labels];
    if (count_given(sources[i]) > 1) {
      cli_fail_usage(command, "give only one of --%sdata, --%sidx, --%snpy", prefix, prefix,
                     prefix);
      return false;
    }
    csv = csv || sources[i]->data != NULL;
    sources[i]->label = sources[0]->label;
    sources[i]->header = sources[0]->header;
  }
  const char *csv_option = sources[0]->label != NULL                      ? "--label"
                           : sources[0]->header != SNGP_CSV_HEADER_DETECT ? "--header"
                                                                          : NULL;
  if (count_given(sources[0]) == 0)
    cli_fail_usage(command, "no input: give one of --data, --idx, --npy");
  else if (csv_option != NULL && !csv)
    cli_fail_usage(command, "%s is for CSV files, and there is none", csv_option);
  else
    return true;
  return false;
}

bool cli_data_source_spared(const cli_data_source *source, const char *out) {
  return cli_output_spares(out, source->data) && cli_output_spares(out, source->idx[0]) &&
         cli_output_spares(out, source->idx[1]) && cli_output_spares(out, source->npy[0]) &&
         cli_output_spares(out, source->npy[1]);
}

static bool read_arrays(const cli_data_source *source, sngp_dataset **dataset) {
  bool labels = needs_labels(source);
  if (source->idx[0] != NULL) {
    return cli_succeeded(
        sngp_dataset_read_idx(source->idx[0], labels ? source->idx[1] : NULL, dataset));
  }
  return cli_succeeded(
      sngp_dataset_read_npy(source->npy[0], labels ? source->npy[1] : NULL, dataset));
}

bool cli_data_source_read_training(const cli_data_source *source, sngp_dataset **dataset) {
  *dataset = NULL;
  if (source->data == NULL) return read_arrays(source, dataset);
  sngp_csv_config config;
  if (!cli_succeeded(sngp_csv_config_init(&config, sizeof config))) return false;
  config.header = source->header;
  config.label_column = source->label;
  return cli_succeeded(sngp_dataset_read_csv(source->data, &config, dataset));
}

static bool read_arrays_like(const cli_data_source *source, const sngp_model_config *config,
                             sngp_dataset **dataset) {
  const char *const *files = source->idx[0] != NULL ? source->idx : source->npy;
  return read_arrays(source, dataset) && cli_check_arrays_fit(*dataset, config, files[0], files[1]);
}

bool cli_data_source_read_like(const cli_data_source *source, const sngp_model_config *config,
                               sngp_dataset **dataset) {
  *dataset = NULL;
  sngp_csv_config csv;
  if (source->data == NULL) return read_arrays_like(source, config, dataset);
  if (!cli_succeeded(sngp_csv_config_init(&csv, sizeof csv))) return false;
  csv.header = source->header;
  csv.label_column = source->label;
  csv.feature_names = config->feature_names;
  csv.num_features = config->input_dim;
  if (needs_labels(source)) {
    csv.label_mode = SNGP_CSV_LABEL_LAST;
    csv.class_names = config->class_names;
    csv.num_classes = config->num_classes;
  } else {
    /* A column that is named is left out unread; else the last of one column too many is. */
    csv.label_mode = source->label != NULL ? SNGP_CSV_LABEL_NONE : SNGP_CSV_LABEL_OPTIONAL;
  }
  return cli_succeeded(sngp_dataset_read_csv(source->data, &csv, dataset));
}

bool cli_data_source_read_for(const cli_data_source *source, const sngp_model *model,
                              sngp_dataset **dataset) {
  *dataset = NULL;
  sngp_model_config trained;
  if (!cli_succeeded(sngp_model_config_init(&trained, sizeof trained))) return false;
  if (!cli_succeeded(sngp_model_get_config(model, &trained))) return false;
  return cli_data_source_read_like(source, &trained, dataset);
}
