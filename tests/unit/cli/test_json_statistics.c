/* Mean and standard deviation of documents keep their form; what is not defined is null. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#include "cli/json_statistics.h"

static json_t *parse(const char *text) {
  json_t *document = json_loads(text, 0, NULL);
  assert_non_null(document);
  return document;
}

static double number(const json_t *value) {
  assert_true(json_is_number(value));
  return json_number_value(value);
}

/* 2, 4, 9: the mean is 5, the squares of the differences are 9, 1, 16. */
static void numbers_are_combined_where_they_stand(void **state) {
  (void)state;
  json_t *documents = parse(
      "[{\"a\": 2, \"in\": {\"b\": 20.0, \"word\": \"x\"}, \"list\": [{\"c\": 0.5}, 1]},"
      " {\"a\": 4, \"in\": {\"b\": 40.0, \"word\": \"y\"}, \"list\": [{\"c\": 0.5}, 2]},"
      " {\"a\": 9, \"in\": {\"b\": 90.0, \"word\": \"z\"}, \"list\": [{\"c\": 0.5}, 3]}]");
  json_t *mean = cli_json_mean(documents), *deviation = cli_json_standard_deviation(documents);
  json_t *a, *b, *c, *last;
  assert_int_equal(json_unpack(mean, "{s:o, s:{s:o!}, s:[{s:o}, o]!}", "a", &a, "in", "b", &b,
                               "list", "c", &c, &last),
                   0);
  assert_true(number(a) == 5);
  assert_true(number(b) == 50);
  assert_true(number(c) == 0.5);
  assert_true(number(last) == 2);
  assert_int_equal(json_unpack(deviation, "{s:o, s:{s:o!}, s:[{s:o}, o]!}", "a", &a, "in", "b", &b,
                               "list", "c", &c, &last),
                   0);
  assert_true(fabs(number(a) - sqrt(13)) < 1e-15);
  assert_true(fabs(number(b) - sqrt(1300)) < 1e-13);
  assert_true(number(c) == 0);
  assert_true(number(last) == 1);
  json_decref(deviation);
  json_decref(mean);
  json_decref(documents);
}

static void what_is_undefined_in_one_document_is_null(void **state) {
  (void)state;
  json_t *documents = parse("[{\"a\": 1, \"b\": null}, {\"a\": null, \"b\": null}]");
  json_t *mean = cli_json_mean(documents), *deviation = cli_json_standard_deviation(documents);
  for (int i = 0; i < 2; i++) {
    const char *key = i == 0 ? "a" : "b";
    assert_true(json_is_null(json_object_get(mean, key)));
    assert_true(json_is_null(json_object_get(deviation, key)));
  }
  json_decref(deviation);
  json_decref(mean);
  json_decref(documents);
}

static void one_document_has_a_mean_and_no_deviation(void **state) {
  (void)state;
  json_t *documents = parse("[{\"a\": 3, \"in\": {\"b\": -1.5}}]");
  json_t *mean = cli_json_mean(documents), *deviation = cli_json_standard_deviation(documents);
  assert_true(number(json_object_get(mean, "a")) == 3);
  assert_true(number(json_object_get(json_object_get(mean, "in"), "b")) == -1.5);
  assert_true(json_is_null(json_object_get(deviation, "a")));
  assert_true(json_is_null(json_object_get(json_object_get(deviation, "in"), "b")));
  json_decref(deviation);
  json_decref(mean);
  json_decref(documents);
}

static void what_is_no_number_everywhere_is_left_out(void **state) {
  (void)state;
  json_t *documents = parse(
      "[{\"a\": 1, \"mixed\": 1, \"missing\": 1, \"words\": [\"x\"], \"lengths\": [1]},"
      " {\"a\": 1, \"mixed\": \"1\", \"words\": [\"y\"], \"lengths\": [1, 2]}]");
  json_t *mean = cli_json_mean(documents);
  assert_int_equal(json_object_size(mean), 1);
  assert_true(number(json_object_get(mean, "a")) == 1);
  json_decref(mean);
  json_decref(documents);
  documents = parse("[]");
  assert_null(cli_json_mean(documents));
  json_decref(documents);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_combined_where_they_stand),
      cmocka_unit_test(what_is_undefined_in_one_document_is_null),
      cmocka_unit_test(one_document_has_a_mean_and_no_deviation),
      cmocka_unit_test(what_is_no_number_everywhere_is_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
