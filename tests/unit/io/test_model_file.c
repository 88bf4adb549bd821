/* Models saved and loaded. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "sngp/sngp.h"
#include "support/locales.h"
#include "unit/io/models.h"
#include "unit/io/scratch.h"

static void assert_same_model(const sngp_model *a, const sngp_model *b) {
  assert_memory_equal(&a->config, &b->config, offsetof(sngp_model_config, class_names));
  for (int64_t i = 0; a->class_names != NULL && i < a->config.num_classes; i++)
    assert_string_equal(a->config.class_names[i], b->config.class_names[i]);
  for (int64_t i = 0; a->feature_names != NULL && i < a->config.input_dim; i++)
    assert_string_equal(a->config.feature_names[i], b->config.feature_names[i]);
  assert_true((a->class_names == NULL) == (b->class_names == NULL));
  assert_true((a->feature_names == NULL) == (b->feature_names == NULL));
  assert_int_equal(a->holds.input_scaling, b->holds.input_scaling);
  assert_int_equal(a->table.count, b->table.count);
  for (size_t i = 0; i < a->table.count; i++) {
    const sngp_parameter *p = &a->table.items[i];
    assert_memory_equal(sngp_model_values(a, p), sngp_model_values(b, &b->table.items[i]),
                        (size_t)(p->rows * p->cols) * sizeof(float));
  }
  const sngp_posterior_matrices matrices = a->posterior.matrices;
  size_t area = (size_t)(matrices.count * matrices.side * matrices.side);
  assert_int_equal(a->posterior.size, b->posterior.size);
  if (area > 0) {
    assert_memory_equal(a->posterior.precision, b->posterior.precision, area * sizeof(double));
    assert_memory_equal(a->posterior.root, b->posterior.root, area * sizeof(float));
    assert_int_equal(a->posterior.rows, b->posterior.rows);
    assert_true(a->posterior.jitter == b->posterior.jitter);
    assert_true(a->posterior.current && b->posterior.current);
  }
  assert_int_equal(a->training.rows, b->training.rows);
  assert_true(a->training.accuracy == b->training.accuracy);
  assert_int_equal(isnan(a->training.validation_loss), isnan(b->training.validation_loss));
}

/* Saves, loads and compares, then saves again and compares bytes. */
static void check_round_trip(const sngp_model *model) {
  void *first = NULL, *second = NULL;
  int64_t first_size = 0, second_size = 0;
  sngp_model *loaded = NULL;
  if (sngp_model_save_buffer(model, &first, &first_size) != SNGP_OK ||
      sngp_model_load_buffer(first, first_size, &loaded) != SNGP_OK)
    fail_msg("%s", sngp_last_error());
  assert_same_model(model, loaded);
  assert_int_equal(sngp_model_save_buffer(loaded, &second, &second_size), SNGP_OK);
  assert_int_equal(first_size, second_size);
  assert_memory_equal(first, second, (size_t)first_size);
  sngp_buffer_free(first);
  sngp_buffer_free(second);
  sngp_model_free(loaded);
}

static void a_trained_model_comes_back_bit_by_bit(void **state) {
  (void)state;
  for (int32_t head = SNGP_HEAD_DENSE; head <= SNGP_HEAD_GAUSSIAN_PROCESS; head++) {
    sngp_model *model = make_model(head, 3);
    check_round_trip(model);
    sngp_model_free(model);
  }
}

static void a_fresh_model_of_every_shape_comes_back(void **state) {
  (void)state;
  for (int variant = 0; variant < 64; variant++) {
    sngp_model_config config;
    assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
    if (variant & 1) assert_int_equal(sngp_model_config_preset(&config, 1), SNGP_OK);
    config.input_dim = 2;
    config.num_classes = 3;
    config.num_hidden = 4;
    config.num_random_features = 9; /* an odd number of floats: alignment */
    if (variant & 2) config.normalize_input = SNGP_NORMALIZE_LAYER_NORM;
    if (variant % 5 == 2) config.normalize_input = SNGP_NORMALIZE_STANDARD;
    if (variant & 4) config.spectral_norm_bound = 0.0;
    config.num_layers = variant & 8 ? 0 : 11; /* "block.10" sorts before "block.2" */
    if (variant & 16) config.backbone = SNGP_BACKBONE_NONE;
    if (variant & 32) config.head = SNGP_HEAD_DENSE;
    config.kernel = variant % 5;
    config.gp_input_dim = variant % 3 * 2;
    config.kernel_scaling = variant / 2 % 3;
    config.train_output_bias = variant % 7 > 3;
    config.output_bias = 0.1;
    sngp_model *model = NULL;
    assert_int_equal(sngp_model_create(&config, &model), SNGP_OK);
    check_round_trip(model);
    sngp_model_free(model);
  }
}

