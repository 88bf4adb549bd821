/* Ctrl-C while training: status 130, and files are as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after these four */
#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/progress.h"
#include "unit/cli/program.h"

/* Far more epochs than could end meanwhile. */
#define TRAIN                                                                                \
  "train --data rows.csv --epochs 16000000 --num-layers 1 --num-hidden 8 --num-features 16 " \
  "--threads 1 --out "
#define COMPARE                                                                  \
  "compare --data rows.csv --seeds 2 --seed 4 --methods sngp --epochs 16000000 " \
  "--num-layers 1 --num-hidden 8 --num-features 16 --threads 1 --out comparison"

static int set_up(void **state) {
  (void)state;
  scratch_folder();
  FILE *file = fopen("rows.csv", "w");
  if (file == NULL) return -1;
  for (int i = 0; i < 40; i++) fprintf(file, "%d.5,%d,%d\n", i, i % 7, i % 2);
  fclose(file);
  signal(SIGINT, SIG_DFL); /* children inherit it where a shell ignored it */
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  remove_scratch((const char *const[]){"rows.csv", "old", "stdout", "stderr", NULL});
  return 0;
}

/* Waits until the first epoch's line shows that training is under way; false: the child ended. */
static bool is_training(pid_t child) {
  const struct timespec moment = {.tv_nsec = 10000000};
  char text[4096];
  while (waitpid(child, NULL, WNOHANG) == 0) {
    FILE *file = fopen("stdout", "r");
    size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) fclose(file);
    text[length] = '\0';
    if (strstr(text, "epoch ") != NULL) return true;
    nanosleep(&moment, NULL);
  }
  return false;
}

static int interrupt(const char *words) {
  unlink("stdout");
  pid_t child = start_program(words, "stdout");
  assert_true(is_training(child));
  kill(child, SIGINT);
  return end_of_program(child);
}

static void no_model_is_written(void **state) {
  (void)state;
  assert_int_equal(interrupt(TRAIN "new"), 130);
  assert_int_not_equal(access("new", F_OK), 0);
}

static void an_older_model_is_kept(void **state) {
  (void)state;
  FILE *file = fopen("old", "w");
  fputs("older", file);
  fclose(file);
  assert_int_equal(interrupt(TRAIN "old"), 130);
  char text[16] = "";
  file = fopen("old", "r");
  assert_int_equal(fread(text, 1, sizeof text - 1, file), 5);
  fclose(file);
  assert_string_equal(text, "older");
}

static void members_of_an_ensemble_end_too(void **state) {
  (void)state;
  assert_int_equal(interrupt("train --method ensemble --members 3 --member-method sngp --data "
                             "rows.csv --epochs 16000000 --num-layers 1 --num-hidden 8 "
                             "--num-features 16 --threads 2 --out new"),
                   130);
  assert_int_not_equal(access("new", F_OK), 0);
}

static void a_comparison_says_how_far_it_came_and_writes_nothing(void **state) {
  (void)state;
  int kept = dup(STDERR_FILENO);
  int file = open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  assert_true(kept >= 0 && file >= 0);
  dup2(file, STDERR_FILENO);
  int status = interrupt(COMPARE);
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(file);
  assert_int_equal(status, 130);
  assert_int_not_equal(access("comparison", F_OK), 0);
  char text[256] = "";
  FILE *said = fopen("stderr", "r");
  assert_non_null(fgets(text, sizeof text, said));
  fclose(said);
  assert_string_equal(text,
                      "sngp: interrupted while training the SNGP of seed 4, after 0 of 2 "
                      "evaluations; nothing was written\n");
}

/* The fit's own callback, as Ctrl-C in this process finds it. */
static void a_direct_fit_is_told_to_end(void **state) {
  (void)state;
  cli_progress progress;
  const sngp_head_fit_progress at = {.struct_size = sizeof at, .step = 1};
  cli_progress_init(&progress, true, false);
  cli_progress_begin(&progress);
  assert_int_equal(cli_progress_head_callback(&at, &progress), 0);
  raise(SIGINT);
  assert_int_equal(cli_progress_head_callback(&at, &progress), 1);
  assert_true(cli_interrupted());
  cli_progress_end(&progress);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_model_is_written),
      cmocka_unit_test(an_older_model_is_kept),
      cmocka_unit_test(members_of_an_ensemble_end_too),
      cmocka_unit_test(a_direct_fit_is_told_to_end),
      cmocka_unit_test(a_comparison_says_how_far_it_came_and_writes_nothing),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
