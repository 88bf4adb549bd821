/* Decimal numbers: rounded as strtod rounds in the C locale, refused where they are none. */
#include "data/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "unit/data/support.h"

static sngp_number_kind read_text(const char *text, double *value) {
  return sngp_number_read(text, strlen(text), value);
}

/* The test runs in the C locale, where strtod is the reference: to the bit. */
static void check_against_strtod(const char *text) {
  double value = 0.0, expected = strtod(text, NULL);
  assert_int_equal(read_text(text, &value), SNGP_NUMBER_FINITE);
  if (memcmp(&value, &expected, sizeof value) == 0) return;
  print_error("%s: %a, not %a\n", text, value, expected);
  fail();
}

static void every_form_that_people_write_is_read(void **state) {
  (void)state;
  const struct {
    const char *text;
    double value;
  } cases[] = {{"0", 0.0},         {"1", 1.0},
               {"+1", 1.0},        {"-1", -1.0},
               {"1.5", 1.5},       {".5", 0.5},
               {"5.", 5.0},        {"-.25", -0.25},
               {"1e-3", 1e-3},     {"1E3", 1e3},
               {"1e+3", 1e3},      {"2.5e2", 250.0},
               {" 7 ", 7.0},       {"\t-7\t ", -7.0},
               {"007", 7.0},       {"0.000", 0.0},
               {"1e0000002", 1e2}, {"0e999999", 0.0},
               {"1e-99999", 0.0},  {"00.125", 0.125},
               {"0.1", 0.1},       {"-0.0", -0.0},
               {"1e22", 1e22},     {"1e23", 1e23},
               {"1e-22", 1e-22},   {"12e-1", 1.2},
               {"1e-400", 0.0},    {"123456789012345", 123456789012345.0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double value = 77.0;
    assert_int_equal(read_text(cases[i].text, &value), SNGP_NUMBER_FINITE);
    assert_memory_equal(&value, &cases[i].value, sizeof value);
  }
}

static void anything_else_is_refused(void **state) {
  (void)state;
  const char *const malformed[] = {"a",
                                   "1a",
                                   "1 2",
                                   "1,5",
                                   "--1",
                                   "+-1",
                                   "1e",
                                   "1e+",
                                   "e5",
                                   ".",
                                   "-",
                                   "+",
                                   "-.e1",
                                   "1.2.3",
                                   "0x10",
                                   "0x1p3",
                                   "1e5.5",
                                   "1_000",
                                   "nano",
                                   "infinit",
                                   "nan(1)",
                                   "1f",
                                   "\xc2\xa0"
                                   "1",
                                   "1e 5",
                                   "- 1",
                                   "inf1",
                                   "\n1",
                                   "1d3"};
  const char *const not_finite[] = {"nan",   "NaN",   "-nan",     "+NAN",
                                    "inf",   "-Inf",  "INFINITY", "+infinity",
                                    " nan ", "1e309", "-1e400",   "1e999999999999999999999"};
  const char *const empty[] = {"", " ", "\t  "};
  for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
    double value = 77.0;
    assert_int_equal(read_text(malformed[i], &value), SNGP_NUMBER_MALFORMED);
    assert_true(value == 77.0);
  }
  for (size_t i = 0; i < sizeof not_finite / sizeof *not_finite; i++) {
    double value = 77.0;
    assert_int_equal(read_text(not_finite[i], &value), SNGP_NUMBER_NOT_FINITE);
    assert_true(value == 77.0);
  }
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    double value = 77.0;
    assert_int_equal(read_text(empty[i], &value), SNGP_NUMBER_EMPTY);
  }
}

static void text_ends_where_its_length_says(void **state) {
  (void)state;
  double value = 0.0;
  const char text[] = {'1', '2', '.', '5', '9', '9'};
  assert_int_equal(sngp_number_read(text, 4, &value), SNGP_NUMBER_FINITE);
  assert_true(value == 12.5);
  assert_int_equal(sngp_number_read("1\0"
                                    "2",
                                    3, &value),
                   SNGP_NUMBER_MALFORMED);
  assert_int_equal(sngp_number_read(NULL, 0, &value), SNGP_NUMBER_EMPTY);
}