static void posteriors_of_several_outputs_come_back(void **state) {
  (void)state;
  for (int32_t kind = SNGP_POSTERIOR_SHARED; kind <= SNGP_POSTERIOR_JOINT; kind++) {
    sngp_model_config config;
    sngp_model *model = NULL;
    assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
    config.input_dim = 2;
    config.num_classes = 3;
    config.num_random_features = 7;
    config.ridge = 0.1;
    config.likelihood = SNGP_LIKELIHOOD_SOFTMAX;
    config.posterior = kind;
    assert_int_equal(sngp_model_create(&config, &model), SNGP_OK);
    give_posterior(model, 5, 1);
    check_round_trip(model);
    sngp_model_free(model);
  }
}

static void predictions_are_bitwise_the_same(void **state) {
  (void)state;
  enum { ROWS = 7, CLASSES = 4 };
  const float x[3 * ROWS] = {0.5f, -1.0f, 2.0f, 1.0f, 1.0f, -3.0f, 0.0f, 4.0f, 0.25f};
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 5), *loaded = NULL;
  void *data = NULL;
  int64_t size = 0;
  assert_int_equal(sngp_model_save_buffer(model, &data, &size), SNGP_OK);
  assert_int_equal(sngp_model_load_buffer(data, size, &loaded), SNGP_OK);
  const sngp_model *models[] = {model, loaded};
  float probabilities[2][ROWS * CLASSES], variance[2][ROWS];
  for (size_t i = 0; i < 2; i++) {
    sngp_prediction out = {
        .struct_size = sizeof out, .probabilities = probabilities[i], .variance = variance[i]};
    assert_int_equal(sngp_predict(models[i], NULL, x, ROWS, 3, 0, NULL, &out), SNGP_OK);
  }
  assert_memory_equal(probabilities[0], probabilities[1], sizeof probabilities[0]);
  assert_memory_equal(variance[0], variance[1], sizeof variance[0]);
  sngp_buffer_free(data);
  sngp_model_free(model);
  sngp_model_free(loaded);
}

/* Finds a tensor by its text in the header, as a reader that knows nothing of this library. */
static const unsigned char *find_data(const unsigned char *file, const char *name,
                                      const char *description) {
  char wanted[200];
  uint64_t header_size = 0;
  memcpy(&header_size, file, sizeof header_size);
  snprintf(wanted, sizeof wanted, "\"%s\":{%s,\"data_offsets\":[", name, description);
  const char *found = find_text(file + 8, header_size, wanted);
  if (found == NULL) fail_msg("no %s", wanted);
  return file + 8 + header_size + strtoull(found + strlen(wanted), NULL, 10);
}

