/* The library's own threads: a pool that runs one function over task indices. */
#ifndef SNGP_BASE_PARALLEL_H
#define SNGP_BASE_PARALLEL_H

#include "base/status.h"

typedef struct sngp_pool sngp_pool;

/* A task: `index` in [0, count). Tasks must not depend on each other. */
typedef void (*sngp_task)(void *context, int index);

/* A pool of num_threads threads, the caller's among them (so 1 starts none). */
sngp_status sngp_pool_create(int num_threads, sngp_pool **pool);
void sngp_pool_free(sngp_pool *pool);
int sngp_pool_num_threads(const sngp_pool *pool);

/* Runs task(context, 0 ... count - 1) and returns when all are done. Task i runs on thread
   i % num_threads, so what a task computes does not depend on timing. One call at a time. */
void sngp_pool_run(sngp_pool *pool, sngp_task task, void *context, int count);

/* Contiguous share of [0, total) for slice `index` of `count`: sizes differ by one at most. */
void sngp_slice(int64_t total, int index, int count, int64_t *begin, int64_t *end);

#endif
