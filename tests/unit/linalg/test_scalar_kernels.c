/* The kernels as other compilers and processors get them: no vector math, no clones. They are
   compiled here a second time, under other names, and must pass the same checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SNGP_SCALAR_KERNELS
#define sngp_kernel_cos scalar_kernel_cos
#define sngp_kernel_cos_in_place scalar_kernel_cos_in_place
#define sngp_kernel_cos_backward scalar_kernel_cos_backward
#define sngp_kernel_relu scalar_kernel_relu
#define sngp_kernel_relu_backward scalar_kernel_relu_backward
#define sngp_kernel_exp scalar_kernel_exp
#define sngp_kernel_add_rows scalar_kernel_add_rows
#define sngp_kernel_column_sums scalar_kernel_column_sums
#define sngp_kernel_relu_add scalar_kernel_relu_add
#define sngp_kernel_relu_dropout scalar_kernel_relu_dropout
#define sngp_kernel_relu_dropout_add scalar_kernel_relu_dropout_add
#define sngp_kernel_relu_dropout_backward scalar_kernel_relu_dropout_backward
#define sngp_kernel_random_words scalar_kernel_random_words
#define sngp_kernel_normal scalar_kernel_normal
#define sngp_kernel_sum scalar_kernel_sum
#define sngp_kernel_dot scalar_kernel_dot
#define sngp_kernel_sum_squares scalar_kernel_sum_squares
#define sngp_kernel_square_norm scalar_kernel_square_norm
#define sngp_kernel_add scalar_kernel_add
#define sngp_kernel_affine scalar_kernel_affine
#define sngp_kernel_add_scaled scalar_kernel_add_scaled
#define sngp_kernel_standardize scalar_kernel_standardize
#define sngp_kernel_clamp scalar_kernel_clamp
#define sngp_kernel_to_double scalar_kernel_to_double
#define sngp_kernel_from_double scalar_kernel_from_double
#define sngp_kernel_add_to_double scalar_kernel_add_to_double
#define sngp_kernel_all_finite scalar_kernel_all_finite
#define sngp_kernel_rotate scalar_kernel_rotate
#define sngp_kernel_adam scalar_kernel_adam
#define sngp_kernel_sgd scalar_kernel_sgd
#define sngp_kernel_instruction_set scalar_kernel_instruction_set

#include "linalg/kernels.c"
#include "unit/linalg/kernel_checks.h"
#include "unit/linalg/normal_checks.h"

static void the_instruction_set_is_the_baseline(void **state) {
  (void)state;
  assert_string_equal(sngp_kernel_instruction_set(), "baseline");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      KERNEL_CHECKS,
      NORMAL_CHECKS,
      cmocka_unit_test(the_instruction_set_is_the_baseline),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
