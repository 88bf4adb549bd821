/* sngp predict: rows in, a CSV of classes, probabilities, variance and uncertainty out. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/conformal.h"
#include "cli/data_source.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/prediction.h"
#include "cli/prediction_options.h"
#include "sngp/sngp.h"

/* Rows that are predicted and written at once. */
enum { BLOCK_ROWS = 4096 };

typedef struct {
  const char *model;
  cli_data_source source;
  const char *out;
  cli_prediction_settings prediction;
  cli_conformal_settings conformal;
} predict_settings;

typedef struct {
  cli_predictor predictor;
  cli_conformal conformal;
  sngp_dataset *rows;
  sngp_prediction prediction; /* of a block of rows */
  float *numbers;             /* what the prediction points into */
  uint8_t *sets;              /* NULL: there are none */
  char *set_text;
} predict_work;

static const char purpose[] =
    "Writes a CSV with one line for each row of the input:\n"
    "\n"
    "  row,class,probability_0,...,variance,uncertainty\n"
    "\n"
    "Rows count from 0. probability_k is that of the k-th class, counted from 0 as 'sngp info'\n"
    "lists them ('sngp info --json' lists all of many). variance is that of the Gaussian\n"
    "process's logits: large far from the training rows (empty for a model without one).\n"
    "uncertainty is 1 - the largest probability. Numbers have enough digits to be read back\n"
    "exactly. A CSV with a header is matched to the model's columns by name, in any order.\n"
    "\n"
    "With --coverage and calibration rows one more column, set, holds a prediction set: the\n"
    "classes that, with that probability, hold the row's own; joined by ';' (a ';' or '\\' of\n"
    "a name has a '\\' before it). MODEL is a file of 'sngp train', a model or an ensemble.";

static const char examples[] =
    "  sngp predict model.safetensors --data new.csv\n"
    "  sngp predict model.safetensors --npy X.npy --out predictions.csv\n"
    "  sngp predict model.safetensors --data new.csv --method monte-carlo --samples 1000\n"
    "  sngp predict model.safetensors --data new.csv --coverage 0.95 --calibration-data more.csv";

static cli_parse_result parse(predict_settings *settings, int argc, char **argv) {
  predict_settings *s = settings;
  *s = (predict_settings){0};
  cli_prediction_options prediction;
  cli_option output[] = {
      {.name = "out",
       .value = "FILE",
       .kind = CLI_KIND_TEXT,
       .target = &s->out,
       .help = "write here (default: standard output)"},
      cli_coverage_option(&s->conformal),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_LABELS_LEFT_OUT),
      cli_data_source_group(&s->conformal.source, CLI_LABELS_CALIBRATION),
      cli_prediction_group(&prediction, &s->prediction),
      {"Output", output, sizeof output / sizeof output[0]},
  };
  cli_command command = {.name = "predict",
                         .usage = "MODEL INPUT [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "MODEL",
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &s->model);
  if (result != CLI_PARSE_OK) return result;
  cli_data_source *sources[] = {&s->source, &s->conformal.source};
  bool good = cli_data_sources_check(sources, sizeof sources / sizeof sources[0], command.name) &&
              cli_conformal_check(&s->conformal, command.name) &&
              cli_prediction_options_check(&s->prediction, cli_conformal_wanted(&s->conformal),
                                           command.name);
  return good ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}

/* A text as a field of RFC 4180: quoted where it has to be. */
static void write_field(FILE *stream, const char *text) {
  if (text[0] != '\0' && strpbrk(text, "\",\r\n") == NULL && text[0] != ' ' &&
      text[strlen(text) - 1] != ' ') {
    fputs(text, stream);
    return;
  }
  putc('"', stream);
  for (; *text != '\0'; text++) {
    if (*text == '"') putc('"', stream);
    putc(*text, stream);
  }
  putc('"', stream);
}

static void write_header(FILE *stream, const predict_work *work) {
  fputs("row,class", stream);
  for (int64_t k = 0; k < work->predictor.config.num_classes; k++) {
    fprintf(stream, ",probability_%" PRId64, k);
  }
  fprintf(stream, ",variance,uncertainty%s\n", work->sets != NULL ? ",set" : "");
}

/* The longest text of a set is that of all classes: this many bytes, separators and NUL included,
   where every byte of a name is escaped. */
static size_t set_text_size(const sngp_model_config *config) {
  enum { LONGEST_NUMBER = 20 };
  size_t size = 1;
  for (int64_t k = 0; k < config->num_classes; k++) {
    size += 1 + (config->class_names != NULL ? 2 * strlen(config->class_names[k]) : LONGEST_NUMBER);
  }
  return size;
}

/* A name with a backslash before each ';' and backslash of its own; returns the end. */
static char *escape_name(char *end, const char *name) {
  for (; *name != '\0'; name++) {
    if (*name == ';' || *name == '\\') *end++ = '\\';
    *end++ = *name;
  }
  *end = '\0';
  return end;
}

