#include "cli/compare_evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "cli/calibration.h"
#include "cli/clock.h"
#include "cli/message.h"
#include "cli/report.h"

/* What all steps of one method and seed share. */
typedef struct {
  const cli_compare_method *method;
  const cli_compare_rows *rows;
  cli_prediction_settings prediction;
} evaluator;

/* A copy of `count` models, tuned on the held-out rows by the method's own predictions. */
static bool tune(const evaluator *e, const sngp_model *const *models, int64_t count,
                 sngp_ensemble **tuned, sngp_calibration *calibration) {
  sngp_predict_config config;
  *calibration = (sngp_calibration){.struct_size = sizeof *calibration};
  return cli_succeeded(sngp_ensemble_from_models(models, count, tuned)) &&
         cli_succeeded(cli_prediction_config(&e->prediction, &config)) &&
         cli_succeeded(
             sngp_ensemble_calibrate(*tuned, e->rows->held_out, &config, NULL, calibration));
}

static json_t *calibration_json(const evaluator *e, const sngp_calibration *c) {
  /* Nothing but mean field has a factor, and without a Gaussian process it has no meaning. */
  bool factor = cli_compare_model_has_process(e->method->model) &&
                e->method->prediction != SNGP_PREDICT_MONTE_CARLO;
  return cli_calibration_json(c, factor);
}

/* Few rows take so little time that the clock or another program counts for more: they are
   predicted again until so many seconds have gone. */
static const double SECONDS_OF_TIMING = 0.1;

/* Microseconds a row of predicting all test rows: probabilities and, where there is one, the
   variance; the fastest pass. What was predicted before has warmed everything up. */
static bool time_predictions(const cli_predictor *predictor, const sngp_dataset *rows,
                             double *microseconds) {
  int64_t count = sngp_dataset_rows(rows), num_classes = predictor->config.num_classes;
  float *buffer =
      calloc((size_t)count, (size_t)(num_classes + predictor->num_variances) * sizeof(float));
  if (buffer == NULL) {
    cli_fail("out of memory for the probabilities of the test rows");
    return false;
  }
  sngp_prediction prediction = {.struct_size = sizeof prediction, .probabilities = buffer};
  if (predictor->num_variances > 0) prediction.variance = buffer + count * num_classes;
  double begin = cli_now(), last = begin, fastest = INFINITY;
  bool good = true;
  while (good && last - begin < SECONDS_OF_TIMING) {
    good = cli_predictor_run(predictor, rows, 0, count, &prediction);
    double now = cli_now();
    fastest = fmin(fastest, now - last);
    last = now;
  }
  *microseconds = 1e6 * fastest / (double)count;
  free(buffer);
  return good;
}

/* Adds a value to the document; takes the value. */
static bool add(json_t *document, const char *key, json_t *value) {
  if (json_object_set_new(document, key, value) == 0) return true;
  cli_fail("out of memory for the results");
  return false;
}

/* The measures of one member, tuned on its own. */
static bool evaluate_member(const evaluator *e, const sngp_model *member, json_t *members,
                            double *best_nll) {
  sngp_ensemble *tuned = NULL;
  sngp_calibration calibration;
  cli_predictor predictor = {0};
  cli_evaluation evaluation = {0};
  bool good = tune(e, &member, 1, &tuned, &calibration) &&
              cli_predictor_use(&predictor, tuned, &e->prediction) &&
              cli_evaluation_run(&predictor, e->rows->test, NULL, &evaluation);
  if (good) {
    double nll = evaluation.measures.nll;
    json_t *measures = json_pack("{s:o, s:o}", "nll", cli_json_real(nll), "accuracy",
                                 cli_json_real(evaluation.measures.accuracy));
    *best_nll = fmin(*best_nll, nll);
    good = json_array_append_new(members, measures) == 0;
    if (!good) cli_fail("out of memory for the results");
  }
  cli_evaluation_free(&evaluation);
  cli_predictor_free(&predictor);
  sngp_ensemble_free(tuned);
  return good;
}

static bool add_members(const evaluator *e, const sngp_model *const *models, int64_t count,
                        json_t *document) {
  json_t *members = json_array();
  double best_nll = INFINITY;
  if (!add(document, "members", members)) return false;
  for (int64_t i = 0; i < count; i++) {
    if (!evaluate_member(e, models[i], members, &best_nll)) return false;
  }
  return add(document, "best_member_nll", cli_json_real(best_nll));
}

static bool evaluate(const evaluator *e, const cli_compare_trained *trained,
                     const sngp_model *const *models, int64_t count, int64_t seed,
                     cli_compare_curves *curves, json_t **document) {
  sngp_ensemble *tuned = NULL;
  sngp_calibration calibration;
  cli_predictor predictor = {0};
  cli_evaluation evaluation = {0};
  double microseconds = 0;
  bool good = tune(e, models, count, &tuned, &calibration) &&
              cli_predictor_use(&predictor, tuned, &e->prediction) &&
              cli_evaluation_run(&predictor, e->rows->test, e->rows->ood, &evaluation) &&
              time_predictions(&predictor, e->rows->test, &microseconds) &&
              cli_compare_curves_add(curves, &evaluation, sngp_dataset_labels(e->rows->test));
  if (good) {
    *document = cli_evaluation_json(&evaluation);
    good = add(*document, "seed", json_integer(seed)) &&
           add(*document, "train_seconds", cli_json_real(trained->seconds)) &&
           add(*document, "predict_microseconds", cli_json_real(microseconds)) &&
           add(*document, "calibration", calibration_json(e, &calibration));
  }
  cli_evaluation_free(&evaluation);
  cli_predictor_free(&predictor);
  sngp_ensemble_free(tuned);
  return good;
}

bool cli_compare_evaluate(const cli_compare_settings *settings, const cli_compare_method *method,
                          const cli_compare_trained *trained, const cli_compare_rows *rows,
                          int64_t seed, cli_compare_curves *curves, json_t **document) {
  evaluator e = {.method = method, .rows = rows};
  cli_prediction_settings_init(&e.prediction);
  e.prediction.method = method->prediction;
  e.prediction.threads = settings->training.threads;
  e.prediction.passes = settings->passes;
  e.prediction.samples = settings->samples;
  e.prediction.seed = seed;
  int64_t count = sngp_ensemble_num_members(trained->models.ensemble);
  const sngp_model **models = calloc((size_t)count, sizeof *models);
  *document = NULL;
  if (models == NULL) {
    cli_fail("out of memory for a list of models");
    return false;
  }
  for (int64_t i = 0; i < count; i++) models[i] = sngp_ensemble_member(trained->models.ensemble, i);
  bool good = evaluate(&e, trained, models, count, seed, curves, document);
  if (good && cli_compare_model_is_ensemble(method->model)) {
    good = add_members(&e, models, count, *document);
  }
  free(models);
  if (good) return true;
  json_decref(*document);
  *document = NULL;
  return false;
}
