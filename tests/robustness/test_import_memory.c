/* Importing when memory runs out: at every single allocation, those of the JSON library and of zlib
   too, a clean error, no model, nothing leaked. */
#include "robustness/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"
#include "robustness/operation.h"
#include "sngp/sngp.h"
#include "support/check.h"

static const char *path;

static sngp_status run_import(void *context) {
  static const char *const tensors[] = {"output.bias"}, *const arrays[] = {"_gp_output_bias"};
  static const char *const network[] = {"classifier/_gp_output_bias"};
  sngp_import_config config;
  sngp_model *model = (sngp_model *)(uintptr_t)1;
  (void)context;
  SNGP_TRY(sngp_import_config_init(&config, sizeof config));
  config.settings = "{\"ridge\": 0.1, \"feature_names\": null}";
  config.tensors = tensors;
  config.arrays = strstr(path, "head") != NULL ? arrays : network;
  config.num_names = 1;
  config.ridge_in_precision = 1;
  sngp_status status = sngp_model_import(path, &config, &model);
  assert_true((model == NULL) == (status != SNGP_OK));
  sngp_model_free(model);
  return status;
}

/* Memory that is short stays so, as Jansson does not tell one failure from a malformed text.
   Returns how many allocations there are. */
static long fail_from_each(void) {
  const operation op = {.run = run_import};
  long number = 1;
  while (fails_cleanly(&op, number, 1)) number++;
  return number - 1;
}

static void importing(void **state) {
  (void)state;
  path = SNGP_TEST_REFERENCE "/imported_state.npz";
  assert_true(fail_from_each() > 20);
  path = SNGP_TEST_REFERENCE "/imported_head.npz";
  sngp_model *model = NULL;
  if (sngp_model_import(path, NULL, &model) == SNGP_ERROR_UNSUPPORTED) return; /* without zlib */
  sngp_model_free(model);
  assert_true(fail_from_each() > 20);
}

int main(void) {
  leave_blas_out();
  const struct CMUnitTest tests[] = {cmocka_unit_test(importing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