/* Digits, point and exponent at random: 1 to 25 digits, most magnitudes. */
static void random_numbers_are_rounded_as_strtod_rounds_them(void **state) {
  (void)state;
  uint32_t number = 7;
  for (int trial = 0; trial < 100000; trial++) {
    char text[64];
    int digits = 1 + (int)(next_number(&number) % 25), at = 0;
    int point = (int)(next_number(&number) % 30);
    if (next_number(&number) % 2) text[at++] = '-';
    for (int i = 0; i < digits; i++) {
      if (i == point) text[at++] = '.';
      text[at++] = (char)('0' + next_number(&number) % 10);
    }
    int range = trial % 2 ? 20 : 280;
    snprintf(text + at, sizeof text - (size_t)at, "e%d",
             (int)(next_number(&number) % (uint32_t)(2 * range)) - range);
    check_against_strtod(text);
  }
}

static void doubles_written_with_17_digits_come_back(void **state) {
  (void)state;
  uint32_t number = 99;
  for (int trial = 0; trial < 100000; trial++) {
    uint64_t bits = (uint64_t)next_number(&number) << 33 ^ (uint64_t)next_number(&number) << 16 ^
                    next_number(&number);
    double value = 0.0, read = 0.0;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    assert_int_equal(read_text(text, &read), SNGP_NUMBER_FINITE);
    assert_memory_equal(&read, &value, sizeof value);
  }
}

/* Half-way between two doubles, and next to it in the 800th digit; the ends of the range. */
static void the_hardest_numbers_are_rounded_correctly(void **state) {
  (void)state;
  const char *const hard[] = {"9007199254740993",
                              "9007199254740993.0000000000000000000000000000000000000000000000001",
                              "9007199254740992.9999999999999999999999999999999999999999999999999",
                              "2.2250738585072011e-308",
                              "2.2250738585072014e-308",
                              "4.9406564584124654e-324",
                              "2.4703282292062327e-324",
                              "2.4703282292062328e-324",
                              "1.7976931348623157e308",
                              "1.7976931348623158e308",
                              "8.41e21",
                              "9214843084008499.0",
                              "30078505129381147446200"};
  for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) check_against_strtod(hard[i]);
  static char text[3000];
  const int lengths[] = {700, 767, 779, 780, 781, 800, 2000};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    for (char last = '0'; last <= '1'; last++) { /* 2^53 + 1, zeros, then a 0 or a 1 */
      int at = snprintf(text, sizeof text, "9007199254740993.");
      while (at < lengths[i]) text[at++] = '0';
      text[at++] = last;
      text[at] = '\0';
      check_against_strtod(text);
      at = snprintf(text, sizeof text, "9007199254740993"); /* the same without a point */
      while (at < lengths[i]) text[at++] = '0';
      text[at++] = last;
      snprintf(text + at, sizeof text - (size_t)at, "e-%d", lengths[i] - 15);
      check_against_strtod(text);
      double value = 0.0;
      assert_int_equal(read_text(text, &value), SNGP_NUMBER_FINITE);
      assert_true(value == (last == '0' ? 9007199254740992.0 : 9007199254740994.0));
    }
}

static void zeros_and_exponents_cancel_however_many(void **state) {
  (void)state;
  static char text[200100];
  int at = snprintf(text, sizeof text, "0.");
  for (int i = 0; i < 199999; i++) text[at++] = '0';
  snprintf(text + at, sizeof text - (size_t)at, "15e200000");
  double value = 0.0;
  assert_int_equal(read_text(text, &value), SNGP_NUMBER_FINITE);
  assert_true(value == 1.5);
}

int main(void) {
  setlocale(LC_ALL, "C");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_form_that_people_write_is_read),
      cmocka_unit_test(anything_else_is_refused),
      cmocka_unit_test(text_ends_where_its_length_says),
      cmocka_unit_test(random_numbers_are_rounded_as_strtod_rounds_them),
      cmocka_unit_test(doubles_written_with_17_digits_come_back),
      cmocka_unit_test(the_hardest_numbers_are_rounded_correctly),
      cmocka_unit_test(zeros_and_exponents_cancel_however_many),
  };
  return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
