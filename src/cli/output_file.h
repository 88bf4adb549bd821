/* Files that appear whole or not at all. */
#ifndef SNGP_CLI_OUTPUT_FILE_H
#define SNGP_CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

/* An output being written. Zero it before use. */
typedef struct cli_output {
  FILE *stream;     /* write here */
  const char *name; /* the path as it was given; must stay until the output is closed */
  char *path;       /* where it will appear, links resolved; NULL: standard output */
  char *temporary;  /* where it is written; NULL: in place (a device, a pipe) */
} cli_output;

/* Opens `path`, or standard output for NULL. A regular file is written beside its place, under a
   temporary name; a device or a pipe directly. False: the reason has been reported. */
bool cli_output_open(cli_output *output, const char *path);

/* Puts the file in its place when all of it could be written; otherwise reports why, and leaves
   nothing behind. */
bool cli_output_commit(cli_output *output);

/* Throws away what was written; does nothing to a committed or unopened output. */
void cli_output_discard(cli_output *output);

/* Whether a file could be made or replaced at `path`, without making any; reports why not. */
bool cli_output_check(const char *path);

/* Whether writing to `path` leaves the file `input` alone; reports where both are one regular file,
   whatever their names. NULL for either: nothing is overwritten. */
bool cli_output_spares(const char *path, const char *input);

/* Flushes standard output; false when something did not arrive there, which has been reported. */
bool cli_standard_output_finish(void);

#endif
