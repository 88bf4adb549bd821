/* How many threads this process may use. */
#ifndef SNGP_CLI_THREADS_H
#define SNGP_CLI_THREADS_H

#include <stdint.h>

#include "cli/options.h"

enum { CLI_MAX_THREADS = 1024 };

/* The processors that this process may run on, from 1 to CLI_MAX_THREADS. */
int64_t cli_default_threads(void);

/* The row of an option table for --threads. */
cli_option cli_threads_option(int64_t *target);

#endif
