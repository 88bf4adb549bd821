#include "cli/data_source.h"

#include <string.h>

#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/task.h"

static const char *const yes_no[] = {"no", "yes", NULL}; /* SNGP_CSV_HEADER_NO, _YES */

static cli_option pair_option(const char *name, const char *value, const char **target,
                              int min_values, const char *help) {
  cli_option option = cli_text_option(name, value, target, help);
  option.min_values = min_values;
  option.max_values = 2;
  return option;
}

/* What the options of a source are called: "--data", "--ood-data", "--calibration-data". */
static const char *const prefixes[] = {[CLI_OUTPUTS_NEEDED] = "",
                                       [CLI_OUTPUTS_LEFT_OUT] = "",
                                       [CLI_LABELS_NEEDED] = "",
                                       [CLI_LABELS_OOD] = "ood-",
                                       [CLI_LABELS_CALIBRATION] = "calibration-",
                                       [CLI_LABELS_TEST] = "test-"};

bool cli_data_source_needs_outputs(const cli_data_source *source) {
  return source->labels != CLI_OUTPUTS_LEFT_OUT && source->labels != CLI_LABELS_OOD;
}

static cli_option_group ood_group(cli_data_source *source) {
  cli_option *options = source->options;
  options[0] = cli_text_option("ood-data", "FILE", &source->data,
                               "a CSV file; --label or --target, and --header, count for it too");
  options[1] =
      pair_option("ood-idx", "IMAGES [LABELS]", source->idx, 1, "IDX images; labels are not used");
  options[2] = cli_text_option("ood-npy", "X", source->npy, "a NumPy array");
  return (cli_option_group){"Out-of-domain rows (at most one of these; labels are not needed)",
                            options, 3};
}

