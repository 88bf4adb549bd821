/* The Gaussian process head against Model Garden's RandomFeatureGaussianProcess (edward2's gives
   the same numbers, bit for bit): logits, precision, covariance and mean-field logits, with and
   without layer norm, features scaled and not, ridge 1 and 0.1, exact sum and moving average. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/mean_field.h"
#include "model/model.h"
#include "reference/fixture.h"

enum { NORMALIZE, SCALED, KERNEL_SCALE, RIDGE, MOMENTUM }; /* settings of a case */
static const int64_t CASES = 18;

/* Single precision in the reference throughout: sums of up to 72 terms, and an inverse. The
   condition numbers are at most 1e4 here; the precision matrices are summed in double in libsngp.
 */
static const double TOLERANCE = 2e-6;

static double setting(const fixture *f, int64_t index, int which) {
  char name[FIXTURE_PATH_SIZE];
  snprintf(name, sizeof name, "case.%d.settings", (int)index);
  return get_number(f, which, name);
}

/* A model whose hidden representation is its input, so that its head is the layer alone. */
static sngp_model *head_model(const fixture *f, int64_t index) {
  fixture_tensor features = get_tensor(f, "features.weight");
  fixture_tensor output = get_tensor(f, "output.weight");
  sngp_model_config config = small_config();
  config.input_dim = config.num_hidden = features.rows;
  config.num_random_features = features.cols;
  config.num_classes = output.cols;
  config.num_layers = 0;
  config.dropout_rate = 0;
  config.standardize_inputs = 0;
  config.normalize_input =
      setting(f, index, NORMALIZE) != 0 ? SNGP_NORMALIZE_LAYER_NORM : SNGP_NORMALIZE_NONE;
  config.scale_random_features = setting(f, index, SCALED) != 0;
  config.kernel_scale = setting(f, index, KERNEL_SCALE);
  config.ridge = setting(f, index, RIDGE);
  config.covariance_momentum = setting(f, index, MOMENTUM);
  sngp_model *model = create_model(&config);
  set_parameters(model, f, "");
  float *identity = take((size_t)(features.rows * features.rows), sizeof *identity);
  for (int64_t i = 0; i < features.rows; i++) identity[i * features.rows + i] = 1;
  assert_ok(
      sngp_model_set_parameter(model, "input.weight", identity, features.rows * features.rows));
  free(identity);
  free(output.values);
  free(features.values);
  return model;
}

static sngp_dataset *rows_as_data(const float *values, int64_t rows, int64_t cols) {
  sngp_dataset *data = NULL;
  assert_ok(sngp_dataset_create(values, rows, cols, 0, NULL, 0, &data));
  return data;
}

/* The batches enter the precision matrix one by one. Returns how many there were. */
static int64_t update_with_batches(sngp_model *model, const fixture *f) {
  fixture_tensor train = get_tensor(f, "train");
  int64_t batch_rows = (int64_t)get_number(f, 0, "batch_rows"), batches = train.rows / batch_rows;
  assert_ok(sngp_model_reset_covariance(model));
  for (int64_t i = 0; i < batches; i++) {
    sngp_dataset *batch =
        rows_as_data(train.values + i * batch_rows * train.cols, batch_rows, train.cols);
    assert_ok(sngp_model_update_covariance(model, batch));
    sngp_dataset_free(batch);
  }
  assert_ok(sngp_model_finish_covariance(model));
  free(train.values);
  return batches;
}

/* libsngp's A + ridge I beside the reference's precision. Off the diagonal, where there is no ridge
   for the data term to get lost in, of the largest entry there; on it, of the largest entry. */
static double precision_difference(const sngp_model *model, const fixture *f, int64_t index,
                                   double ridge) {
  fixture_tensor expected = get_tensor(f, "case.%d.precision", (int)index);
  double largest[2] = {0, 0}, difference[2] = {0, 0};
  for (int64_t i = 0; i < expected.count; i++) {
    int diagonal = i % (expected.cols + 1) == 0;
    double own = model->posterior.precision[i] + (diagonal ? ridge : 0);
    keep_largest(&difference[diagonal], fabs(own - (double)expected.values[i]));
    keep_largest(&largest[diagonal], fabs((double)expected.values[i]));
  }
  free(expected.values);
  return fmax(difference[0] / largest[0], difference[1] / largest[1]);
}

/* Largest difference of values / divisor, of the largest expected value. */
static double scaled_difference(const float *values, double divisor,
                                const fixture_tensor *expected) {
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < expected->count; i++) {
    keep_largest(&difference, fabs((double)values[i] / divisor - (double)expected->values[i]));
    keep_largest(&largest, fabs((double)expected->values[i]));
  }
  return difference / largest;
}

