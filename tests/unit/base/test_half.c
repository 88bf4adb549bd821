/* Numbers of 16 bits: values from IEEE 754-2008, table 3.5, and from the definition of bfloat16. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"

static void halves_are_exact(void **state) {
  (void)state;
  const struct {
    uint16_t bits;
    double value;
  } cases[] = {{0x0000, 0},
               {0x3c00, 1},
               {0xc000, -2},
               {0x7bff, 65504},
               {0x0400, 0x1p-14},
               {0x0001, 0x1p-24},
               {0x83ff, -1023 * 0x1p-24},
               {0x3555, 0.333251953125},
               {0x7c00, (double)INFINITY},
               {0xfc00, (double)-INFINITY}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_true(sngp_half_to_double(cases[i].bits) == cases[i].value);
  assert_true(signbit(sngp_half_to_double(0x8000)));
  assert_true(isnan(sngp_half_to_double(0x7e00)));
}

static void bfloats_are_the_upper_half_of_a_float(void **state) {
  (void)state;
  assert_true(sngp_bfloat_to_double(0x3f80) == 1);
  assert_true(sngp_bfloat_to_double(0xc049) == -3.140625);
  assert_true(sngp_bfloat_to_double(0x7f80) == (double)INFINITY);
  assert_true(isnan(sngp_bfloat_to_double(0x7fc0)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(halves_are_exact),
      cmocka_unit_test(bfloats_are_the_upper_half_of_a_float),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
