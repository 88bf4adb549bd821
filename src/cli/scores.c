#include "cli/scores.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/report.h"

const cli_score_name cli_score_names[CLI_NUM_SCORES] = {
    [CLI_SCORE_VARIANCE] = {"variance", "variance"},
    [CLI_SCORE_MAX_PROBABILITY] = {"max_probability", "1 - max probability"},
    [CLI_SCORE_ENTROPY] = {"entropy", "entropy"},
    [CLI_SCORE_DEMPSTER_SHAFER] = {"dempster_shafer", "Dempster-Shafer"},
    [CLI_SCORE_ENERGY] = {"energy", "energy"},
    [CLI_SCORE_MUTUAL_INFORMATION] = {"mutual_information", "mutual information"},
};

static bool has_score(const cli_predictor *predictor, int score) {
  switch (score) {
    case CLI_SCORE_VARIANCE: return predictor->num_variances > 0;
    case CLI_SCORE_ENTROPY: return true;
    case CLI_SCORE_MUTUAL_INFORMATION: return predictor->has_several_passes;
    default: return predictor->task == CLI_TASK_CLASSIFICATION;
  }
}

static bool fail_memory(int64_t rows) {
  cli_fail("out of memory for the scores of %" PRId64 " rows", rows);
  return false;
}

/* Takes the memory for the scores that the predictor has. */
static bool take(const cli_predictor *predictor, int64_t rows, cli_scores *scores) {
  scores->rows = rows;
  scores->block = calloc((size_t)rows, CLI_NUM_SCORES * sizeof(float));
  if (scores->block == NULL) return fail_memory(rows);
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    scores->values[i] = has_score(predictor, i) ? scores->block + i * rows : NULL;
  }
  return true;
}

static void average(const float *variances, int64_t rows, int64_t per_row, float *means) {
  for (int64_t i = 0; i < rows; i++) {
    double sum = 0;
    for (int64_t k = 0; k < per_row; k++) sum += (double)variances[i * per_row + k];
    means[i] = (float)(sum / (double)per_row);
  }
}

bool cli_scores_predict(const cli_predictor *predictor, const sngp_dataset *rows,
                        sngp_prediction prediction, cli_scores *scores) {
  int64_t count = sngp_dataset_rows(rows), per_row = predictor->num_variances;
  float *variances = NULL;
  if (!take(predictor, count, scores)) return false;
  if (per_row > 1) {
    variances = calloc((size_t)count, (size_t)per_row * sizeof(float));
    if (variances == NULL) return fail_memory(count);
  }
  prediction.variance = per_row > 1 ? variances : scores->values[CLI_SCORE_VARIANCE];
  prediction.uncertainty = scores->values[CLI_SCORE_MAX_PROBABILITY];
  prediction.entropy = scores->values[CLI_SCORE_ENTROPY];
  prediction.dempster_shafer = scores->values[CLI_SCORE_DEMPSTER_SHAFER];
  prediction.energy = scores->values[CLI_SCORE_ENERGY];
  prediction.mutual_information = scores->values[CLI_SCORE_MUTUAL_INFORMATION];
  bool good = cli_predictor_run(predictor, rows, 0, count, &prediction);
  if (good && per_row > 1) average(variances, count, per_row, scores->values[CLI_SCORE_VARIANCE]);
  free(variances);
  return good;
}

void cli_scores_free(cli_scores *scores) {
  free(scores->block);
  *scores = (cli_scores){0};
}

bool cli_scores_separate(const cli_scores *in_domain, const cli_scores *out_of_domain,
                         cli_separation *separation) {
  const cli_scores *in = in_domain, *out = out_of_domain;
  separation->rows = out->rows;
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    separation->has[i] = in->values[i] != NULL && out->values[i] != NULL;
    if (!separation->has[i]) continue;
    separation->of[i].struct_size = sizeof separation->of[i];
    if (!cli_succeeded(sngp_evaluate_ood(in->values[i], in->rows, out->values[i], out->rows,
                                         &separation->of[i]))) {
      return false;
    }
  }
  return true;
}

json_t *cli_scores_json(const bool has[CLI_NUM_SCORES],
                        json_t *(*of_score)(const void *context, int score), const void *context) {
  json_t *scores = json_object();
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    if (!has[i]) continue;
    if (json_object_set_new(scores, cli_score_names[i].key, of_score(context, i)) != 0) {
      json_decref(scores);
      return NULL;
    }
  }
  return scores;
}

static json_t *separation_json(const void *context, int score) {
  const cli_separation *separation = context;
  const sngp_ood_metrics *m = &separation->of[score];
  const cli_json_number numbers[] = {{"auroc", m->auroc}, {"aupr", m->aupr}, {"fpr95", m->fpr95}};
  return cli_json_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}

bool cli_separation_add(json_t *document, const cli_separation *separation) {
  if (separation->rows == 0) return true;
  json_t *ood = json_pack("{s:I, s:o}", "rows", (json_int_t)separation->rows, "scores",
                          cli_scores_json(separation->has, separation_json, separation));
  return json_object_set_new(document, "ood", ood) == 0;
}

void cli_separation_print(const cli_separation *separation) {
  char count[CLI_COUNT_SIZE];
  if (separation->rows == 0) return;
  printf("\n%-34s%10s%10s%10s%10s\n", "Out-of-domain rows",
         cli_format_count(separation->rows, count), "AUROC", "AUPR", "FPR95");
  for (int i = 0; i < CLI_NUM_SCORES; i++) {
    const sngp_ood_metrics *m = &separation->of[i];
    if (!separation->has[i]) continue;
    printf("  %-42s%10.4f%10.4f%10.4f\n", cli_score_names[i].title, m->auroc, m->aupr, m->fpr95);
  }
}
