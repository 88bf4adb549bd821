/* Spectral normalisation against Model Garden's SpectralNormalization (edward2's gives the same
   numbers, bit for bit): W, u and v after 1, 2 and 10 training passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/spectral_norm.h"
#include "reference/fixture.h"

enum { NUM_STEPS = 10 };
enum { IN, OUT, BOUND, ITERATIONS }; /* settings of a case */
static const int64_t CASES = 4;
/* Single precision both: sums of up to 24 terms, ten times over. */
static const double TOLERANCE = 1e-6;

typedef struct {
  fixture_tensor weight, u, v;
} state;

static state read_state(const fixture *f, int64_t index, int64_t step) {
  return (state){get_tensor(f, "case.%d.step.%d.weight", (int)index, (int)step),
                 get_tensor(f, "case.%d.step.%d.u", (int)index, (int)step),
                 get_tensor(f, "case.%d.step.%d.v", (int)index, (int)step)};
}

static void free_state(state *s) {
  free(s->weight.values);
  free(s->u.values);
  free(s->v.values);
}

static double state_difference(const state *a, const state *b) {
  double largest = 0;
  keep_largest(&largest, relative_difference(a->weight.values, b->weight.values, a->weight.count));
  keep_largest(&largest, relative_difference(a->u.values, b->u.values, a->u.count));
  keep_largest(&largest, relative_difference(a->v.values, b->v.values, a->v.count));
  return largest;
}

/* The largest difference over the steps that the fixture has. */
static double run_case(const fixture *f, int64_t index, state *own) {
  char name[FIXTURE_PATH_SIZE];
  snprintf(name, sizeof name, "case.%d.settings", (int)index);
  int64_t in = (int64_t)get_number(f, IN, name), out = (int64_t)get_number(f, OUT, name);
  sngp_spectral_norm norm = {
      .bound = get_number(f, BOUND, name), .u = own->u.values, .v = own->v.values};
  float *scratch = take((size_t)out, sizeof *scratch);
  double largest = 0;
  assert_int_equal(own->weight.rows, in);
  assert_int_equal(own->weight.cols, out);
  for (int64_t step = 1; step <= NUM_STEPS; step++) {
    sngp_spectral_norm_project(&norm, in, out, own->weight.values,
                               (int64_t)get_number(f, ITERATIONS, name), scratch);
    if (step != 1 && step != 2 && step != NUM_STEPS) continue;
    state expected = read_state(f, index, step);
    double difference = state_difference(own, &expected);
    print_message("  case %d, step %2d: %.1e\n", (int)index, (int)step, difference);
    keep_largest(&largest, difference);
    free_state(&expected);
  }
  free(scratch);
  return largest;
}

static void weight_and_vectors_follow_the_reference(void **unused) {
  (void)unused;
  fixture f = open_fixture("spectral_norm");
  for (int64_t index = 0; index < CASES; index++) {
    state own = read_state(&f, index, 0);
    assert_below(run_case(&f, index, &own), TOLERANCE);
    free_state(&own);
  }
  close_fixture(&f);
}

static void a_weight_within_its_bound_is_left_alone_by_both(void **unused) {
  (void)unused;
  fixture f = open_fixture("spectral_norm");
  state before = read_state(&f, CASES - 1, 0), after = read_state(&f, CASES - 1, NUM_STEPS);
  state own = read_state(&f, CASES - 1, 0);
  run_case(&f, CASES - 1, &own);
  assert_memory_equal(before.weight.values, after.weight.values,
                      (size_t)before.weight.count * sizeof(float));
  assert_memory_equal(before.weight.values, own.weight.values,
                      (size_t)before.weight.count * sizeof(float));
  free_state(&own);
  free_state(&after);
  free_state(&before);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weight_and_vectors_follow_the_reference),
      cmocka_unit_test(a_weight_within_its_bound_is_left_alone_by_both),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
