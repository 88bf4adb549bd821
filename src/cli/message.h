/* What the program says when something is wrong, and the exit statuses that go with it. */
#ifndef SNGP_CLI_MESSAGE_H
#define SNGP_CLI_MESSAGE_H

#include <stdbool.h>

#include "sngp/status.h"

enum {
  CLI_EXIT_OK = 0,
  CLI_EXIT_FAILURE = 1,
  CLI_EXIT_USAGE = 2,
  CLI_EXIT_INTERRUPTED = 130 /* 128 + SIGINT, as shells report it */
};

/* "sngp: ..." on standard error; returns CLI_EXIT_FAILURE. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the library's message for this thread's last failure. */
int cli_fail_library(void);

/* Whether a call of the library succeeded, which returned this; says why where it did not. */
bool cli_succeeded(sngp_status status);

/* "sngp COMMAND: ..." and where to find help; returns CLI_EXIT_USAGE. */
int cli_fail_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
