#include "gp/lbfgs.h"

#include <float.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"

enum { LENGTH = SNGP_LBFGS_LENGTH };

sngp_status sngp_lbfgs_create(sngp_lbfgs *history, int64_t count) {
  *history = (sngp_lbfgs){.count = count, .scale = 1};
  history->steps = sngp_allocate((size_t)count, 2 * LENGTH * sizeof(double));
  if (history->steps == NULL) return sngp_fail_memory("the steps of a minimisation");
  history->changes = history->steps + LENGTH * count;
  return SNGP_OK;
}

void sngp_lbfgs_destroy(sngp_lbfgs *history) {
  sngp_release(history->steps);
  *history = (sngp_lbfgs){0};
}

void sngp_lbfgs_clear(sngp_lbfgs *history) {
  history->length = 0;
  history->scale = 1;
}

/* Place of the step that was taken `age` steps before the newest. */
static int64_t place(const sngp_lbfgs *history, int64_t age) {
  return (history->newest + LENGTH - age) % LENGTH;
}

void sngp_lbfgs_begin(sngp_lbfgs *history, double *vector) {
  int64_t count = history->count;
  for (int64_t age = 0; age < history->length; age++) {
    int64_t i = place(history, age);
    double product = sngp_ddot(count, history->steps + i * count, vector) / history->curvatures[i];
    history->products[i] = product;
    sngp_daxpy(count, -product, history->changes + i * count, vector);
  }
}

void sngp_lbfgs_end(sngp_lbfgs *history, double *vector) {
  int64_t count = history->count;
  for (int64_t age = history->length - 1; age >= 0; age--) {
    int64_t i = place(history, age);
    double product =
        sngp_ddot(count, history->changes + i * count, vector) / history->curvatures[i];
    sngp_daxpy(count, history->products[i] - product, history->steps + i * count, vector);
  }
}

void sngp_lbfgs_add(sngp_lbfgs *history, const double *step, const double *change,
                    const double *solved) {
  int64_t count = history->count;
  double curvature = sngp_ddot(count, step, change), length = sngp_ddot(count, change, solved);
  if (!(curvature > 0 && length > 0 && curvature / length < 1 / DBL_EPSILON)) return;
  int64_t i = history->newest = (history->newest + 1) % LENGTH;
  memcpy(history->steps + i * count, step, (size_t)count * sizeof *step);
  memcpy(history->changes + i * count, change, (size_t)count * sizeof *change);
  history->curvatures[i] = curvature;
  history->scale = curvature / length;
  if (history->length < LENGTH) history->length++;
}
