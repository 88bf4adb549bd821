/* The command line's own reading of words and numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>

#include "cli/options.h"
#include "cli/report.h"

static void assert_integer(const char *text, int64_t expected) {
  int64_t value = -99;
  assert_int_equal(cli_parse_integer(text, &value), CLI_NUMBER_GOOD);
  assert_int_equal(value, expected);
}

static void assert_real(const char *text, double expected) {
  double value = -99;
  assert_int_equal(cli_parse_real(text, &value), CLI_NUMBER_GOOD);
  assert_true(value == expected);
}

static void whole_numbers_are_decimal_and_fit(void **state) {
  (void)state;
  assert_integer("0", 0);
  assert_integer("-17", -17);
  assert_integer("+8", 8);
  assert_integer("010", 10);
  assert_integer("9223372036854775807", INT64_MAX);
  int64_t value;
  const char *const wrong[] = {"", "-", "1.0", "1e3", " 1", "1 ", "0x1", "1,0", "--1"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(cli_parse_integer(wrong[i], &value), CLI_NUMBER_MALFORMED);
  const char *const large[] = {"9223372036854775808", "-9223372036854775809"};
  for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
    assert_int_equal(cli_parse_integer(large[i], &value), CLI_NUMBER_TOO_LARGE);
}

static void real_numbers_are_decimal_and_finite(void **state) {
  (void)state;
  assert_real("0.5", 0.5);
  assert_real("-2.5E-1", -0.25);
  assert_real("1e3", 1000);
  assert_real(".5", 0.5);
  double value;
  const char *const wrong[] = {"",   ".",   "e5",    "nan", "inf", "0x1p3",   " 1",
                               "1 ", "0,5", "1.2.3", "1e",  "5-3", "infinity"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(cli_parse_real(wrong[i], &value), CLI_NUMBER_MALFORMED);
  assert_int_equal(cli_parse_real("1e999", &value), CLI_NUMBER_TOO_LARGE);
  assert_int_equal(cli_parse_real("-1e999", &value), CLI_NUMBER_TOO_LARGE);
}

static void a_near_miss_is_found_and_a_far_one_is_not(void **state) {
  (void)state;
  const char *const words[] = {"epochs", "seed", "learning-rate", NULL};
  assert_string_equal(cli_nearest("epoch", words), "epochs");
  assert_string_equal(cli_nearest("learning_rate", words), "learning-rate");
  assert_string_equal(cli_nearest("sead", words), "seed");
  assert_null(cli_nearest("verbose", words));
  assert_null(cli_nearest("x", words));
  assert_null(cli_nearest("", words));
}

static void a_beginning_stands_for_the_only_word_that_it_begins(void **state) {
  (void)state;
  const char *const words[] = {"npy", "epochs", "num-layers", "num-hidden", "num", NULL};
  assert_string_equal(cli_nearest("epo", words), "epochs"); /* "npy" is as few letters away */
  assert_string_equal(cli_nearest("num-l", words), "num-layers");
  assert_string_equal(cli_nearest("nu", words), "num"); /* three begin so: the nearest */
}

typedef struct {
  bool flag;
  const char *pair[2];
  int64_t count;
  double rate;
  const char *argument;
} settings;

static cli_parse_result parse(settings *s, int argc, char **argv) {
  *s = (settings){.count = -1, .rate = -1};
  cli_option options[] = {
      {.name = "flag", .kind = CLI_KIND_FLAG, .target = &s->flag},
      {.name = "pair", .kind = CLI_KIND_TEXT, .target = s->pair, .value = "A [B]", .max_values = 2},
      {.name = "count", .kind = CLI_KIND_INTEGER, .target = &s->count, .maximum = 9},
      {.name = "rate", .kind = CLI_KIND_REAL, .target = &s->rate, .open = true},
  };
  cli_option_group group = {"Options", options, 4};
  cli_command command = {.name = "test", .argument = "ARGUMENT", .groups = &group, .num_groups = 1};
  return cli_options_parse(&command, argc, argv, &s->argument);
}

#define PARSE(s, ...)                                                     \
  parse(s, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
        (char **)(const char *[]){__VA_ARGS__})

static void values_follow_a_blank_or_an_equals_sign(void **state) {
  (void)state;
  settings s;
  assert_int_equal(PARSE(&s, "x", "--count", "3", "--rate=0.25", "--flag"), CLI_PARSE_OK);
  assert_string_equal(s.argument, "x");
  assert_true(s.flag && s.count == 3 && s.rate == 0.25);
}

static void the_second_value_of_a_pair_may_be_missing(void **state) {
  (void)state;
  settings s;
  assert_int_equal(PARSE(&s, "x", "--pair", "a", "b"), CLI_PARSE_OK);
  assert_string_equal(s.pair[0], "a");
  assert_string_equal(s.pair[1], "b");
  assert_int_equal(PARSE(&s, "x", "--pair", "a", "--flag"), CLI_PARSE_OK);
  assert_null(s.pair[1]);
  assert_true(s.flag);
  assert_int_equal(PARSE(&s, "x", "--pair=--a", "b"), CLI_PARSE_OK);
  assert_string_equal(s.pair[0], "--a");
  assert_string_equal(s.pair[1], "b");
}

static void two_dashes_end_the_options(void **state) {
  (void)state;
  settings s;
  assert_int_equal(PARSE(&s, "--flag", "--", "--count"), CLI_PARSE_OK);
  assert_string_equal(s.argument, "--count");
  assert_int_equal(s.count, -1);
}

static void the_argument_is_needed(void **state) {
  (void)state;
  settings s;
  assert_int_equal(PARSE(&s, "--flag"), CLI_PARSE_ERROR);
  assert_int_equal(PARSE(&s, "x", "y"), CLI_PARSE_ERROR);
  assert_int_equal(PARSE(&s, ""), CLI_PARSE_ERROR);
}

static void counts_have_commas_between_thousands(void **state) {
  (void)state;
  char text[CLI_COUNT_SIZE];
  assert_string_equal(cli_format_count(0, text), "0");
  assert_string_equal(cli_format_count(999, text), "999");
  assert_string_equal(cli_format_count(1000, text), "1,000");
  assert_string_equal(cli_format_count(1283714, text), "1,283,714");
  assert_string_equal(cli_format_count(-100, text), "-100");
  assert_string_equal(cli_format_count(-1000, text), "-1,000");
  assert_string_equal(cli_format_count(INT64_MIN, text), "-9,223,372,036,854,775,808");
}

static void what_json_lacks_is_null(void **state) {
  (void)state;
  json_t *number = cli_json_real(0.25), *none = cli_json_real(0.0 / 0.0),
         *infinite = cli_json_real(1e308 * 10);
  assert_true(json_real_value(number) == 0.25);
  assert_true(json_is_null(none));
  assert_true(json_is_null(infinite));
  json_decref(number);
  json_decref(none);
  json_decref(infinite);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_numbers_are_decimal_and_fit),
      cmocka_unit_test(real_numbers_are_decimal_and_finite),
      cmocka_unit_test(a_near_miss_is_found_and_a_far_one_is_not),
      cmocka_unit_test(a_beginning_stands_for_the_only_word_that_it_begins),
      cmocka_unit_test(values_follow_a_blank_or_an_equals_sign),
      cmocka_unit_test(the_second_value_of_a_pair_may_be_missing),
      cmocka_unit_test(two_dashes_end_the_options),
      cmocka_unit_test(the_argument_is_needed),
      cmocka_unit_test(counts_have_commas_between_thousands),
      cmocka_unit_test(what_json_lacks_is_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
