#include "train/ensemble_fit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "linalg/blas.h"
#include "train/fit.h"

typedef struct ensemble_fit ensemble_fit;

/* A member in training: a copy, which takes the member's place when all are done. */
typedef struct {
  ensemble_fit *fit;
  int64_t index;
  sngp_model *model;
  sngp_history *history;
} trainee;

struct ensemble_fit {
  const sngp_optimizer *optimizer;
  const sngp_dataset *training, *validation;
  const sngp_fit_config *config; /* the caller's */
  trainee *trainees;
  int64_t count;
  bool wants_histories;
  atomic_int_fast64_t next; /* the member to train next: who is done early takes it */
  atomic_bool stopped;      /* members in training end with their next step, no other begins */
  pthread_mutex_t mutex;    /* of the callback and of what follows */
  int64_t culprit;          /* the member that stopped the others */
  sngp_status status;       /* what it returned, and its message, which is its thread's */
  char message[SNGP_MESSAGE_SIZE];
};

/* Stops all members on account of one, unless another was first; the mutex is held. */
static void stop(ensemble_fit *fit, int64_t member) {
  if (atomic_load(&fit->stopped)) return;
  fit->culprit = member;
  atomic_store(&fit->stopped, true);
}

/* The members' callback: passes the caller's on, one call at a time, and none once it has
   cancelled. */
static int32_t relay(const sngp_fit_progress *progress, void *context) {
  const trainee *member = context;
  ensemble_fit *fit = member->fit;
  if (fit->config->callback == NULL) return atomic_load(&fit->stopped);
  sngp_fit_progress told = *progress;
  told.member = member->index;
  told.num_members = fit->count;
  pthread_mutex_lock(&fit->mutex);
  if (!atomic_load(&fit->stopped) && fit->config->callback(&told, fit->config->context) != 0)
    stop(fit, member->index);
  pthread_mutex_unlock(&fit->mutex);
  return atomic_load(&fit->stopped);
}

static void train(ensemble_fit *fit, trainee *member) {
  sngp_optimizer optimizer = *fit->optimizer;
  sngp_fit_config config = *fit->config;
  config.num_threads = 1;
  config.callback = relay;
  config.context = member;
  sngp_status status = sngp_fit_run(member->model, &optimizer, fit->training, fit->validation,
                                    &config, true, fit->wants_histories ? &member->history : NULL);
  if (status == SNGP_OK) return;
  pthread_mutex_lock(&fit->mutex);
  stop(fit, member->index);
  if (fit->culprit == member->index) {
    fit->status = status;
    snprintf(fit->message, sizeof fit->message, "%s", sngp_last_error());
  }
  pthread_mutex_unlock(&fit->mutex);
}

/* A thread's work: one member after the other. */
static void train_members(void *context, int thread) {
  (void)thread;
  ensemble_fit *fit = context;
  while (!atomic_load(&fit->stopped)) {
    int64_t index = atomic_fetch_add(&fit->next, 1);
    if (index >= fit->count) return;
    train(fit, &fit->trainees[index]);
  }
}

static sngp_status copy_members(ensemble_fit *fit, const sngp_ensemble *ensemble) {
  fit->trainees = sngp_allocate((size_t)fit->count, sizeof *fit->trainees);
  if (fit->trainees == NULL) return sngp_fail_memory("the members in training");
  for (int64_t i = 0; i < fit->count; i++) {
    fit->trainees[i] = (trainee){.fit = fit, .index = i};
    SNGP_TRY(sngp_model_copy(ensemble->members[i], &fit->trainees[i].model));
  }
  return SNGP_OK;
}

static sngp_status train_all(ensemble_fit *fit) {
  int64_t threads = sngp_own_threads(fit->config->num_threads);
  if (threads > fit->count) threads = fit->count;
  sngp_pool *pool = NULL;
  SNGP_TRY(sngp_pool_create((int)threads, &pool));
  sngp_pool_run(pool, train_members, fit, (int)threads);
  sngp_pool_free(pool);
  if (fit->status == SNGP_OK) return SNGP_OK;
  return sngp_fail(fit->status, "member %lld: %s", (long long)fit->culprit, fit->message);
}

/* The trained copies become the members; what they replace is given back with the rest. */
static void take_place(ensemble_fit *fit, sngp_ensemble *ensemble, sngp_history **histories) {
  for (int64_t i = 0; i < fit->count; i++) {
    trainee *member = &fit->trainees[i];
    sngp_model *old = ensemble->members[i];
    ensemble->members[i] = member->model;
    member->model = old;
    if (histories == NULL) continue;
    histories[i] = member->history;
    member->history = NULL;
  }
}

static void give_back(ensemble_fit *fit) {
  for (int64_t i = 0; fit->trainees != NULL && i < fit->count; i++) {
    sngp_model_free(fit->trainees[i].model);
    sngp_history_free(fit->trainees[i].history);
  }
  sngp_release(fit->trainees);
  pthread_mutex_destroy(&fit->mutex);
}

sngp_status sngp_ensemble_fit_run(sngp_ensemble *ensemble, const sngp_optimizer *optimizer,
                                  const sngp_dataset *training, const sngp_dataset *validation,
                                  const sngp_fit_config *config, sngp_history **histories) {
  /* one shape: what fits member 0 fits all */
  SNGP_TRY(sngp_fit_check_data(ensemble->members[0], training, validation, config));
  ensemble_fit fit = {.optimizer = optimizer,
                      .training = training,
                      .validation = validation,
                      .config = config,
                      .count = ensemble->num_members,
                      .wants_histories = histories != NULL};
  pthread_mutex_init(&fit.mutex, NULL);
  sngp_status status = copy_members(&fit, ensemble);
  if (status == SNGP_OK) status = train_all(&fit);
  if (status == SNGP_OK) take_place(&fit, ensemble, histories);
  give_back(&fit);
  return status;
}
