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

static sngp_status make_optimizer(sngp_optimizer **optimizer) {
  sngp_optimizer_config config;
  sngp_status status = sngp_optimizer_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_optimizer_config_preset(&config, SNGP_PRESET_TUTORIAL);
  if (status == SNGP_OK) status = sngp_optimizer_create(&config, optimizer);
  return status;
}

static sngp_status make_model(int32_t head, int64_t seed, sngp_model **model) {
  sngp_model_config config;
  sngp_status status = sngp_model_config_init(&config, sizeof config);
  if (status == SNGP_OK) status = sngp_model_config_preset(&config, SNGP_PRESET_TUTORIAL);
  if (status != SNGP_OK) return status;
  config.input_dim = 2;
  config.num_classes = 2;
  config.head = head;
  config.seed = seed;
  if (head == SNGP_HEAD_DENSE) config.spectral_norm_bound = 0;
  return sngp_model_create(&config, model);
}

static sngp_status fit(const moons_settings *settings, moons *m, moons_result *result) {
  sngp_fit_config config;
  sngp_status status = sngp_fit_config_init(&config, sizeof config);
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
  status = sngp_fit(result->model, m->optimizer, m->training, NULL, &config, &result->history);
  result->seconds = cli_progress_end(&progress);
  return status;
}

static double mean(const float *values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)values[i];
  return sum / (double)count;
}

static sngp_status predict(const sngp_model *model, const sngp_dataset *rows, int64_t threads,
                           sngp_prediction *out) {
  sngp_predict_config config;
  sngp_status status = sngp_predict_config_init(&config, sizeof config);
  if (status != SNGP_OK) return status;
  config.num_threads = (int32_t)threads;
  return sngp_predict(model, NULL, sngp_dataset_features(rows), sngp_dataset_rows(rows),
                      sngp_dataset_cols(rows), sngp_dataset_row_stride(rows), &config, out);
}

static sngp_status ask(const moons_settings *settings, const moons *m, moons_result *result,
                       float *buffer) {
  bool process = result == &m->sngp;
  int64_t grid_rows = sngp_dataset_rows(m->grid);
  float *variance = buffer + 2 * grid_rows;
  sngp_prediction out = {.struct_size = sizeof out, .probabilities = buffer};
  sngp_status status = predict(result->model, m->grid, settings->threads, &out);
  if (status != SNGP_OK) return status;
  for (int64_t i = 0; i < grid_rows; i++) result->surface[i] = buffer[2 * i];

  out = (sngp_prediction){
      .struct_size = sizeof out, .uncertainty = buffer, .variance = process ? variance : NULL};
  status = predict(result->model, m->out_of_domain, settings->threads, &out);
  if (status != SNGP_OK) return status;
  result->ood_max_probability = 1 - mean(buffer, OUT_OF_DOMAIN_ROWS);
  result->ood_variance = process ? mean(variance, OUT_OF_DOMAIN_ROWS) : NAN;
  result->train_variance = NAN;
  if (!process) return SNGP_OK;
  out = (sngp_prediction){.struct_size = sizeof out, .variance = variance};
  status = predict(result->model, m->training, settings->threads, &out);
  if (status == SNGP_OK) result->train_variance = mean(variance, TRAINING_ROWS);
  return status;
}

static int train_and_ask(const moons_settings *settings, moons *m, moons_result *result,
                         const char *title) {
  int64_t grid_rows = sngp_dataset_rows(m->grid);
  int32_t head = result == &m->sngp ? SNGP_HEAD_GAUSSIAN_PROCESS : SNGP_HEAD_DENSE;
  if (make_model(head, settings->seed, &result->model) != SNGP_OK) return cli_fail_library();
  if (!settings->json && !settings->quiet) cli_print_model_line(result->model, title);
  sngp_status status = fit(settings, m, result);
  if (cli_interrupted()) {
    cli_fail("interrupted; no files were written");
    return CLI_EXIT_INTERRUPTED;
  }
  if (status != SNGP_OK) return cli_fail_library();
  result->surface = malloc((size_t)grid_rows * sizeof(float));
  /* Two probabilities and a variance for each point of the largest set, the grid. */
  float *buffer = malloc(3 * (size_t)grid_rows * sizeof(float));
  int exit_status = CLI_EXIT_OK;
  if (result->surface == NULL || buffer == NULL) {
    exit_status = cli_fail("out of memory for the surfaces");
  } else if (ask(settings, m, result, buffer) != SNGP_OK) {
    exit_status = cli_fail_library();
  }
  free(buffer);
  return exit_status;
}

int cli_moons_run(const moons_settings *settings, moons *m) {
  if (sngp_set_blas_threads(1) != SNGP_OK || make_data(settings->seed, m) != SNGP_OK ||
      make_optimizer(&m->optimizer) != SNGP_OK) {
    return cli_fail_library();
  }
  int status = train_and_ask(settings, m, &m->deterministic, "Deterministic network");
  if (status != CLI_EXIT_OK) return status;
  if (!settings->json && !settings->quiet) putchar('\n');
  return train_and_ask(settings, m, &m->sngp, "SNGP");
}

static void free_result(moons_result *result) {
  free(result->surface);
  sngp_history_free(result->history);
  sngp_model_free(result->model);
}

void cli_moons_free(moons *m) {
  free_result(&m->sngp);
  free_result(&m->deterministic);
  sngp_optimizer_free(m->optimizer);
  sngp_dataset_free(m->grid);
  sngp_dataset_free(m->out_of_domain);
  sngp_dataset_free(m->training);
  *m = (moons){0};
}
