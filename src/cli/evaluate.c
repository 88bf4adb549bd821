/* sngp evaluate: accuracy and calibration on labelled rows; how well the scores tell
   out-of-domain rows. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/prediction.h"
#include "cli/report.h"
#include "cli/threads.h"
#include "sngp/sngp.h"

typedef struct {
  const char *model;
  cli_data_source source, ood;
  int32_t method;
  int64_t threads;
  bool json;
} evaluate_settings;

enum { SCORE_VARIANCE, SCORE_MAX_PROBABILITY, SCORE_ENTROPY, SCORE_DEMPSTER_SHAFER, NUM_SCORES };

static const struct {
  const char *key, *title;
} score_names[NUM_SCORES] = {
    [SCORE_VARIANCE] = {"variance", "variance"},
    [SCORE_MAX_PROBABILITY] = {"max_probability", "1 - max probability"},
    [SCORE_ENTROPY] = {"entropy", "entropy"},
    [SCORE_DEMPSTER_SHAFER] = {"dempster_shafer", "Dempster-Shafer"},
};

/* The scores of a set of rows: NUM_SCORES x rows, in one block. */
typedef struct {
  int64_t rows;
  float *block;
} score_table;

typedef struct {
  cli_predictor predictor;
  sngp_dataset *rows, *ood;
  float *probabilities;
  score_table in_scores, ood_scores;
  sngp_classification_metrics measures;
  sngp_ood_metrics separation[NUM_SCORES];
} evaluation;

static const char purpose[] =
    "Compares predictions with the labels of test rows. With out-of-domain rows, says how\n"
    "well each score tells them from the test rows: AUROC, AUPR and the false-positive\n"
    "rate at 95% true positives, out-of-domain being positive.";

static const char examples[] =
    "  sngp evaluate model.safetensors --data test.csv\n"
    "  sngp evaluate model.safetensors --idx images.gz labels.gz --ood-idx other.gz --json";

static cli_parse_result parse(evaluate_settings *settings, int argc, char **argv) {
  evaluate_settings *s = settings;
  *s = (evaluate_settings){.threads = cli_default_threads()};
  cli_option options[] = {
      cli_method_option(&s->method),
      {.name = "json",
       .kind = CLI_KIND_FLAG,
       .target = &s->json,
       .help = "print one JSON document"},
      cli_threads_option(&s->threads),
  };
  cli_option_group groups[] = {
      cli_data_source_group(&s->source, CLI_LABELS_NEEDED),
      cli_data_source_group(&s->ood, CLI_LABELS_OOD),
      {"Options", options, sizeof options / sizeof options[0]},
  };
  cli_command command = {.name = "evaluate",
                         .usage = "MODEL INPUT [OPTION]...",
                         .purpose = purpose,
                         .examples = examples,
                         .argument = "MODEL",
                         .groups = groups,
                         .num_groups = sizeof groups / sizeof groups[0]};
  cli_parse_result result = cli_options_parse(&command, argc, argv, &s->model);
  if (result != CLI_PARSE_OK) return result;
  bool good = cli_data_source_check(&s->source, &s->ood, command.name);
  s->ood.label = s->source.label;
  s->ood.header = s->source.header;
  return good ? CLI_PARSE_OK : CLI_PARSE_ERROR;
}

/* Predicts all rows: their scores and, where wanted, probabilities. */
static bool predict_scores(cli_predictor *predictor, const sngp_dataset *rows, float *probabilities,
                           score_table *scores) {
  int64_t count = sngp_dataset_rows(rows);
  scores->rows = count;
  scores->block = calloc((size_t)count, NUM_SCORES * sizeof(float));
  if (scores->block == NULL) {
    cli_fail("out of memory for the scores of %" PRId64 " rows", count);
    return false;
  }
  sngp_prediction prediction = {
      .struct_size = sizeof prediction,
      .probabilities = probabilities,
      .uncertainty = scores->block + SCORE_MAX_PROBABILITY * count,
      .entropy = scores->block + SCORE_ENTROPY * count,
      .dempster_shafer = scores->block + SCORE_DEMPSTER_SHAFER * count,
  };
  if (predictor->has_variance) prediction.variance = scores->block + SCORE_VARIANCE * count;
  return cli_predictor_run(predictor, rows, 0, count, &prediction);
}

static bool evaluate_labels(evaluation *e) {
  int64_t num_classes = e->predictor.config.num_classes, rows = sngp_dataset_rows(e->rows);
  e->probabilities = calloc((size_t)rows, (size_t)num_classes * sizeof(float));
  if (e->probabilities == NULL) {
    cli_fail("out of memory for the probabilities of %" PRId64 " rows", rows);
    return false;
  }
  if (!predict_scores(&e->predictor, e->rows, e->probabilities, &e->in_scores)) return false;
  e->measures.struct_size = sizeof e->measures;
  if (sngp_evaluate_classification(e->probabilities, rows, num_classes,
                                   sngp_dataset_labels(e->rows), &e->measures) != SNGP_OK) {
    cli_fail_library();
    return false;
  }
  return true;
}