static void the_file_is_laid_out_as_documented(void **state) {
  (void)state;
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3);
  void *data = NULL;
  int64_t size = 0;
  assert_int_equal(sngp_model_save_buffer(model, &data, &size), SNGP_OK);
  const unsigned char *file = data;
  uint64_t header_size = 0;
  memcpy(&header_size, file, sizeof header_size);
  assert_int_equal(header_size % 8, 0);
  const char start[] =
      "{\"__metadata__\":{\"format\":\"sngp\",\"format_version\":\"1\",\"config\":\"{\\\"task";
  assert_memory_equal(file + 8, start, strlen(start));

  size_t area = 12 * 12;
  const struct {
    const char *name, *description;
    const void *values;
    size_t size;
  } tensors[] = {
      {"posterior.precision", "\"dtype\":\"F64\",\"shape\":[12,12]", model->posterior.precision,
       area * sizeof(double)},
      {"posterior.rows", "\"dtype\":\"I64\",\"shape\":[1]", &model->posterior.rows, 8},
      {"posterior.root", "\"dtype\":\"F32\",\"shape\":[12,12]", model->posterior.root,
       area * sizeof(float)},
      {"input.weight", "\"dtype\":\"F32\",\"shape\":[3,5]", NULL, 15 * sizeof(float)},
      {"input.bias", "\"dtype\":\"F32\",\"shape\":[5]", NULL, 5 * sizeof(float)},
      {"block.1.weight", "\"dtype\":\"F32\",\"shape\":[5,5]", NULL, 25 * sizeof(float)},
      {"block.1.bias", "\"dtype\":\"F32\",\"shape\":[5]", NULL, 5 * sizeof(float)},
      {"block.0.u", "\"dtype\":\"F32\",\"shape\":[5]", NULL, 5 * sizeof(float)},
      {"block.0.v", "\"dtype\":\"F32\",\"shape\":[5]", NULL, 5 * sizeof(float)},
      {"features.weight", "\"dtype\":\"F32\",\"shape\":[6,12]", NULL, 72 * sizeof(float)},
      {"features.bias", "\"dtype\":\"F32\",\"shape\":[12]", NULL, 12 * sizeof(float)},
      {"output.weight", "\"dtype\":\"F32\",\"shape\":[12,4]", NULL, 48 * sizeof(float)},
      {"output.bias", "\"dtype\":\"F32\",\"shape\":[4]", NULL, 4 * sizeof(float)},
      {"input_scaling.mean", "\"dtype\":\"F32\",\"shape\":[3]", NULL, 3 * sizeof(float)},
      {"input_scaling.scale", "\"dtype\":\"F32\",\"shape\":[3]", NULL, 3 * sizeof(float)},
  };
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
    const unsigned char *found = find_data(file, tensors[i].name, tensors[i].description);
    const void *values = tensors[i].values;
    if (values == NULL)
      values = sngp_model_values(model, sngp_parameter_find(&model->table, tensors[i].name));
    assert_memory_equal(found, values, tensors[i].size);
    assert_int_equal((found - file) % (i < 2 ? 8 : 4), 0);
  }
  sngp_buffer_free(data);
  sngp_model_free(model);
}

static void a_model_that_was_not_prepared_stays_so(void **state) {
  (void)state;
  sngp_model_config config;
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  config.input_dim = config.num_classes = 2;
  config.num_random_features = 8;
  sngp_model *model = NULL, *loaded = NULL;
  void *data = NULL;
  int64_t size = 0;
  assert_int_equal(sngp_model_create(&config, &model), SNGP_OK);
  assert_int_equal(sngp_model_save_buffer(model, &data, &size), SNGP_OK);
  assert_null(find_text(data, (size_t)size, "input_scaling"));
  assert_int_equal(sngp_model_load_buffer(data, size, &loaded), SNGP_OK);
  assert_false(loaded->holds.input_scaling);
  assert_int_equal(sngp_model_check_prepared(loaded), SNGP_ERROR_NOT_PREPARED);
  sngp_buffer_free(data);
  sngp_model_free(model);
  sngp_model_free(loaded);
}

static void what_could_not_be_loaded_is_not_saved(void **state) {
  (void)state;
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3);
  void *data = &data;
  int64_t size = 0;
  const sngp_parameter *bias = sngp_parameter_find(&model->table, "block.1.bias");
  sngp_model_values(model, bias)[2] = NAN;
  assert_int_equal(sngp_model_save_buffer(model, &data, &size), SNGP_ERROR_NOT_FINITE);
  assert_non_null(strstr(sngp_last_error(), "block.1.bias"));
  assert_null(data);
  sngp_model_values(model, bias)[2] = 0.0f;
  model->posterior.current = false;
  assert_int_equal(sngp_model_save_buffer(model, &data, &size), SNGP_ERROR_POSTERIOR_STALE);
  assert_non_null(strstr(sngp_last_error(), "sngp_model_finish_covariance()"));
  sngp_model_free(model);
}

