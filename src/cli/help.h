/* The help texts, laid out from the tables of options. */
#ifndef SNGP_CLI_HELP_H
#define SNGP_CLI_HELP_H

#include "cli/options.h"

/* Prints a command's help on standard output. */
void cli_help_print(const cli_command *command);

#endif
