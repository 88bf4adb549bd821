/* sched_getaffinity is an extension of glibc. */
#define _GNU_SOURCE

#include "cli/threads.h"

#include <sched.h>
#include <unistd.h>

int64_t cli_default_threads(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef CPU_COUNT
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) count = CPU_COUNT(&allowed);
#endif
  if (count < 1) return 1;
  return count > CLI_MAX_THREADS ? CLI_MAX_THREADS : count;
}

cli_option cli_threads_option(int64_t *target) {
  return cli_integer_option("threads", 1, CLI_MAX_THREADS, target,
                            "threads to work with (default: the machine's processors)");
}
