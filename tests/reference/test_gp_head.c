/* The Gaussian process head against Model Garden's RandomFeatureGaussianProcess (edward2's gives
   the same numbers, bit for bit): logits, precision, covariance and mean-field logits, with and
   without layer norm, features scaled and not, ridge 1 and 0.1, exact sum and moving average; of
   three classes, and of one output whose rows are weighted by each of the other likelihoods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/mean_field.h"
#include "model/model.h"
#include "reference/fixture.h"

/* settings of a case; the likelihood is one of SNGP_LIKELIHOOD_* */
enum { NORMALIZE, SCALED, KERNEL_SCALE, RIDGE, MOMENTUM, LIKELIHOOD };

static const struct {
  const char *name;
  int64_t cases;
} FIXTURES[] = {{"gp_head", 18}, {"likelihoods", 10}};
enum { NUM_FIXTURES = sizeof FIXTURES / sizeof *FIXTURES };

/* Single precision in the reference throughout: sums of up to 72 terms, and an inverse. The
   condition numbers are at most 1e4 here; the precision matrices are summed in double in libsngp.
 */
static const double TOLERANCE = 2e-6;

static double setting(const fixture *f, int64_t index, int which) {
  char name[FIXTURE_PATH_SIZE];
  snprintf(name, sizeof name, "case.%d.settings", (int)index);
  return get_number(f, which, name);
}

/* Classes for weights of 1, as many as there are outputs; two classes that share an output; counts.
 */
static void set_likelihood(sngp_model_config *config, int32_t likelihood, int64_t num_outputs) {
  config->likelihood = likelihood;
  config->num_classes = likelihood == SNGP_LIKELIHOOD_GAUSSIAN ? num_outputs : 2;
  if (likelihood != SNGP_LIKELIHOOD_POISSON) return;
  config->task = SNGP_TASK_REGRESSION;
  config->num_classes = 0;
  config->num_targets = num_outputs;
}

