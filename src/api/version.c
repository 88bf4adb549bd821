#include "sngp/version.h"

#include <stdio.h>

#include "api/check.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"

int32_t sngp_version(void) { return SNGP_VERSION_NUMBER; }

const char *sngp_build_info(void) {
  static _Thread_local char text[512];
  int threads = sngp_blas_threads();
  snprintf(text, sizeof text, "libsngp %s, %s, %d BLAS thread%s%s, kernels: %s",
           SNGP_VERSION_STRING, sngp_blas_description(), threads, threads == 1 ? "" : "s",
           threads == 1 ? "" : " (fit and predict use one of their own)",
           sngp_kernel_instruction_set());
  return text;
}

sngp_status sngp_set_blas_threads(int32_t num_threads) {
  SNGP_TRY(sngp_check_threads(num_threads));
  sngp_blas_set_threads(num_threads);
  return SNGP_OK;
}
