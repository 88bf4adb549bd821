/* Loads a library and fails where that changed what belongs to the host: the floating-point mode
   (rounding, flush to zero, denormals as zero), signal handlers, the locale. Then, in libsngp, the
   same after a fit. usage: host_state LIBRARY */
#include <dlfcn.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sngp/sngp.h"

enum { SIGNALS = 32 };

typedef struct {
  unsigned control; /* of the vector unit, its exception flags aside */
  int rounding;
  double half_of_smallest;        /* 0 where results are flushed to zero */
  float denormal_times_two_to_24; /* 0 where denormal operands count as zero */
  double third;
  void (*handlers[SIGNALS])(int);
  char locale[256];
} host_state;

static unsigned control_word(void) {
#if defined(__x86_64__)
  return __builtin_ia32_stmxcsr() & ~0x3fu;
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  return (unsigned)control;
#else
  return 0;
#endif
}

static host_state observe(void) {
  volatile double smallest = DBL_MIN, one = 1.0;
  volatile float denormal = FLT_TRUE_MIN;
  host_state state;
  memset(&state, 0, sizeof state);
  state.control = control_word();
  state.rounding = fegetround();
  state.half_of_smallest = smallest / 2.0;
  state.denormal_times_two_to_24 = denormal * 0x1p24f;
  state.third = one / 3.0;
  for (int number = 1; number < SIGNALS; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0) state.handlers[number] = action.sa_handler;
  }
  snprintf(state.locale, sizeof state.locale, "%s", setlocale(LC_ALL, NULL));
  return state;
}

static int compare(const host_state *before, const char *when) {
  host_state now = observe();
  int differences = 0;
  if (now.control != before->control) {
    printf("%s: control word 0x%04x, was 0x%04x\n", when, now.control, before->control);
    differences++;
  }
  if (now.rounding != before->rounding || now.third != before->third) {
    printf("%s: the rounding mode changed\n", when);
    differences++;
  }
  if (now.half_of_smallest != DBL_MIN / 2.0) {
    printf("%s: denormal results are flushed to zero\n", when);
    differences++;
  }
  if (now.denormal_times_two_to_24 != 0x1p-125f) {
    printf("%s: denormal operands count as zero\n", when);
    differences++;
  }
  if (memcmp(now.handlers, before->handlers, sizeof now.handlers) != 0) {
    printf("%s: a signal handler changed\n", when);
    differences++;
  }
  if (strcmp(now.locale, before->locale) != 0) {
    printf("%s: locale %s, was %s\n", when, now.locale, before->locale);
    differences++;
  }
  return differences;
}

/* Trains and predicts on two threads with the library's functions; true where all calls succeed. */
static bool train(void *library) {
#define FUNCTION(name)           \
  __typeof__(name) *call_##name; \
  *(void **)&call_##name = dlsym(library, #name)
  FUNCTION(sngp_dataset_two_moons);
  FUNCTION(sngp_dataset_free);
  FUNCTION(sngp_dataset_features);
  FUNCTION(sngp_model_config_init);
  FUNCTION(sngp_model_create);
  FUNCTION(sngp_model_free);
  FUNCTION(sngp_optimizer_create);
  FUNCTION(sngp_optimizer_free);
  FUNCTION(sngp_fit_config_init);
  FUNCTION(sngp_fit);
  FUNCTION(sngp_predict);
  FUNCTION(sngp_last_error);
#undef FUNCTION
  sngp_model_config config;
  sngp_fit_config fit_config;
  sngp_dataset *moons = NULL;
  sngp_model *model = NULL;
  sngp_optimizer *adam = NULL;
  float variance[100];
  sngp_prediction out = {.struct_size = sizeof out, .variance = variance};
  bool done = call_sngp_model_config_init(&config, sizeof config) == SNGP_OK &&
              call_sngp_fit_config_init(&fit_config, sizeof fit_config) == SNGP_OK;
  config.input_dim = 2;
  config.num_classes = 2;
  fit_config.epochs = 2;
  fit_config.num_threads = 2;
  done = done && call_sngp_dataset_two_moons(100, 0.1, 1, &moons) == SNGP_OK &&
         call_sngp_model_create(&config, &model) == SNGP_OK &&
         call_sngp_optimizer_create(NULL, &adam) == SNGP_OK &&
         call_sngp_fit(model, adam, moons, NULL, &fit_config, NULL) == SNGP_OK &&
         call_sngp_predict(model, NULL, call_sngp_dataset_features(moons), 100, 2, 0, NULL, &out) ==
             SNGP_OK;
  if (!done) printf("%s\n", call_sngp_last_error());
  call_sngp_dataset_free(moons);
  call_sngp_model_free(model);
  call_sngp_optimizer_free(adam);
  return done;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: host_state LIBRARY\n"), 2;
  host_state before = observe();
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 2;
  int differences = compare(&before, "after loading");
  if (dlsym(library, "sngp_fit") != NULL) {
    if (!train(library)) differences++;
    differences += compare(&before, "after training");
  }
  dlclose(library);
  differences += compare(&before, "after unloading");
  return differences != 0;
}