/* A model whose hidden representation is its input, so that its head is the layer alone. */
static sngp_model *head_model(const fixture *f, int64_t index) {
  fixture_tensor features = get_tensor(f, "features.weight");
  fixture_tensor output = get_tensor(f, "output.weight");
  sngp_model_config config = small_config();
  config.input_dim = config.num_hidden = features.rows;
  config.num_random_features = features.cols;
  set_likelihood(&config, (int32_t)setting(f, index, LIKELIHOOD), output.cols);
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
    sngp_mean_field(adjusted, variance, 1, logits.rows, logits.cols,
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

/* The largest difference of a row of probabilities from the softmax of mean-field logits, or from 1
   - p and p of the one logit there is. */
static double row_difference(const float *own, const float *mean_field, int64_t width) {
  double sum = width == 1 ? 1 : 0, largest = 0;
  for (int64_t k = 0; k < width; k++) sum += exp((double)mean_field[k]);
  for (int64_t k = 0; k < width; k++) {
    double p = exp((double)mean_field[k]) / sum;
    keep_largest(&largest, fabs((double)own[width == 1 ? 1 : k] - p));
    if (width == 1) keep_largest(&largest, fabs((double)own[0] - (1 - p)));
  }
  return largest;
}

static double probability_difference(const sngp_model *model, const sngp_dataset *rows,
                                     double factor, const float *mean_field) {
  int64_t count = sngp_dataset_rows(rows), classes = sngp_model_num_classes(model);
  int64_t width = sngp_model_num_outputs(model);
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.mean_field_factor = factor;
  outputs own = take_outputs(count, classes, 0);
  assert_ok(predict_rows(model, NULL, rows, &config, &own));
  double largest = 0;
  for (int64_t i = 0; i < count; i++)
    keep_largest(&largest, row_difference(own.out.probabilities + i * classes,
                                          mean_field + i * width, width));
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

/* Phi R^T R Phi^T: predictions of counts give no covariance of logits. */
static void covariance_of_features(const sngp_model *model, int64_t rows, const float *features,
                                   float *covariance) {
  int64_t size = model->posterior.size;
  double *products = take((size_t)(rows * size), sizeof *products);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t r = 0; r < size; r++)
      for (int64_t j = 0; j < size; j++)
        products[i * size + r] +=
            (double)model->posterior.root[r * size + j] * (double)features[i * size + j];
  for (int64_t i = 0; i < rows; i++)
    for (int64_t other = 0; other < rows; other++) {
      double sum = 0;
      for (int64_t r = 0; r < size; r++) sum += products[i * size + r] * products[other * size + r];
      covariance[i * rows + other] = (float)sum;
    }
  free(products);
}

/* Logits and covariance, to be freed. */
static outputs predict_head(const trained_head *head) {
  int64_t rows = sngp_dataset_rows(head->rows), size = head->model->posterior.size;
  bool counts = sngp_model_num_classes(head->model) == 0;
  outputs own = {.rows = rows};
  own.out.struct_size = sizeof own.out;
  own.out.logits = take((size_t)(rows * sngp_model_num_outputs(head->model)), sizeof(float));
  float *covariance = take((size_t)(rows * rows), sizeof *covariance);
  float *features = take((size_t)(rows * size), sizeof *features);
  if (counts)
    own.out.features = features;
  else
    own.out.covariance = covariance;
  assert_ok(predict_rows(head->model, NULL, head->rows, NULL, &own));
  if (counts) covariance_of_features(head->model, rows, features, covariance);
  own.out.covariance = covariance;
  own.out.features = NULL;
  free(features);
  return own;
}

static void compare_head(const fixture *f, int64_t index) {
  trained_head head = train_head(f, index);
  fixture_tensor logits = get_tensor(f, "case.%d.logits", (int)index);
  fixture_tensor covariance = get_tensor(f, "case.%d.covariance", (int)index);
  outputs own = predict_head(&head);
  double of_logits = relative_difference(own.out.logits, logits.values, logits.count);
  double of_precision = precision_difference(head.model, f, index, head.ridge_left);
  double of_covariance = scaled_difference(own.out.covariance, head.share_left, &covariance);
  print_message("  case %2d: logits %.1e, precision %.1e, covariance %.1e\n", (int)index, of_logits,
                of_precision, of_covariance);
  assert_below(of_logits, TOLERANCE);
  assert_below(of_precision, TOLERANCE);
  assert_below(of_covariance, TOLERANCE);
  free_outputs(&own);
  free(covariance.values);
  free(logits.values);
  free_head(&head);
}

static void logits_precision_and_covariance_are_the_references(void **unused) {
  (void)unused;
  for (int i = 0; i < NUM_FIXTURES; i++) {
    fixture f = open_fixture(FIXTURES[i].name);
    for (int64_t index = 0; index < FIXTURES[i].cases; index++) compare_head(&f, index);
    close_fixture(&f);
  }
}

/* Counts have no probabilities, and their mean is another than the references' on purpose. */
static void compare_mean_field(const fixture *f, int64_t index, double *of_logits,
                               double *of_probabilities) {
  trained_head head = train_head(f, index);
  fixture_tensor expected = get_tensor(f, "case.%d.mean_field", (int)index);
  int64_t size = sngp_dataset_rows(head.rows) * sngp_model_num_outputs(head.model);
  keep_largest(of_logits, mean_field_difference(f, index));
  for (int64_t i = 0; i < expected.count / size && sngp_model_num_classes(head.model) > 0; i++) {
    double factor = get_number(f, i, "mean_field_factors") / head.share_left;
    keep_largest(of_probabilities,
                 probability_difference(head.model, head.rows, factor, expected.values + i * size));
  }
  free(expected.values);
  free_head(&head);
}

static void mean_field_logits_and_probabilities_are_the_references(void **unused) {
  (void)unused;
  for (int i = 0; i < NUM_FIXTURES; i++) {
    fixture f = open_fixture(FIXTURES[i].name);
    double of_logits = 0, of_probabilities = 0;
    for (int64_t index = 0; index < FIXTURES[i].cases; index++)
      compare_mean_field(&f, index, &of_logits, &of_probabilities);
    print_message("  logits %.1e, probabilities %.1e\n", of_logits, of_probabilities);
    assert_below(of_logits, TOLERANCE);
    assert_below(of_probabilities, TOLERANCE);
    close_fixture(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(logits_precision_and_covariance_are_the_references),
      cmocka_unit_test(mean_field_logits_and_probabilities_are_the_references),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
