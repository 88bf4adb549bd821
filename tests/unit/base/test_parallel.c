/* The thread pool and the slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/parallel.h"
#include "support/check.h"

enum { MOST = 70, MOST_THREADS = 8 };

/* Each task counts in its own place: no atomics, so that the thread sanitizer sees it when the pool
   does not order what tasks and caller do. */
typedef struct {
  int times[MOST];
  pthread_t thread[MOST];
} record;

static void note(void *context, int index) {
  record *all = context;
  all->times[index]++;
  all->thread[index] = pthread_self();
}

static sngp_pool *pool_of(int num_threads) {
  sngp_pool *pool = NULL;
  assert_ok(sngp_pool_create(num_threads, &pool));
  assert_int_equal(sngp_pool_num_threads(pool), num_threads);
  return pool;
}

/* Thread i % num_threads, the caller's being number 0. */
static void check_run(sngp_pool *pool, int num_threads, int count) {
  record all = {.times = {0}};
  sngp_pool_run(pool, note, &all, count);
  for (int i = 0; i < MOST; i++) assert_int_equal(all.times[i], i < count);
  for (int i = 0; i < count; i++) {
    int own_thread = num_threads == 1 || count <= 1 ? 0 : i % num_threads;
    assert_int_equal(pthread_equal(all.thread[i], pthread_self()) != 0, own_thread == 0);
    if (i >= num_threads && count > 1)
      assert_true(pthread_equal(all.thread[i], all.thread[i - num_threads]));
  }
}

static void every_index_runs_once_on_its_thread(void **state) {
  (void)state;
  for (int threads = 1; threads <= MOST_THREADS; threads++) {
    sngp_pool *pool = pool_of(threads);
    for (int count = 0; count <= MOST; count++) check_run(pool, threads, count);
    sngp_pool_free(pool);
  }
}

static void a_pool_runs_thousands_of_times(void **state) {
  (void)state;
  for (int threads = 2; threads <= 3; threads++) {
    sngp_pool *pool = pool_of(threads);
    for (int run = 0; run < 3000; run++) check_run(pool, threads, run % 9);
    sngp_pool_free(pool);
  }
}

/* Pauses are long enough for the workers to fall asleep; they must wake up again. */
static void sleeping_workers_wake_up(void **state) {
  (void)state;
  const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
  sngp_pool *pool = pool_of(3);
  for (int run = 0; run < 10; run++) {
    nanosleep(&pause, NULL);
    check_run(pool, 3, 7);
  }
  sngp_pool_free(pool);
}

/* The caller falls asleep too, while a worker's task goes on. */
static void nap(void *context, int index) {
  const struct timespec pause = {.tv_nsec = index == 1 ? 20 * 1000 * 1000 : 0};
  nanosleep(&pause, NULL);
  note(context, index);
}

static void a_sleeping_caller_wakes_up(void **state) {
  (void)state;
  sngp_pool *pool = pool_of(2);
  for (int run = 0; run < 10; run++) {
    record all = {.times = {0}};
    sngp_pool_run(pool, nap, &all, 2);
    assert_int_equal(all.times[0] + all.times[1], 2);
  }
  sngp_pool_free(pool);
}

static void pools_come_and_go(void **state) {
  (void)state;
  for (int i = 0; i < 200; i++) {
    sngp_pool *pool = pool_of(1 + i % 4);
    if (i % 2) check_run(pool, 1 + i % 4, 5);
    sngp_pool_free(pool);
  }
  sngp_pool_free(NULL);
}

static void look_at_signals(void *context, int index) {
  int *blocked = context;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  blocked[index] = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGUSR1);
  if (sigismember(&mask, SIGSEGV) || sigismember(&mask, SIGFPE)) blocked[index] = -1;
}

/* A fault of a worker's own goes to the host's handler all the same. */
static void workers_take_no_signals_and_the_caller_keeps_its_own(void **state) {
  (void)state;
  int blocked[3];
  sngp_pool *pool = pool_of(3);
  sngp_pool_run(pool, look_at_signals, blocked, 3);
  sngp_pool_free(pool);
  assert_int_equal(blocked[0], 0);
  assert_int_equal(blocked[1] + blocked[2], 2);
}

static void slices_cover_the_whole_and_differ_by_one_at_most(void **state) {
  (void)state;
  for (int64_t total = 0; total <= 40; total++)
    for (int count = 1; count <= 12; count++) {
      int64_t next = 0;
      for (int i = 0; i < count; i++) {
        int64_t begin = -1, end = -1;
        sngp_slice(total, i, count, &begin, &end);
        assert_int_equal(begin, next);
        assert_in_range(end - begin, total / count, (total + count - 1) / count);
        next = end;
      }
      assert_int_equal(next, total);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_index_runs_once_on_its_thread),
      cmocka_unit_test(a_pool_runs_thousands_of_times),
      cmocka_unit_test(sleeping_workers_wake_up),
      cmocka_unit_test(a_sleeping_caller_wakes_up),
      cmocka_unit_test(pools_come_and_go),
      cmocka_unit_test(workers_take_no_signals_and_the_caller_keeps_its_own),
      cmocka_unit_test(slices_cover_the_whole_and_differ_by_one_at_most),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
