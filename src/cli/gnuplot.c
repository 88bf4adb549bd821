#include "cli/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/directory.h"
#include "cli/message.h"

/* What the child's exit status says when there is no gnuplot, as in shells. */
enum { EXIT_NOT_FOUND = 127, EXIT_NO_DIRECTORY = 126 };

enum { LONGEST_NAME = 80 };

/* In the child: becomes gnuplot in the directory. */
static void become_gnuplot(const char *directory, const char *script, const char *unfinished) {
  char program[] = "gnuplot", set[] = "-e", picture[LONGEST_NAME + 16], name[LONGEST_NAME];
  snprintf(picture, sizeof picture, "picture = '%s'", unfinished);
  snprintf(name, sizeof name, "%s", script);
  char *const arguments[] = {program, set, picture, name, NULL};
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  /* Standard output is this program's own: what gnuplot has to say is an error. */
  dup2(STDERR_FILENO, STDOUT_FILENO);
  if (chdir(directory) != 0) _exit(EXIT_NO_DIRECTORY);
  execvp(program, arguments);
  _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NO_DIRECTORY);
}

/* Runs gnuplot; its exit status, or -1 when it could not be started or was killed. */
static int run_gnuplot(const char *directory, const char *script, const char *unfinished) {
  fflush(stdout);
  fflush(stderr);
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) become_gnuplot(directory, script, unfinished);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Whether a PNG is whole: gnuplot does not notice when the disk is full. Its last chunk is IEND. */
static bool is_whole(const char *path) {
  static const char LAST[] = {'I', 'E', 'N', 'D', '\xae', 'B', '`', '\x82'};
  char end[sizeof LAST];
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  bool whole = fseek(file, -(long)sizeof end, SEEK_END) == 0 &&
               fread(end, 1, sizeof end, file) == sizeof end && memcmp(end, LAST, sizeof end) == 0;
  fclose(file);
  return whole;
}

cli_gnuplot_result cli_gnuplot_draw(const char *directory, const char *script,
                                    const char *picture) {
  char temporary[LONGEST_NAME];
  snprintf(temporary, sizeof temporary, ".%s.tmp", picture);
  char *unfinished = cli_directory_path(directory, temporary);
  char *finished = cli_directory_path(directory, picture);
  cli_gnuplot_result result = CLI_GNUPLOT_FAILED;
  if (unfinished == NULL || finished == NULL) goto done;
  int status = run_gnuplot(directory, script, temporary);
  if (status == EXIT_NOT_FOUND) {
    result = CLI_GNUPLOT_MISSING;
  } else if (status != 0) {
    cli_fail("gnuplot could not draw %s (exit status %d); its script is %s/%s", finished, status,
             directory, script);
  } else if (!is_whole(unfinished)) {
    cli_fail("gnuplot could not write all of %s: is the disk full?", finished);
  } else if (rename(unfinished, finished) != 0) {
    cli_fail("cannot write %s: %s", finished, strerror(errno));
  } else {
    result = CLI_GNUPLOT_DRAWN;
  }
  if (result != CLI_GNUPLOT_DRAWN) unlink(unfinished);
done:
  free(finished);
  free(unfinished);
  return result;
}
