/* Data, measures, prediction sets and optimizers when memory runs out: at every single allocation a
   clean error, nothing leaked, nothing written. */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "robustness/operation.h"
#include "support/small_model.h"

enum { ROWS = 40 };

static sngp_dataset *data;

static int create(void **state) {
  (void)state;
  data = small_data(ROWS, 1);
  return 0;
}

static int destroy(void **state) {
  (void)state;
  sngp_dataset_free(data);
  return 0;
}

/* Each takes memory at least once. */
static void check_all(sngp_status (*const runs[])(void *), size_t count) {
  for (size_t i = 0; i < count; i++) {
    const operation op = {.run = runs[i]};
    assert_true(fail_each(&op) >= 1);
  }
}

static sngp_status done(sngp_status status, sngp_dataset *made) {
  assert_true((made == NULL) == (status != SNGP_OK));
  sngp_dataset_free(made);
  return status;
}

static sngp_status run_two_moons(void *context) {
  (void)context;
  sngp_dataset *made = data;
  sngp_status status = sngp_dataset_two_moons(ROWS, 0.1, 1, &made);
  return done(status, made);
}

static sngp_status run_grid(void *context) {
  (void)context;
  sngp_dataset *made = data;
  sngp_status status = sngp_dataset_grid(-1, 1, -1, 1, 10, &made);
  return done(status, made);
}

static sngp_status run_blob(void *context) {
  (void)context;
  sngp_dataset *made = data;
  sngp_status status = sngp_dataset_blob(ROWS, 0, 0, 1, 1, &made);
  return done(status, made);
}

static sngp_status run_split(void *context) {
  (void)context;
  sngp_dataset *first = data, *second = data;
  sngp_status status = sngp_dataset_split(data, 0.3, 1, &first, &second);
  assert_true((first == NULL) == (second == NULL));
  sngp_dataset_free(first);
  return done(status, second);
}

static sngp_status run_subset(void *context) {
  (void)context;
  const int64_t indices[] = {3, 1, 3};
  sngp_dataset *made = data;
  sngp_status status = sngp_dataset_subset(data, indices, 3, &made);
  return done(status, made);
}

static void making_datasets(void **state) {
  (void)state;
  sngp_status (*const runs[])(void *) = {run_two_moons, run_grid, run_blob, run_split, run_subset};
  check_all(runs, sizeof runs / sizeof *runs);
}

/* Of the measures nothing is written on failure. */
static sngp_status run_ood(void *context) {
  (void)context;
  const float in[] = {1, 2, 3, 4}, out[] = {2, 5, 6};
  sngp_ood_metrics metrics = {.struct_size = sizeof metrics, .auroc = -1};
  sngp_status status = sngp_evaluate_ood(in, 4, out, 3, &metrics);
  assert_true((metrics.auroc < 0) == (status != SNGP_OK));
  return status;
}

static sngp_status run_roc(void *context) {
  (void)context;
  const float in[] = {1, 2, 3, 4}, out[] = {2, 5, 6};
  double fpr[8] = {-1}, tpr[8] = {-1};
  int64_t count = -1;
  sngp_status status = sngp_roc_curve(in, 4, out, 3, 8, fpr, tpr, &count);
  assert_true((count < 0) == (status != SNGP_OK) && (fpr[0] < 0) == (tpr[0] < 0));
  assert_true((fpr[0] < 0) == (status != SNGP_OK));
  return status;
}

static sngp_status run_classification(void *context) {
  (void)context;
  const float probabilities[] = {0.5f, 0.5f, 0.25f, 0.75f};
  const int32_t labels[] = {0, 1};
  sngp_classification_metrics metrics = {.struct_size = sizeof metrics, .brier = -1};
  sngp_status status = sngp_evaluate_classification(probabilities, 2, 2, labels, &metrics);
  assert_true((metrics.brier < 0) == (status != SNGP_OK));
  return status;
}

static sngp_status run_selective(void *context) {
  (void)context;
  const float scores[] = {2, 1, 3};
  const int32_t classes[] = {0, 1, 1}, labels[] = {0, 1, 0};
  sngp_selective_metrics metrics = {.struct_size = sizeof metrics, .aurc = -1};
  sngp_status status = sngp_evaluate_selective(scores, classes, labels, 3, &metrics);
  assert_true((metrics.aurc < 0) == (status != SNGP_OK));
  return status;
}

static sngp_status run_risk_coverage(void *context) {
  (void)context;
  const float scores[] = {2, 1, 3};
  const int32_t classes[] = {0, 1, 1}, labels[] = {0, 1, 0};
  double risk[3] = {-1};
  sngp_status status = sngp_risk_coverage_curve(scores, classes, labels, 3, risk);
  assert_true((risk[0] < 0) == (status != SNGP_OK));
  return status;
}

static sngp_status run_calibrate_sets(void *context) {
  (void)context;
  const float p[] = {0.5f, 0.5f, 0.25f, 0.75f};
  const int32_t labels[] = {0, 1};
  double threshold = -1;
  sngp_status status = sngp_conformal_calibrate(p, 2, 2, labels, NULL, &threshold);
  assert_true((threshold < 0) == (status != SNGP_OK));
  return status;
}

static sngp_status run_sets(void *context) {
  (void)context;
  const float p[] = {0.5f, 0.5f, 0.25f, 0.75f};
  uint8_t sets[4] = {7};
  sngp_status status = sngp_conformal_sets(p, 2, 2, NULL, 0.5, sets);
  assert_true((sets[0] == 7) == (status != SNGP_OK));
  return status;
}

static void measuring(void **state) {
  (void)state;
  sngp_status (*const runs[])(void *) = {run_ood,       run_roc,           run_classification,
                                         run_selective, run_risk_coverage, run_calibrate_sets,
                                         run_sets};
  check_all(runs, sizeof runs / sizeof *runs);
}

static sngp_status run_optimizer(void *context) {
  (void)context;
  sngp_optimizer *optimizer = (sngp_optimizer *)data;
  sngp_status status = sngp_optimizer_create(NULL, &optimizer);
  assert_true((optimizer == NULL) == (status != SNGP_OK));
  sngp_optimizer_free(optimizer);
  return status;
}

static void making_optimizers(void **state) {
  (void)state;
  const operation op = {.run = run_optimizer};
  assert_true(fail_each(&op) >= 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(making_datasets),
      cmocka_unit_test(measuring),
      cmocka_unit_test(making_optimizers),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