/* Mean-field logits from the reference's own logits and variances. */
static double mean_field_difference(const fixture *f, int64_t index) {
  fixture_tensor expected = get_tensor(f, "case.%d.mean_field", (int)index);
  fixture_tensor logits = get_tensor(f, "case.%d.logits", (int)index);
  fixture_tensor covariance = get_tensor(f, "case.%d.covariance", (int)index);
  float *variance = take((size_t)logits.rows, sizeof *variance);
  float *adjusted = take((size_t)logits.count, sizeof *adjusted);
  double largest = 0;
  for (int64_t i = 0; i < logits.rows; i++)
    variance[i] = covariance.values[i * (covariance.cols + 1)];
  for (int64_t i = 0; i < expected.count / logits.count; i++) {
    memcpy(adjusted, logits.values, (size_t)logits.count * sizeof *adjusted);
    sngp_mean_field(adjusted, variance, logits.rows, logits.cols,
                    get_number(f, i, "mean_field_factors"), 1);
    keep_largest(&largest,
                 relative_difference(adjusted, expected.values + i * logits.count, logits.count));
  }
  free(adjusted);
  free(variance);
  free(covariance.values);
  free(logits.values);
  free(expected.values);
  return largest;
}

/* The largest difference of the model's probabilities from the softmax of mean-field logits. */
static double probability_difference(const sngp_model *model, const sngp_dataset *rows,
                                     double factor, const float *mean_field) {
  int64_t count = sngp_dataset_rows(rows), classes = sngp_model_num_classes(model);
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.mean_field_factor = factor;
  outputs own = take_outputs(count, classes, 0);
  assert_ok(predict_rows(model, NULL, rows, &config, &own));
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    double sum = 0;
    for (int64_t k = 0; k < classes; k++) sum += exp((double)mean_field[i * classes + k]);
    for (int64_t k = 0; k < classes; k++) {
      double expected = exp((double)mean_field[i * classes + k]) / sum;
      keep_largest(&largest, fabs((double)own.out.probabilities[i * classes + k] - expected));
    }
  }
  free_outputs(&own);
  return largest;
}

/* A case's model after its batches, and what its factors of ridge are. */
typedef struct {
  sngp_model *model;
  sngp_dataset *rows;
  /* In the reference the moving average takes the ridge along, in libsngp it does not. With the
     ridge that is left the two have the same precision matrix, and covariances that differ by the
     factor in front: the whole ridge in the reference, what is left of it in libsngp. */
  double ridge_left, share_left;
} trained_head;

static trained_head train_head(const fixture *f, int64_t index) {
  trained_head head = {.model = head_model(f, index)};
  fixture_tensor test = get_tensor(f, "test");
  double momentum = setting(f, index, MOMENTUM);
  int64_t updates = update_with_batches(head.model, f);
  head.share_left = momentum > 0 ? pow(momentum, (double)updates) : 1;
  head.ridge_left = setting(f, index, RIDGE) * head.share_left;
  assert_ok(sngp_model_set_ridge(head.model, head.ridge_left));
  head.rows = rows_as_data(test.values, test.rows, test.cols);
  free(test.values);
  return head;
}

static void free_head(trained_head *head) {
  sngp_dataset_free(head->rows);
  sngp_model_free(head->model);
}

static void logits_precision_and_covariance_are_the_references(void **unused) {
  (void)unused;
  fixture f = open_fixture("gp_head");
  for (int64_t index = 0; index < CASES; index++) {
    trained_head head = train_head(&f, index);
    fixture_tensor logits = get_tensor(&f, "case.%d.logits", (int)index);
    fixture_tensor covariance = get_tensor(&f, "case.%d.covariance", (int)index);
    outputs own = take_outputs(logits.rows, logits.cols, 1);
    assert_ok(predict_rows(head.model, NULL, head.rows, NULL, &own));
    double of_logits = relative_difference(own.out.logits, logits.values, logits.count);
    double of_precision = precision_difference(head.model, &f, index, head.ridge_left);
    double of_covariance = scaled_difference(own.out.covariance, head.share_left, &covariance);
    print_message("  case %2d: logits %.1e, precision %.1e, covariance %.1e\n", (int)index,
                  of_logits, of_precision, of_covariance);
    assert_below(of_logits, TOLERANCE);
    assert_below(of_precision, TOLERANCE);
    assert_below(of_covariance, TOLERANCE);
    free_outputs(&own);
    free(covariance.values);
    free(logits.values);
    free_head(&head);
  }
  close_fixture(&f);
}

static void mean_field_logits_and_probabilities_are_the_references(void **unused) {
  (void)unused;
  fixture f = open_fixture("gp_head");
  double of_logits = 0, of_probabilities = 0;
  for (int64_t index = 0; index < CASES; index++) {
    trained_head head = train_head(&f, index);
    fixture_tensor expected = get_tensor(&f, "case.%d.mean_field", (int)index);
    int64_t size = sngp_dataset_rows(head.rows) * sngp_model_num_classes(head.model);
    keep_largest(&of_logits, mean_field_difference(&f, index));
    for (int64_t i = 0; i < expected.count / size; i++) {
      double factor = get_number(&f, i, "mean_field_factors") / head.share_left;
      keep_largest(&of_probabilities, probability_difference(head.model, head.rows, factor,
                                                             expected.values + i * size));
    }
    free(expected.values);
    free_head(&head);
  }
  print_message("  logits %.1e, probabilities %.1e\n", of_logits, of_probabilities);
  assert_below(of_logits, TOLERANCE);
  assert_below(of_probabilities, TOLERANCE);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(logits_precision_and_covariance_are_the_references),
      cmocka_unit_test(mean_field_logits_and_probabilities_are_the_references),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
