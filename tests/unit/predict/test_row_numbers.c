/* What is drawn for a row is a function of its number, however large: rows far apart share nothing,
   and a table may be cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/small_model.h"

enum { ROWS = 40, PASSES = 3, SIZE = PASSES * ROWS * SMALL_CLASSES };

typedef struct {
  sngp_model *model;
  float x[ROWS * SMALL_INPUTS]; /* one row, many times: only what is drawn can differ */
} subject;

static int create(void **state) {
  static subject s;
  sngp_model_config config = small_config();
  config.dropout_rate = 0.4;
  s.model = create_model(&config);
  sngp_dataset *training = small_data(30, 1);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 1e-2);
  sngp_fit_config fit = constant_rate(3, 10);
  assert_ok(sngp_fit(s.model, adam, training, NULL, &fit, NULL));
  const float *row = sngp_dataset_features(training);
  for (int i = 0; i < ROWS * SMALL_INPUTS; i++) s.x[i] = row[i % SMALL_INPUTS];
  sngp_optimizer_free(adam);
  sngp_dataset_free(training);
  *state = &s;
  return 0;
}

static int destroy(void **state) {
  subject *s = *state;
  sngp_model_free(s->model);
  return 0;
}

/* The samples of rows first ... first + count - 1 of a table. */
static void sample(const subject *s, int32_t method, int64_t first, int64_t count, float *samples) {
  sngp_predict_config config;
  assert_ok(sngp_predict_config_init(&config, sizeof config));
  config.method = method;
  config.num_samples = PASSES;
  config.first_row = first;
  sngp_prediction out = {.struct_size = sizeof out, .samples = samples};
  assert_ok(sngp_predict(s->model, NULL, s->x, count, SMALL_INPUTS, 0, &config, &out));
}

/* Powers of two are where a counter of 32 bits, times any number of blocks a row, would begin
   again. */
static void rows_far_apart_draw_other_numbers(void **state) {
  const subject *s = *state;
  for (int32_t method = SNGP_PREDICT_MONTE_CARLO; method <= SNGP_PREDICT_MC_DROPOUT; method++) {
    float near[SIZE], far[SIZE];
    sample(s, method, 0, ROWS, near);
    for (int power = 31; power <= 62; power++) {
      sample(s, method, INT64_C(1) << power, ROWS, far);
      int same = 0;
      for (int i = 0; i < SIZE; i += SMALL_CLASSES)
        same += memcmp(near + i, far + i, SMALL_CLASSES * sizeof *far) == 0;
      assert_true(same <= PASSES * ROWS / 10); /* masks of a few units are equal now and then */
    }
  }
}

/* The small model's classes and units take one block a row: the next key begins at row 2^32. */
static void a_table_may_be_cut_anywhere(void **state) {
  const subject *s = *state;
  enum { BEFORE = 13, CUT = 20 };
  const int64_t first = (INT64_C(1) << 32) - BEFORE;
  assert_int_equal(sngp_random_rows_of_key(1), first + BEFORE);
  for (int32_t method = SNGP_PREDICT_MONTE_CARLO; method <= SNGP_PREDICT_MC_DROPOUT; method++) {
    float whole[SIZE], parts[SIZE];
    sample(s, method, first, ROWS, whole);
    for (int64_t begin = 0; begin < ROWS; begin += CUT) {
      sample(s, method, first + begin, CUT, parts);
      for (int pass = 0; pass < PASSES; pass++)
        assert_close(largest_difference(whole + (pass * ROWS + begin) * SMALL_CLASSES,
                                        parts + pass * CUT * SMALL_CLASSES, CUT * SMALL_CLASSES),
                     0, 2e-5);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_far_apart_draw_other_numbers),
      cmocka_unit_test(a_table_may_be_cut_anywhere),
  };
  return cmocka_run_group_tests(tests, create, destroy);
}