static void write_set(FILE *stream, const predict_work *work, const uint8_t *set) {
  const char *const *names = work->predictor.config.class_names;
  char *end = work->set_text;
  *end = '\0';
  for (int64_t k = 0; k < work->predictor.config.num_classes; k++) {
    if (set[k] == 0) continue;
    if (end > work->set_text) *end++ = ';';
    end = names != NULL ? escape_name(end, names[k]) : end + sprintf(end, "%" PRId64, k);
  }
  write_field(stream, work->set_text);
}

static void write_rows(FILE *stream, const predict_work *work, int64_t begin, int64_t count) {
  const char *const *names = work->predictor.config.class_names;
  const sngp_prediction *prediction = &work->prediction;
  int64_t num_classes = work->predictor.config.num_classes;
  for (int64_t i = 0; i < count; i++) {
    int32_t class = prediction->classes[i];
    fprintf(stream, "%" PRId64 ",", begin + i);
    if (names != NULL) {
      write_field(stream, names[class]);
    } else {
      fprintf(stream, "%" PRId32, class);
    }
    const float *probabilities = prediction->probabilities + i * num_classes;
    for (int64_t k = 0; k < num_classes; k++) fprintf(stream, ",%.9g", (double)probabilities[k]);
    putc(',', stream);
    if (prediction->variance != NULL) fprintf(stream, "%.9g", (double)prediction->variance[i]);
    fprintf(stream, ",%.9g", (double)prediction->uncertainty[i]);
    if (work->sets != NULL) {
      putc(',', stream);
      write_set(stream, work, work->sets + i * num_classes);
    }
    putc('\n', stream);
  }
}

static bool write_predictions(FILE *stream, predict_work *work) {
  int64_t total = sngp_dataset_rows(work->rows);
  write_header(stream, work);
  for (int64_t begin = 0; begin < total && !ferror(stream); begin += BLOCK_ROWS) {
    int64_t count = total - begin < BLOCK_ROWS ? total - begin : BLOCK_ROWS;
    if (!cli_predictor_run(&work->predictor, work->rows, begin, count, &work->prediction)) {
      return false;
    }
    if (work->sets != NULL && !cli_conformal_sets(&work->conformal, work->prediction.probabilities,
                                                  count, begin, work->sets)) {
      return false;
    }
    write_rows(stream, work, begin, count);
  }
  return true;
}

static bool take_memory(predict_work *work, bool with_sets) {
  size_t num_classes = (size_t)work->predictor.config.num_classes;
  size_t probabilities = BLOCK_ROWS * num_classes;
  work->numbers = malloc((probabilities + 2 * BLOCK_ROWS) * sizeof(float));
  work->prediction = (sngp_prediction){.struct_size = sizeof work->prediction,
                                       .probabilities = work->numbers,
                                       .classes = malloc(BLOCK_ROWS * sizeof(int32_t))};
  if (with_sets) {
    work->sets = malloc(probabilities);
    work->set_text = malloc(set_text_size(&work->predictor.config));
  }
  if (work->numbers == NULL || work->prediction.classes == NULL ||
      (with_sets && (work->sets == NULL || work->set_text == NULL))) {
    cli_fail("out of memory for a block of predictions");
    return false;
  }
  work->prediction.uncertainty = work->numbers + probabilities;
  if (work->predictor.has_variance) {
    work->prediction.variance = work->prediction.uncertainty + BLOCK_ROWS;
  }
  return true;
}

static int run(const predict_settings *settings, predict_work *work) {
  bool with_sets = cli_conformal_wanted(&settings->conformal);
  if (!cli_output_spares(settings->out, settings->model) ||
      !cli_data_source_spared(&settings->source, settings->out) ||
      !cli_data_source_spared(&settings->conformal.source, settings->out)) {
    return CLI_EXIT_FAILURE;
  }
  if (!cli_predictor_load(&work->predictor, settings->model, &settings->prediction) ||
      !cli_data_source_read_for(&settings->source, work->predictor.model, &work->rows)) {
    return CLI_EXIT_FAILURE;
  }
  if (with_sets &&
      !cli_conformal_calibrate(&settings->conformal, &work->predictor, &work->conformal)) {
    return CLI_EXIT_FAILURE;
  }
  if (!take_memory(work, with_sets)) return CLI_EXIT_FAILURE;
  int status = CLI_EXIT_FAILURE;
  cli_output output = {0};
  if (cli_output_open(&output, settings->out) && write_predictions(output.stream, work) &&
      cli_output_commit(&output)) {
    status = CLI_EXIT_OK;
  }
  cli_output_discard(&output);
  return status;
}

int cli_predict(int argc, char **argv) {
  predict_settings settings;
  switch (parse(&settings, argc, argv)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  predict_work work = {0};
  int status = run(&settings, &work);
  free(work.set_text);
  free(work.sets);
  free(work.prediction.classes);
  free(work.numbers);
  sngp_dataset_free(work.rows);
  cli_predictor_free(&work.predictor);
  return status;
}
