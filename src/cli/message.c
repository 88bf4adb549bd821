#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>

int cli_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("sngp: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return CLI_EXIT_FAILURE;
}

int cli_fail_library(void) { return cli_fail("%s", sngp_last_error()); }

bool cli_succeeded(sngp_status status) {
  if (status != SNGP_OK) cli_fail_library();
  return status == SNGP_OK;
}

int cli_fail_usage(const char *command, const char *format, ...) {
  const char *space = command[0] == '\0' ? "" : " ";
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "sngp%s%s: ", space, command);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\nTry 'sngp%s%s --help'.\n", space, command);
  va_end(arguments);
  return CLI_EXIT_USAGE;
}
