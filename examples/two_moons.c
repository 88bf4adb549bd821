/* The SNGP tutorial in C: a deterministic network and an SNGP learn the two moons equally well, and
 * only one of them notices points that lie far from both.
 *
 * As in the tutorial one Adam object trains both models, the deterministic one first; it goes on
 * counting steps, which is why the second model's early steps are larger.
 */
#include <sngp/sngp.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRAINING_ROWS = 1000, OOD_ROWS = 500, CLASSES = 2, SEED = 1 };

/* What the table shows of one model. */
typedef struct {
  int64_t parameters;
  double loss, accuracy;
  double training_max_probability, ood_max_probability;
  double training_variance, ood_variance; /* negative for a model without one */
} table_row;

static double mean(const float *values, int64_t count) {
  double sum = 0.0;
  for (int64_t i = 0; i < count; i++) sum += (double)values[i];
  return sum / (double)count;
}

/* Mean confidence and mean variance over a dataset's rows. */
static sngp_status ask(const sngp_model *model, int32_t head, const sngp_dataset *data,
                       double *max_probability, double *variance) {
  static float uncertainty[TRAINING_ROWS], variances[TRAINING_ROWS];
  int64_t rows = sngp_dataset_rows(data);
  int has_variance = head == SNGP_HEAD_GAUSSIAN_PROCESS;
  sngp_prediction out = {.struct_size = sizeof out,
                         .uncertainty = uncertainty,
                         .variance = has_variance ? variances : NULL};
  sngp_status status =
      sngp_predict(model, NULL, sngp_dataset_features(data), rows, sngp_dataset_cols(data),
                   sngp_dataset_row_stride(data), NULL, &out);
  if (status != SNGP_OK) return status;
  *max_probability = 1.0 - mean(uncertainty, rows);
  *variance = has_variance ? mean(variances, rows) : -1.0;
  return SNGP_OK;
}

/* Trains one model with the tutorial's settings and fills its row of the table. */
static sngp_status run(int32_t head, sngp_optimizer *adam, const sngp_dataset *moons,
                       const sngp_dataset *ood, table_row *row) {
  sngp_model_config model_config;
  sngp_fit_config fit_config;
  sngp_training_record record = {.struct_size = sizeof record};
  sngp_model *model = NULL;
  sngp_status status = sngp_model_config_init(&model_config, sizeof model_config);
  if (status == SNGP_OK) status = sngp_fit_config_init(&fit_config, sizeof fit_config);
  if (status != SNGP_OK) return status;

  model_config.input_dim = 2;
  model_config.num_classes = CLASSES;
  model_config.head = head;
  model_config.seed = SEED;
  status = sngp_model_config_preset(&model_config, SNGP_PRESET_TUTORIAL);
  if (status == SNGP_OK) status = sngp_fit_config_preset(&fit_config, SNGP_PRESET_TUTORIAL);
  if (status != SNGP_OK) return status;
  /* Distance awareness takes both: hidden layers that preserve distances, and a GP on top. */
  if (head == SNGP_HEAD_DENSE) model_config.spectral_norm_bound = 0.0;

  status = sngp_model_create(&model_config, &model);
  if (status == SNGP_OK) status = sngp_fit(model, adam, moons, NULL, &fit_config, NULL);
  if (status == SNGP_OK) status = sngp_model_get_training_record(model, &record);
  if (status == SNGP_OK) status = sngp_model_parameter_count(model, &row->parameters, NULL);
  if (status == SNGP_OK)
    status = ask(model, head, moons, &row->training_max_probability, &row->training_variance);
  if (status == SNGP_OK)
    status = ask(model, head, ood, &row->ood_max_probability, &row->ood_variance);
  row->loss = record.loss;
  row->accuracy = record.accuracy;
  sngp_model_free(model);
  return status;
}

static void print(const char *name, const table_row *row) {
  printf("%-14s %10lld %7.4f %9.3f   %8.3f %8.3f", name, (long long)row->parameters, row->loss,
         row->accuracy, row->training_max_probability, row->ood_max_probability);
  if (row->ood_variance >= 0.0)
    printf("   %8.4f %8.4f\n", row->training_variance, row->ood_variance);
  else
    printf("   %8s %8s\n", "-", "-");
}

int main(void) {
  sngp_optimizer_config adam_config;
  sngp_optimizer *adam = NULL;
  sngp_dataset *moons = NULL, *ood = NULL;
  table_row deterministic = {0}, sngp = {0};
  int failed = sngp_optimizer_config_init(&adam_config, sizeof adam_config) ||
               sngp_optimizer_config_preset(&adam_config, SNGP_PRESET_TUTORIAL) ||
               sngp_optimizer_create(&adam_config, &adam) ||
               sngp_dataset_two_moons(TRAINING_ROWS, 0.1, SEED, &moons) ||
               sngp_dataset_blob(OOD_ROWS, 2.5, -1.75, 0.1, SEED, &ood) ||
               run(SNGP_HEAD_DENSE, adam, moons, ood, &deterministic) ||
               run(SNGP_HEAD_GAUSSIAN_PROCESS, adam, moons, ood, &sngp);
  if (failed) {
    fprintf(stderr, "two_moons: %s\n", sngp_last_error());
  } else {
    printf("%40s  mean max probability      mean variance\n", "");
    printf("%-14s %10s %7s %9s   %8s %8s   %8s %8s\n", "model", "parameters", "loss", "accuracy",
           "training", "far away", "training", "far away");
    print("deterministic", &deterministic);
    print("SNGP", &sngp);
  }
  sngp_dataset_free(ood);
  sngp_dataset_free(moons);
  sngp_optimizer_free(adam);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