/* Labelled rows beside others; the names are those of the options for CSV, IDX and NumPy. */
static cli_option_group labelled_group(cli_data_source *source, const char *const names[3],
                                       const char *heading) {
  cli_option *options = source->options;
  options[0] = cli_text_option(names[0], "FILE", &source->data,
                               "a CSV file with labels; --label and --header count for it too");
  options[1] = pair_option(names[1], "IMAGES LABELS", source->idx, 2, "IDX files");
  options[2] = pair_option(names[2], "X Y", source->npy, 2, "NumPy arrays");
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

static cli_option target_option(cli_data_source *source, bool needed) {
  cli_option option =
      cli_text_option("target", "COLUMN", source->targets,
                      needed ? "a target column of the other tasks, by name or by number from\n"
                               "0; once for each (default: the last column, or the model's)"
                             : "the same for the targets of a regression and its like; once for\n"
                               "each (default: the model's, where they are there)");
  option.most_times = CLI_MOST_NAMED_TARGETS;
  return option;
}

/* The rows that a command is about. */
static cli_option_group main_group(cli_data_source *source) {
  bool needed = cli_data_source_needs_outputs(source),
       targets = source->labels != CLI_LABELS_NEEDED;
  cli_option *option = source->options;
  *option++ = cli_text_option("data", "FILE", &source->data, "a CSV file, one row a line");
  *option++ = cli_text_option("label", "COLUMN", &source->label,
                              needed ? "the CSV's label column, by name or by number from 0\n"
                                       "(default: the last column)"
                                     : "a CSV column to leave out, by name or by number from 0\n"
                                       "(default: the last one, where there is one too many)");
  if (targets) *option++ = target_option(source, needed);
  *option =
      cli_choice_option("header", yes_no, &source->header,
                        "whether the CSV's first line names its columns\n(default: found out)");
  (*option++).value = "yes|no";
  *option++ =
      pair_option("idx", needed ? "IMAGES LABELS" : "IMAGES [LABELS]", source->idx, needed ? 2 : 1,
                  needed ? "IDX files (MNIST's format), plain or gzip"
                         : "IDX images, plain or gzip; labels are not used");
  *option++ =
      pair_option("npy", needed ? "X Y" : "X [Y]", source->npy, needed ? 2 : 1,
                  !needed    ? "a NumPy array (rows, columns); labels are not used"
                  : !targets ? "NumPy arrays: features (rows, columns), labels (rows,)"
                             : "NumPy arrays: features (rows, columns), and labels (rows,)\n"
                               "or targets (rows,) or (rows, targets)");
  return (cli_option_group){"Input (one of --data, --idx, --npy)", source->options,
                            (int)(option - source->options)};
}

cli_option_group cli_data_source_group(cli_data_source *source, cli_labels labels) {
  *source = (cli_data_source){
      .labels = labels, .num_targets = CLI_NOT_GIVEN, .header = SNGP_CSV_HEADER_DETECT};
  switch (labels) {
    case CLI_LABELS_OOD: return ood_group(source);
    case CLI_LABELS_CALIBRATION: return calibration_group(source);
    case CLI_LABELS_TEST: return test_group(source);
    default: return main_group(source);
  }
}

cli_option cli_num_targets_option(cli_data_source *source) {
  return cli_integer_option("num-targets", 1, CLI_LARGEST_SIZE, &source->num_targets,
                            "in place of --target: the last N columns of the CSV");
}

static int count_given(const cli_data_source *source) {
  return (source->data != NULL) + (source->idx[0] != NULL) + (source->npy[0] != NULL);
}

bool cli_data_source_given(const cli_data_source *source) { return count_given(source) > 0; }

/* What the options of the first source say of the columns counts for those beside it. */
static void share_columns(const cli_data_source *first, cli_data_source *source) {
  source->label = first->label;
  source->header = first->header;
  memcpy(source->targets, first->targets, sizeof source->targets);
}

/* An option that is given and of no use without a CSV; NULL: there is none. */
static const char *csv_option_of(const cli_data_source *source) {
  if (source->label != NULL) return "--label";
  if (source->targets[0] != NULL) return "--target";
  return source->header != SNGP_CSV_HEADER_DETECT ? "--header" : NULL;
}

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
    if (i > 0) share_columns(sources[0], sources[i]);
  }
  const char *csv_option = csv_option_of(sources[0]);
  if (count_given(sources[0]) == 0)
    cli_fail_usage(command, "no input: give one of --data, --idx, --npy");
  else if (csv_option != NULL && !csv)
    cli_fail_usage(command, "%s is for CSV files, and there is none", csv_option);
  else
    return true;
  return false;
}

bool cli_data_source_check_task(const cli_data_source *source, int32_t task, const char *command) {
  const char *name = cli_task_names[task];
  bool named = source->targets[0] != NULL, counted = source->num_targets != CLI_NOT_GIVEN;
  if (!cli_task_has_targets(task) && (named || counted)) {
    cli_fail_usage(command, "--%s has no effect with --task %s: --label names its column",
                   named ? "target" : "num-targets", name);
  } else if (cli_task_has_targets(task) && source->label != NULL) {
    cli_fail_usage(command, "--label has no effect with --task %s: --target names its columns",
                   name);
  } else if (cli_task_has_targets(task) && source->idx[0] != NULL) {
    cli_fail_usage(command, "--idx has labels, and --task %s needs targets: --data or --npy", name);
  } else if (named && counted) {
    cli_fail_usage(command, "give only one of --target, --num-targets");
  } else if (counted && source->data == NULL) {
    cli_fail_usage(command, "--num-targets is for CSV files, and there is none");
  } else {
    return true;
  }
  return false;
}

bool cli_data_source_spared(const cli_data_source *source, const char *out) {
  return cli_output_spares(out, source->data) && cli_output_spares(out, source->idx[0]) &&
         cli_output_spares(out, source->idx[1]) && cli_output_spares(out, source->npy[0]) &&
         cli_output_spares(out, source->npy[1]);
}