static void a_failed_save_keeps_the_old_file_and_a_good_one_holds_the_buffers_bytes(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE], missing[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "model.safetensors");
  path_in(missing, folder, "missing/model.safetensors");
  sngp_model *old = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3), *loaded = NULL;
  sngp_model *new = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 4);
  void *old_bytes = NULL, *new_bytes = NULL;
  int64_t old_size = 0, new_size = 0;
  assert_int_equal(sngp_model_save_buffer(old, &old_bytes, &old_size), SNGP_OK);
  assert_int_equal(sngp_model_save_buffer(new, &new_bytes, &new_size), SNGP_OK);
  assert_int_equal(sngp_model_save(old, path), SNGP_OK);

  struct rlimit limit, kept;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
  limit = kept;
  limit.rlim_cur = 1024;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  sngp_status status = sngp_model_save(new, path);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, SNGP_ERROR_WRITE);
  assert_non_null(strstr(sngp_last_error(), path));
  assert_int_equal(sngp_model_save(new, missing), SNGP_ERROR_WRITE);
  new->posterior.current = false;
  assert_int_equal(sngp_model_save(new, path), SNGP_ERROR_POSTERIOR_STALE);
  assert_file_holds(path, old_bytes, (size_t)old_size);
  assert_int_equal(count_files(folder), 1);

  new->posterior.current = true;
  assert_int_equal(sngp_model_save(new, path), SNGP_OK);
  assert_file_holds(path, new_bytes, (size_t)new_size);
  assert_int_equal(count_files(folder), 1);
  assert_int_equal(sngp_model_load(path, &loaded), SNGP_OK);
  assert_same_model(new, loaded);
  remove_folder(folder);
  sngp_buffer_free(old_bytes);
  sngp_buffer_free(new_bytes);
  sngp_model_free(old);
  sngp_model_free(new);
  sngp_model_free(loaded);
}

static void a_load_that_fails_names_the_file_and_gives_no_model(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "model");
  sngp_model *model = (sngp_model *)(uintptr_t)1;
  assert_int_equal(sngp_model_load(path, &model), SNGP_ERROR_READ);
  assert_non_null(strstr(sngp_last_error(), path));
  assert_null(model);
  put_file(path, "row,class\n", 10);
  model = (sngp_model *)(uintptr_t)1;
  assert_int_equal(sngp_model_load(path, &model), SNGP_ERROR_FORMAT);
  assert_non_null(strstr(sngp_last_error(), path));
  assert_null(model);
  assert_int_equal(sngp_model_load(NULL, &model), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_model_load(path, NULL), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_model_save(NULL, path), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_model_load_buffer(NULL, 8, &model), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_model_load_buffer(path, -1, &model), SNGP_ERROR_INVALID_ARGUMENT);
  assert_int_equal(sngp_model_load_buffer(path, 0, &model), SNGP_ERROR_FORMAT);
  sngp_buffer_free(NULL);
  remove_folder(folder);
}

static void the_bytes_do_not_depend_on_the_locale(void **state) {
  (void)state;
  char folder[LOCALE_PATH_SIZE];
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3);
  void *before = NULL, *after = NULL;
  int64_t before_size = 0, after_size = 0;
  assert_int_equal(sngp_model_save_buffer(model, &before, &before_size), SNGP_OK);
  enter_locale("de_DE", folder);
  assert_string_equal(localeconv()->decimal_point, ",");
  assert_int_equal(sngp_model_save_buffer(model, &after, &after_size), SNGP_OK);
  assert_int_equal(before_size, after_size);
  assert_memory_equal(before, after, (size_t)before_size);
  check_round_trip(model);
  leave_locale(folder);
  sngp_buffer_free(before);
  sngp_buffer_free(after);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_trained_model_comes_back_bit_by_bit),
      cmocka_unit_test(a_fresh_model_of_every_shape_comes_back),
      cmocka_unit_test(posteriors_of_several_outputs_come_back),
      cmocka_unit_test(predictions_are_bitwise_the_same),
      cmocka_unit_test(the_file_is_laid_out_as_documented),
      cmocka_unit_test(a_model_that_was_not_prepared_stays_so),
      cmocka_unit_test(what_could_not_be_loaded_is_not_saved),
      cmocka_unit_test(a_failed_save_keeps_the_old_file_and_a_good_one_holds_the_buffers_bytes),
      cmocka_unit_test(a_load_that_fails_names_the_file_and_gives_no_model),
      cmocka_unit_test(the_bytes_do_not_depend_on_the_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
