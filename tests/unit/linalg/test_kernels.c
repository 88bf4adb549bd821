/* The vector kernels as the library has them: the best instruction set of this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/linalg/kernel_checks.h"
#include "unit/linalg/normal_checks.h"

static void the_instruction_set_is_one_of_those_built(void **state) {
  (void)state;
  const char *name = sngp_kernel_instruction_set();
  assert_true(strcmp(name, "avx512f") == 0 || strcmp(name, "avx2") == 0 ||
              strcmp(name, "baseline") == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      KERNEL_CHECKS,
      NORMAL_CHECKS,
      cmocka_unit_test(the_instruction_set_is_one_of_those_built),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
