#include "cli/moons.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/figure.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/report.h"

/* The tutorial's data. */
enum { TRAINING_ROWS = 1000, OUT_OF_DOMAIN_ROWS = 500, BATCH_SIZE = 128 };
static const double NOISE = 0.1;
static const double BLOB_X = 2.5, BLOB_Y = -1.75, BLOB_STD = 0.1;

/* The method whose models a method predicts with. */
static moons_method trained_as(moons_method method) {
  return method == MOONS_MC_DROPOUT ? MOONS_DETERMINISTIC : method;
}

const sngp_ensemble *cli_moons_models(const moons *m, moons_method method) {
  return m->results[trained_as(method)].ensemble;
}

const moons_result *cli_moons_training(const moons *m, moons_method method) {
  return &m->results[trained_as(method)];
}

static sngp_status make_data(int64_t seed, moons *m) {
  sngp_status status = sngp_dataset_two_moons(TRAINING_ROWS, NOISE, seed, &m->training);
  if (status == SNGP_OK) {
    status =
        sngp_dataset_blob(OUT_OF_DOMAIN_ROWS, BLOB_X, BLOB_Y, BLOB_STD, seed, &m->out_of_domain);
  }
  if (status == SNGP_OK) {
    status = sngp_dataset_grid(-CLI_FIGURE_X, CLI_FIGURE_X, -CLI_FIGURE_Y, CLI_FIGURE_Y,
                               CLI_FIGURE_RESOLUTION, &m->grid);
  }
  return status;
}

static sngp_status optimizer_config(sngp_optimizer_config *config) {
  sngp_status status = sngp_optimizer_config_init(config, sizeof *config);
  return status == SNGP_OK ? sngp_optimizer_config_preset(config, SNGP_PRESET_TUTORIAL) : status;
}

static sngp_status make_optimizer(sngp_optimizer **optimizer) {
  sngp_optimizer_config config;
  sngp_status status = optimizer_config(&config);
  return status == SNGP_OK ? sngp_optimizer_create(&config, optimizer) : status;
}

static sngp_status model_config(moons_method method, int64_t seed, sngp_model_config *config) {
  sngp_status status = sngp_model_config_init(config, sizeof *config);
  if (status == SNGP_OK) status = sngp_model_config_preset(config, SNGP_PRESET_TUTORIAL);
  if (status != SNGP_OK) return status;
  config->input_dim = 2;
  config->num_classes = 2;
  config->head = method == MOONS_SNGP ? SNGP_HEAD_GAUSSIAN_PROCESS : SNGP_HEAD_DENSE;
  config->seed = seed;
  if (method != MOONS_SNGP) config->spectral_norm_bound = 0;
  return SNGP_OK;
}

/* Trains one model with the optimizer that others share. `title` is NULL where nothing is said. */
static sngp_status fit_model(const sngp_model_config *config, const sngp_fit_config *fit, moons *m,
                             moons_result *result, const char *title) {
  sngp_model *model = NULL;
  sngp_status status = sngp_model_create(config, &model);
  if (status == SNGP_OK) {
    if (title != NULL) cli_print_model_line(model, title);
    status = sngp_fit(model, m->optimizer, m->training, NULL, fit, &result->histories[0]);
  }
  const sngp_model *trained = model;
  if (status == SNGP_OK) status = sngp_ensemble_from_models(&trained, 1, &result->ensemble);
  sngp_model_free(model);
  return status;
}

static sngp_status fit_ensemble(const sngp_model_config *config, const sngp_fit_config *fit,
                                const moons *m, moons_result *result, const char *title) {
  sngp_optimizer_config optimizer;
  sngp_status status = optimizer_config(&optimizer);
  if (status == SNGP_OK) status = sngp_ensemble_create(config, MOONS_MEMBERS, &result->ensemble);
  if (status != SNGP_OK) return status;
  if (title != NULL) puts(title);
  return sngp_ensemble_fit(result->ensemble, &optimizer, m->training, NULL, fit, result->histories);
}

static sngp_status fit(const moons_settings *settings, moons *m, moons_method method,
                       const char *title) {
  moons_result *result = &m->results[method];
  sngp_model_config model;
  sngp_fit_config config;
  sngp_status status = model_config(method, settings->seed, &model);
  if (status == SNGP_OK) status = sngp_fit_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_fit_config_preset(&config, SNGP_PRESET_TUTORIAL);
  if (status != SNGP_OK) return status;
  cli_progress progress;
  cli_progress_init(&progress, settings->quiet, settings->json);
  config.num_threads = (int32_t)settings->threads;
  config.epochs = settings->epochs;
  config.batch_size = BATCH_SIZE;
  config.callback = cli_progress_callback;
  config.context = &progress;
  cli_progress_begin(&progress);
  status = method == MOONS_ENSEMBLE ? fit_ensemble(&model, &config, m, result, title)
                                    : fit_model(&model, &config, m, result, title);
  result->seconds = cli_progress_end(&progress);
  return status;
}

