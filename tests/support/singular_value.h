/* The largest singular value of a model's blocks, by LAPACK. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_SINGULAR_VALUE_H
#define SNGP_TESTS_SUPPORT_SINGULAR_VALUE_H

#include <lapacke.h>
#include <stdio.h>

#include "sngp/sngp.h"
#include "support/check.h"

/* The largest of all blocks. */
static inline double largest_singular_value(const sngp_model *model) {
  sngp_model_config config;
  assert_ok(sngp_model_config_init(&config, sizeof config));
  assert_ok(sngp_model_get_config(model, &config));
  lapack_int n = (lapack_int)config.num_hidden;
  size_t area = (size_t)(n * n);
  float *weight = take(area, sizeof *weight);
  double *matrix = take(area, sizeof *matrix), *values = take((size_t)n, sizeof *values);
  double *scratch = take((size_t)n, sizeof *scratch), largest = 0;
  for (int64_t block = 0; block < config.num_layers; block++) {
    char name[40];
    snprintf(name, sizeof name, "block.%d.weight", (int)block);
    assert_ok(sngp_model_get_parameter(model, name, weight, (int64_t)area));
    for (size_t i = 0; i < area; i++) matrix[i] = (double)weight[i];
    assert_int_equal(LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'N', 'N', n, n, matrix, n, values, NULL, 1,
                                    NULL, 1, scratch),
                     0);
    largest = fmax(largest, values[0]);
  }
  free(scratch);
  free(values);
  free(matrix);
  free(weight);
  return largest;
}

#endif
