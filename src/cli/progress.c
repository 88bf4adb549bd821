#include "cli/progress.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/clock.h"

enum { KEPT_LINES = 20, DEFAULT_WIDTH = 80, LONGEST_LINE = 200, BAR_WIDTH = 24 };

static const double SECONDS_BETWEEN_DRAWINGS = 0.1;

static atomic_int interrupted; /* read by the threads of a fit too */
static int watching;           /* how many watches have begun and not ended */
static struct sigaction previous_action;

static void note_interrupt(int number) {
  (void)number;
  interrupted = 1;
}

bool cli_interrupted(void) { return interrupted != 0; }

void cli_interrupts_watch(void) {
  if (watching++ > 0) return;
  interrupted = 0;
  struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, NULL, &previous_action);
  /* Ignored is what shells make it for jobs in the background. */
  if (previous_action.sa_handler != SIG_IGN) sigaction(SIGINT, &action, NULL);
}

void cli_interrupts_release(void) {
  if (--watching == 0) sigaction(SIGINT, &previous_action, NULL);
}

void cli_progress_init(cli_progress *progress, bool quiet, bool json) {
  *progress = (cli_progress){.kept_lines = KEPT_LINES};
  if (quiet) return;
  FILE *stream = json ? stderr : stdout;
  progress->terminal = isatty(fileno(stream)) == 1;
  if (progress->terminal || !json) progress->stream = stream;
}

void cli_progress_begin(cli_progress *progress) {
  progress->started = cli_now();
  progress->last_drawn = 0;
  progress->steps_done = 0;
  progress->epochs_done = 0;
  cli_interrupts_watch();
}

static void wipe(cli_progress *progress) {
  if (progress->drawn) fputs("\r\033[K", progress->stream);
  progress->drawn = false;
}

double cli_progress_end(cli_progress *progress) {
  double seconds = cli_now() - progress->started;
  if (progress->stream != NULL) {
    wipe(progress);
    fflush(progress->stream);
  }
  cli_interrupts_release();
  return seconds;
}

static int digits(int64_t number) { return snprintf(NULL, 0, "%" PRId64, number); }

/* Epochs of all members, those to come included. */
static int64_t all_epochs(const sngp_fit_progress *progress) {
  return progress->num_epochs * progress->num_members;
}

/* About kept_lines epochs leave a line, the first and the last among them. */
static bool leaves_a_line(const cli_progress *state, const sngp_fit_progress *progress) {
  int64_t all = all_epochs(progress), epoch = state->epochs_done;
  int64_t every = (all + state->kept_lines - 1) / state->kept_lines;
  return epoch == 1 || epoch == all || epoch % every == 0;
}

/* A regression has no accuracy. */
static void print_measures(FILE *stream, const char *of, double loss, double accuracy) {
  fprintf(stream, "  %sloss %.4f", of, loss);
  if (!isnan(accuracy)) fprintf(stream, "  %saccuracy %.4f", of, accuracy);
}

static void print_epoch(const cli_progress *state, const sngp_fit_progress *progress) {
  int64_t all = all_epochs(progress), members = progress->num_members;
  fprintf(state->stream, "epoch %*" PRId64 "/%" PRId64, digits(all), state->epochs_done, all);
  if (members > 1) {
    fprintf(state->stream, "  member %*" PRId64 "/%" PRId64, digits(members), progress->member + 1,
            members);
  }
  print_measures(state->stream, "", progress->loss, progress->accuracy);
  if (isfinite(progress->validation_loss)) {
    print_measures(state->stream, "val ", progress->validation_loss, progress->validation_accuracy);
  }
  putc('\n', state->stream);
  fflush(state->stream);
}

static int terminal_width(FILE *stream) {
  struct winsize size;
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return DEFAULT_WIDTH;
  return size.ws_col < LONGEST_LINE ? size.ws_col : LONGEST_LINE;
}

static void print_time(char *text, size_t size, double seconds) {
  int64_t whole = (int64_t)(seconds + 0.5);
  if (whole >= 3600) {
    snprintf(text, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600, whole / 60 % 60,
             whole % 60);
  } else {
    snprintf(text, size, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
  }
}

/* The bar fills over one epoch where each leaves a line, over the whole fit where they are many. */
static void draw(cli_progress *state, const sngp_fit_progress *progress, double time) {
  int64_t all = all_epochs(progress);
  int64_t epoch = state->epochs_done < all ? state->epochs_done + 1 : all;
  double done = (double)state->steps_done / ((double)progress->steps_per_epoch * (double)all);
  double in_epoch = (double)progress->step / (double)progress->steps_per_epoch;
  double elapsed = time - state->started;
  bool one_epoch = progress->num_members == 1 && all <= state->kept_lines;
  char bar[BAR_WIDTH + 1], accuracy[32] = "", remaining[32], line[LONGEST_LINE];
  int filled = (int)((one_epoch ? in_epoch : done) * BAR_WIDTH);
  memset(bar, '.', BAR_WIDTH);
  memset(bar, '=', (size_t)filled);
  if (filled < BAR_WIDTH) bar[filled] = '>';
  bar[BAR_WIDTH] = '\0';
  print_time(remaining, sizeof remaining, elapsed * (1 - done) / done);
  if (!isnan(progress->accuracy))
    snprintf(accuracy, sizeof accuracy, "  accuracy %.4f", progress->accuracy);
  snprintf(line, sizeof line, "epoch %*" PRId64 "/%" PRId64 " [%s] loss %.4f%s  ETA %s",
           digits(all), epoch, all, bar, progress->loss, accuracy, remaining);
  fprintf(state->stream, "\r%.*s\033[K", terminal_width(state->stream) - 1, line);
  fflush(state->stream);
  state->last_drawn = time;
  state->drawn = true;
}

int32_t cli_progress_callback(const sngp_fit_progress *progress, void *context) {
  cli_progress *state = context;
  bool epoch_ended = progress->event == SNGP_EVENT_EPOCH;
  if (epoch_ended) {
    state->epochs_done++;
  } else {
    state->steps_done++;
  }
  if (interrupted) return 1;
  if (state->stream == NULL) return 0;
  if (epoch_ended && leaves_a_line(state, progress)) {
    wipe(state);
    print_epoch(state, progress);
    return 0;
  }
  if (!state->terminal) return 0;
  double time = cli_now();
  if (time - state->last_drawn >= SECONDS_BETWEEN_DRAWINGS) draw(state, progress, time);
  return 0;
}

int32_t cli_progress_head_callback(const sngp_head_fit_progress *progress, void *context) {
  cli_progress *state = context;
  if (interrupted) return 1;
  double time = cli_now();
  if (!state->terminal || time - state->last_drawn < SECONDS_BETWEEN_DRAWINGS) return 0;
  const char *stage = progress->stage == SNGP_HEAD_STAGE_SELECTION ? "choosing, criterion"
                      : progress->stage == SNGP_HEAD_STAGE_ROWS    ? "adding up, rows"
                                                                   : "solving, objective";
  fprintf(state->stream, "\rstep %" PRId64 "  %s %.6g\033[K", progress->step, stage,
          progress->value);
  fflush(state->stream);
  state->last_drawn = time;
  state->drawn = true;
  return 0;
}

cli_option cli_json_option(bool *target) {
  return cli_flag_option("json", target,
                         "print one JSON document and nothing else on standard output");
}

cli_option cli_quiet_option(bool *target) {
  return cli_flag_option("quiet", target, "no progress and no words when all goes well");
}