static double mean(const float *values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)values[i];
  return sum / (double)count;
}

static sngp_status predict(const moons_settings *settings, const moons *m, moons_method method,
                           const sngp_dataset *rows, sngp_prediction *out) {
  sngp_predict_config config;
  sngp_status status = sngp_predict_config_init(&config, sizeof config);
  if (status != SNGP_OK) return status;
  config.num_threads = (int32_t)settings->threads;
  config.seed = settings->seed;
  if (method == MOONS_MC_DROPOUT) {
    config.method = SNGP_PREDICT_MC_DROPOUT;
    config.num_samples = MOONS_PASSES;
  }
  return sngp_ensemble_predict(cli_moons_models(m, method), NULL, sngp_dataset_features(rows),
                               sngp_dataset_rows(rows), sngp_dataset_cols(rows),
                               sngp_dataset_row_stride(rows), &config, out);
}

/* `buffer` has room for two probabilities and a variance at each point of the largest set, the
   grid. */
static sngp_status ask(const moons_settings *settings, moons *m, moons_method method,
                       float *buffer) {
  moons_result *result = &m->results[method];
  bool process = method == MOONS_SNGP;
  int64_t grid_rows = sngp_dataset_rows(m->grid);
  float *variance = buffer + 2 * grid_rows;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = buffer};
  sngp_status status = predict(settings, m, method, m->grid, &out);
  if (status != SNGP_OK) return status;
  for (int64_t i = 0; i < grid_rows; i++) result->surface[i] = buffer[2 * i];

  out = (sngp_prediction){
      .struct_size = sizeof out, .uncertainty = buffer, .variance = process ? variance : NULL};
  status = predict(settings, m, method, m->out_of_domain, &out);
  if (status != SNGP_OK) return status;
  result->ood_max_probability = 1 - mean(buffer, OUT_OF_DOMAIN_ROWS);
  result->ood_variance = process ? mean(variance, OUT_OF_DOMAIN_ROWS) : NAN;
  result->train_variance = NAN;
  if (!process) return SNGP_OK;
  out = (sngp_prediction){.struct_size = sizeof out, .variance = variance};
  status = predict(settings, m, method, m->training, &out);
  if (status == SNGP_OK) result->train_variance = mean(variance, TRAINING_ROWS);
  return status;
}

static int ask_all(const moons_settings *settings, moons *m) {
  size_t grid_rows = (size_t)sngp_dataset_rows(m->grid);
  float *buffer = malloc(3 * grid_rows * sizeof(float));
  int exit_status = buffer != NULL ? CLI_EXIT_OK : cli_fail("out of memory for predictions");
  for (int i = 0; i < MOONS_NUM_METHODS && exit_status == CLI_EXIT_OK; i++) {
    m->results[i].surface = malloc(grid_rows * sizeof(float));
    if (m->results[i].surface == NULL) {
      exit_status = cli_fail("out of memory for the surfaces");
    } else if (ask(settings, m, (moons_method)i, buffer) != SNGP_OK) {
      exit_status = cli_fail_library();
    }
  }
  free(buffer);
  return exit_status;
}

static int train(const moons_settings *settings, moons *m, moons_method method, const char *title) {
  bool talks = !settings->json && !settings->quiet;
  if (talks && method != MOONS_DETERMINISTIC) putchar('\n');
  sngp_status status = fit(settings, m, method, talks ? title : NULL);
  if (cli_interrupted()) {
    cli_fail("interrupted; no files were written");
    return CLI_EXIT_INTERRUPTED;
  }
  return status == SNGP_OK ? CLI_EXIT_OK : cli_fail_library();
}

int cli_moons_run(const moons_settings *settings, moons *m) {
  if (sngp_set_blas_threads(1) != SNGP_OK || make_data(settings->seed, m) != SNGP_OK ||
      make_optimizer(&m->optimizer) != SNGP_OK) {
    return cli_fail_library();
  }
  int status = train(settings, m, MOONS_DETERMINISTIC, "Deterministic network");
  if (status == CLI_EXIT_OK) status = train(settings, m, MOONS_SNGP, "SNGP");
  if (status == CLI_EXIT_OK)
    status = train(settings, m, MOONS_ENSEMBLE, "Deep ensemble of 10 deterministic networks");
  return status == CLI_EXIT_OK ? ask_all(settings, m) : status;
}

static void free_result(moons_result *result) {
  free(result->surface);
  for (int i = 0; i < MOONS_MEMBERS; i++) sngp_history_free(result->histories[i]);
  sngp_ensemble_free(result->ensemble);
}

void cli_moons_free(moons *m) {
  for (int i = 0; i < MOONS_NUM_METHODS; i++) free_result(&m->results[i]);
  sngp_optimizer_free(m->optimizer);
  sngp_dataset_free(m->grid);
  sngp_dataset_free(m->out_of_domain);
  sngp_dataset_free(m->training);
  *m = (moons){0};
}
