/* The progress of a fit: a bar on a terminal, plain lines elsewhere; and Ctrl-C. */
#ifndef SNGP_CLI_PROGRESS_H
#define SNGP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"
#include "sngp/head.h"
#include "sngp/train.h"

typedef struct cli_progress {
  FILE *stream;       /* NULL: show nothing */
  bool terminal;      /* a bar that is drawn again and again */
  int64_t kept_lines; /* about so many epochs leave a line; 20 unless it is changed */
  int64_t steps_done;
  int64_t epochs_done; /* since the begin, of all members of an ensemble */
  double started;
  double last_drawn;
  bool drawn; /* a bar stands on the current line */
} cli_progress;

/* Where progress goes: nowhere when quiet; with JSON on standard output only to a terminal on
   standard error; else to standard output. */
void cli_progress_init(cli_progress *progress, bool quiet, bool json);

/* Starts the clock, and takes SIGINT: the first one makes the callback cancel, a second one ends
   the program. */
void cli_progress_begin(cli_progress *progress);

/* Wipes an unfinished bar and gives SIGINT back. Returns the seconds since cli_progress_begin(). */
double cli_progress_end(cli_progress *progress);

/* A sngp_fit_callback; its context is the cli_progress. The members of an ensemble count as one
   long fit. */
int32_t cli_progress_callback(const sngp_fit_progress *progress, void *context);

/* A sngp_head_fit_callback; its context is the cli_progress. It shows what is done now, on a
   terminal only. */
int32_t cli_progress_head_callback(const sngp_head_fit_progress *progress, void *context);

/* Takes SIGINT from the watch to the release, as a fit does from begin to end; a fit within leaves
   it taken. */
void cli_interrupts_watch(void);
void cli_interrupts_release(void);

/* Whether SIGINT came within the last watch. */
bool cli_interrupted(void);

/* The rows of an option table for --json and --quiet, of commands that show progress. */
cli_option cli_json_option(bool *target);
cli_option cli_quiet_option(bool *target);

#endif
