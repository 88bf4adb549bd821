#include "cli/progress.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/clock.h"

enum { KEPT_LINES = 20, DEFAULT_WIDTH = 80, LONGEST_LINE = 200, BAR_WIDTH = 24 };

static const double SECONDS_BETWEEN_DRAWINGS = 0.1;

static volatile sig_atomic_t interrupted;
static int watching; /* how many watches have begun and not ended */
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
  progress->steps = 0;
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

/* About kept_lines epochs leave a line, the first and the last among them. */
static bool leaves_a_line(const cli_progress *state, const sngp_fit_progress *progress) {
  int64_t every = (progress->num_epochs + state->kept_lines - 1) / state->kept_lines;
  return progress->epoch == 1 || progress->epoch == progress->num_epochs ||
         progress->epoch % every == 0;
}

static void print_epoch(const sngp_fit_progress *progress, FILE *stream) {
  fprintf(stream, "epoch %*" PRId64 "/%" PRId64 "  loss %.4f  accuracy %.4f",
          digits(progress->num_epochs), progress->epoch, progress->num_epochs, progress->loss,
          progress->accuracy);
  if (isfinite(progress->validation_loss)) {
    fprintf(stream, "  val loss %.4f  val accuracy %.4f", progress->validation_loss,
            progress->validation_accuracy);
  }
  putc('\n', stream);
  fflush(stream);
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

/* A bar that is filled to `share`; then the loss and the time that is left when `done` of all is
   done. */
static void draw(cli_progress *state, const char *heading, double share, double done,
                 const sngp_fit_progress *progress, double time) {
  double elapsed = time - state->started;
  char bar[BAR_WIDTH + 1], remaining[32], line[LONGEST_LINE];
  int filled = (int)(share * BAR_WIDTH);
  memset(bar, '.', BAR_WIDTH);
  memset(bar, '=', (size_t)filled);
  if (filled < BAR_WIDTH) bar[filled] = '>';
  bar[BAR_WIDTH] = '\0';
  print_time(remaining, sizeof remaining, elapsed * (1 - done) / done);
  snprintf(line, sizeof line, "%s [%s] loss %.4f  accuracy %.4f  ETA %s", heading, bar,
           progress->loss, progress->accuracy, remaining);
  fprintf(state->stream, "\r%.*s\033[K", terminal_width(state->stream) - 1, line);
  fflush(state->stream);
  state->last_drawn = time;
  state->drawn = true;
}

/* The bar fills over one epoch where each leaves a line, over the whole fit where they are many. */
static void draw_model(cli_progress *state, const sngp_fit_progress *progress, double time) {
  double in_epoch = (double)progress->step / (double)progress->steps_per_epoch;
  double done = ((double)(progress->epoch - 1) + in_epoch) / (double)progress->num_epochs;
  char heading[64];
  snprintf(heading, sizeof heading, "epoch %*" PRId64 "/%" PRId64, digits(progress->num_epochs),
           progress->epoch, progress->num_epochs);
  draw(state, heading, progress->num_epochs <= state->kept_lines ? in_epoch : done, done, progress,
       time);
}

static void draw_ensemble(cli_progress *state, const sngp_fit_progress *progress, double time) {
  double done = (double)state->steps /
                (double)(progress->num_members * progress->num_epochs * progress->steps_per_epoch);
  char heading[64];
  snprintf(heading, sizeof heading, "%" PRId64 " members", progress->num_members);
  draw(state, heading, done, done, progress, time);
}

/* Members are trained side by side: a line when one is done. */
static bool ends_a_member(const sngp_fit_progress *progress) {
  return progress->event == SNGP_EVENT_EPOCH && progress->epoch == progress->num_epochs;
}

static void print_member(const sngp_fit_progress *progress, FILE *stream) {
  fprintf(stream, "member %*" PRId64 "/%" PRId64 "  loss %.4f  accuracy %.4f\n",
          digits(progress->num_members), progress->member + 1, progress->num_members,
          progress->loss, progress->accuracy);
  fflush(stream);
}

int32_t cli_progress_callback(const sngp_fit_progress *progress, void *context) {
  cli_progress *state = context;
  bool ensemble = progress->num_members > 1;
  if (interrupted) return 1;
  if (state->stream == NULL) return 0;
  if (progress->event == SNGP_EVENT_STEP) state->steps++;
  if (ensemble && ends_a_member(progress)) {
    wipe(state);
    print_member(progress, state->stream);
    return 0;
  }
  if (!ensemble && progress->event == SNGP_EVENT_EPOCH && leaves_a_line(state, progress)) {
    wipe(state);
    print_epoch(progress, state->stream);
    return 0;
  }
  if (!state->terminal) return 0;
  double time = cli_now();
  if (time - state->last_drawn < SECONDS_BETWEEN_DRAWINGS) return 0;
  if (ensemble) {
    draw_ensemble(state, progress, time);
  } else {
    draw_model(state, progress, time);
  }
  return 0;
}

cli_option cli_json_option(bool *target) {
  return (cli_option){.name = "json",
                      .kind = CLI_KIND_FLAG,
                      .target = target,
                      .help = "print one JSON document and nothing else on standard output"};
}

cli_option cli_quiet_option(bool *target) {
  return (cli_option){.name = "quiet",
                      .kind = CLI_KIND_FLAG,
                      .target = target,
                      .help = "no progress and no words when all goes well"};
}
