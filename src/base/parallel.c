#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/memory.h"

/* A step of training hands work out several times within a millisecond. A thread that sleeps in
   between is often woken on the processor of the one that wakes it, and the two then run in turn;
   so a waiting thread keeps looking for about half a millisecond, and lets others run meanwhile,
   before it sleeps. */
enum { LOOKS_BEFORE_SLEEP = 400, PAUSES_BETWEEN_LOOKS = 32 };

typedef struct {
  sngp_pool *pool;
  pthread_t thread;
  int index;
} worker;

struct sngp_pool {
  int num_threads;
  int num_started; /* workers: threads 1 ... num_started */
  worker *workers;
  sngp_task task;
  void *context;
  int count;
  atomic_uint generation; /* grows with each run; workers wait for it */
  atomic_int pending;     /* workers that have not finished this run */
  atomic_bool stop;
  pthread_mutex_t mutex; /* for sleeping only */
  pthread_cond_t started;
  pthread_cond_t finished;
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Between two looks. */
static void linger(void) {
  for (int i = 0; i < PAUSES_BETWEEN_LOOKS; i++) relax();
  sched_yield();
}

static void run_share(sngp_pool *pool, int thread) {
  for (int i = thread; i < pool->count; i += pool->num_threads) pool->task(pool->context, i);
}

static void wait_for_generation(sngp_pool *pool, unsigned last) {
  for (int i = 0; i < LOOKS_BEFORE_SLEEP; i++) {
    if (atomic_load(&pool->generation) != last) return;
    linger();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load(&pool->generation) == last) pthread_cond_wait(&pool->started, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *argument) {
  worker *self = argument;
  sngp_pool *pool = self->pool;
  for (unsigned generation = 0;; generation++) {
    wait_for_generation(pool, generation);
    if (atomic_load(&pool->stop)) return NULL;
    run_share(pool, self->index);
    if (atomic_fetch_sub(&pool->pending, 1) == 1) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

static void announce(sngp_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->generation, 1);
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->mutex);
}

/* Signals are the host's: the pool's threads take none but those for faults of their own, which
   would end the process past the host's handler where they are blocked. */
static int start_worker(worker *self) {
  static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  sigset_t blocked, old;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) sigdelset(&blocked, FAULTS[i]);
  pthread_sigmask(SIG_SETMASK, &blocked, &old);
  int error = pthread_create(&self->thread, NULL, work, self);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return error;
}

sngp_status sngp_pool_create(int num_threads, sngp_pool **out) {
  *out = NULL;
  sngp_pool *pool = sngp_allocate(1, sizeof *pool);
  if (pool == NULL) return sngp_fail_memory("a thread pool");
  pool->num_threads = num_threads;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->started, NULL);
  pthread_cond_init(&pool->finished, NULL);
  pool->workers = sngp_allocate((size_t)num_threads, sizeof *pool->workers);
  if (pool->workers == NULL) {
    sngp_pool_free(pool);
    return sngp_fail_memory("a thread pool");
  }
  for (int i = 1; i < num_threads; i++) {
    pool->workers[i] = (worker){.pool = pool, .index = i};
    if (start_worker(&pool->workers[i]) != 0) {
      sngp_pool_free(pool);
      return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "could not start thread %d of %d", i + 1,
                       num_threads);
    }
    pool->num_started = i;
  }
  *out = pool;
  return SNGP_OK;
}

void sngp_pool_free(sngp_pool *pool) {
  if (pool == NULL) return;
  atomic_store(&pool->stop, true);
  announce(pool);
  for (int i = 1; i <= pool->num_started; i++) pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->started);
  pthread_mutex_destroy(&pool->mutex);
  sngp_release(pool->workers);
  sngp_release(pool);
}

int sngp_pool_num_threads(const sngp_pool *pool) { return pool->num_threads; }

void sngp_pool_run(sngp_pool *pool, sngp_task task, void *context, int count) {
  if (pool->num_threads == 1 || count <= 1) {
    for (int i = 0; i < count; i++) task(context, i);
    return;
  }
  pool->task = task;
  pool->context = context;
  pool->count = count;
  atomic_store(&pool->pending, pool->num_threads - 1);
  announce(pool);
  run_share(pool, 0);
  for (int i = 0; i < LOOKS_BEFORE_SLEEP; i++) {
    if (atomic_load(&pool->pending) == 0) return;
    linger();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load(&pool->pending) != 0) pthread_cond_wait(&pool->finished, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

void sngp_slice(int64_t total, int index, int count, int64_t *begin, int64_t *end) {
  int64_t each = total / count, rest = total % count;
  *begin = index * each + (index < rest ? index : rest);
  *end = *begin + each + (index < rest ? 1 : 0);
}