static int first_score(const evaluation *e) {
  return e->predictor.has_variance ? SCORE_VARIANCE : SCORE_VARIANCE + 1;
}

static bool evaluate_ood(evaluation *e) {
  if (!predict_scores(&e->predictor, e->ood, NULL, &e->ood_scores)) return false;
  const score_table *in = &e->in_scores, *out = &e->ood_scores;
  for (int i = first_score(e); i < NUM_SCORES; i++) {
    e->separation[i].struct_size = sizeof e->separation[i];
    if (sngp_evaluate_ood(in->block + i * in->rows, in->rows, out->block + i * out->rows, out->rows,
                          &e->separation[i]) != SNGP_OK) {
      cli_fail_library();
      return false;
    }
  }
  return true;
}

static json_t *ood_json(const evaluation *e) {
  json_t *scores = json_object();
  for (int i = first_score(e); i < NUM_SCORES; i++) {
    json_t *score = json_pack("{s:o, s:o, s:o}", "auroc", cli_json_real(e->separation[i].auroc),
                              "aupr", cli_json_real(e->separation[i].aupr), "fpr95",
                              cli_json_real(e->separation[i].fpr95));
    if (json_object_set_new(scores, score_names[i].key, score) != 0) {
      json_decref(scores);
      return NULL;
    }
  }
  return json_pack("{s:I, s:o}", "rows", (json_int_t)e->ood_scores.rows, "scores", scores);
}

static void print_json(const evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  json_t *document = json_pack("{s:I, s:o, s:o, s:o, s:o}", "rows", (json_int_t)m->rows, "accuracy",
                               cli_json_real(m->accuracy), "nll", cli_json_real(m->nll), "brier",
                               cli_json_real(m->brier), "ece", cli_json_real(m->ece));
  if (e->ood != NULL && json_object_set_new(document, "ood", ood_json(e)) != 0) {
    json_decref(document);
    document = NULL;
  }
  cli_json_print(document);
}

static void print_table(const evaluation *e) {
  const sngp_classification_metrics *m = &e->measures;
  char count[CLI_COUNT_SIZE];
  printf("%-24s%10s\n", "Test rows", cli_format_count(m->rows, count));
  printf("  %-22s%10.4f\n", "accuracy", m->accuracy);
  printf("  %-22s%10.4f\n", "negative log-likelihood", m->nll);
  printf("  %-22s%10.4f\n", "Brier score", m->brier);
  printf("  %-22s%10.4f\n", "calibration error", m->ece);
  if (e->ood == NULL) return;
  printf("\n%-24s%10s%10s%10s%10s\n", "Out-of-domain rows",
         cli_format_count(e->ood_scores.rows, count), "AUROC", "AUPR", "FPR95");
  for (int i = first_score(e); i < NUM_SCORES; i++) {
    printf("  %-32s%10.4f%10.4f%10.4f\n", score_names[i].title, e->separation[i].auroc,
           e->separation[i].aupr, e->separation[i].fpr95);
  }
}

static int run(const evaluate_settings *settings, evaluation *e) {
  if (!cli_predictor_load(&e->predictor, settings->model, settings->method, settings->threads) ||
      !cli_data_source_read_for(&settings->source, e->predictor.model, &e->rows)) {
    return CLI_EXIT_FAILURE;
  }
  bool with_ood = cli_data_source_given(&settings->ood);
  if (with_ood && !cli_data_source_read_for(&settings->ood, e->predictor.model, &e->ood)) {
    return CLI_EXIT_FAILURE;
  }
  if (!evaluate_labels(e) || (with_ood && !evaluate_ood(e))) return CLI_EXIT_FAILURE;
  if (settings->json) {
    print_json(e);
  } else {
    print_table(e);
  }
  return CLI_EXIT_OK;
}

int cli_evaluate(int argc, char **argv) {
  evaluate_settings settings;
  switch (parse(&settings, argc, argv)) {
    case CLI_PARSE_HELP: return CLI_EXIT_OK;
    case CLI_PARSE_ERROR: return CLI_EXIT_USAGE;
    case CLI_PARSE_OK: break;
  }
  evaluation e = {0};
  int status = run(&settings, &e);
  free(e.in_scores.block);
  free(e.ood_scores.block);
  free(e.probabilities);
  sngp_dataset_free(e.ood);
  sngp_dataset_free(e.rows);
  cli_predictor_free(&e.predictor);
  return status;
}
