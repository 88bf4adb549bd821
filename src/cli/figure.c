#include "cli/figure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/figure_script.h"
#include "cli/message.h"
#include "cli/output_file.h"

/* What the child's exit status says when there is no gnuplot, as in shells. */
enum { EXIT_NOT_FOUND = 127, EXIT_NO_DIRECTORY = 126 };

#define UNFINISHED_PICTURE ".two_moons.png.tmp"

static char *path_in(const char *directory, const char *name) {
  size_t size = strlen(directory) + strlen(name) + 2;
  char *path = malloc(size);
  if (path == NULL) {
    cli_fail("out of memory for a path");
    return NULL;
  }
  snprintf(path, size, "%s/%s", directory, name);
  return path;
}

static void write_points(FILE *stream, const sngp_dataset *points, int32_t label) {
  const int32_t *labels = sngp_dataset_labels(points);
  const float *x = sngp_dataset_features(points);
  int64_t stride = sngp_dataset_row_stride(points);
  for (int64_t i = 0; i < sngp_dataset_rows(points); i++) {
    if (labels != NULL && labels[i] != label) continue;
    fprintf(stream, "%.9g %.9g\n", (double)x[i * stride], (double)x[i * stride + 1]);
  }
}

static void write_all_points(const cli_figure *figure, FILE *stream) {
  fputs("# x y: training points of class 0\n", stream);
  write_points(stream, figure->training, 0);
  fputs("\n\n# training points of class 1\n", stream);
  write_points(stream, figure->training, 1);
  fputs("\n\n# out-of-domain points\n", stream);
  write_points(stream, figure->out_of_domain, 0);
}

static void write_surface(const cli_figure *figure, FILE *stream) {
  const float *x = sngp_dataset_features(figure->grid);
  int64_t stride = sngp_dataset_row_stride(figure->grid);
  fputs("# x y, probability of class 0: deterministic, SNGP (mean field)\n", stream);
  for (int64_t i = 0; i < sngp_dataset_rows(figure->grid); i++) {
    fprintf(stream, "%.9g %.9g %.9g %.9g\n", (double)x[i * stride], (double)x[i * stride + 1],
            (double)figure->deterministic[i], (double)figure->sngp[i]);
    /* gnuplot takes a blank line as the end of a line of the grid. */
    if (i % CLI_FIGURE_RESOLUTION == CLI_FIGURE_RESOLUTION - 1) putc('\n', stream);
  }
}

static void write_script(const cli_figure *figure, FILE *stream) {
  (void)figure;
  fputs(cli_figure_script, stream);
}

/* Writes one file of the directory, whole or not at all. */
static bool write_file(const cli_figure *figure, const char *directory, const char *name,
                       void (*write_contents)(const cli_figure *figure, FILE *stream)) {
  char *path = path_in(directory, name);
  if (path == NULL) return false;
  cli_output output;
  bool good = cli_output_open(&output, path);
  if (good) {
    write_contents(figure, output.stream);
    good = cli_output_commit(&output);
  }
  free(path);
  return good;
}

/* In the child: becomes gnuplot in the directory. */
static void become_gnuplot(const char *directory) {
  char program[] = "gnuplot", set[] = "-e", script[] = CLI_FIGURE_SCRIPT;
  char picture[] = "picture = '" UNFINISHED_PICTURE "'";
  char *const arguments[] = {program, set, picture, script, NULL};
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  /* Standard output is this program's own: what gnuplot has to say is an error. */
  dup2(STDERR_FILENO, STDOUT_FILENO);
  if (chdir(directory) != 0) _exit(EXIT_NO_DIRECTORY);
  execvp(program, arguments);
  _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NO_DIRECTORY);
}

/* Runs gnuplot; its exit status, or -1 when it could not be started or was killed. */
static int run_gnuplot(const char *directory) {
  fflush(stdout);
  fflush(stderr);
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) become_gnuplot(directory);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The unfinished picture takes its place when gnuplot made one. */
static cli_figure_result finish_picture(const char *directory, int status) {
  char *unfinished = path_in(directory, UNFINISHED_PICTURE);
  char *picture = path_in(directory, CLI_FIGURE_PICTURE);
  cli_figure_result result = CLI_FIGURE_FAILED;
  struct stat information;
  if (unfinished == NULL || picture == NULL) goto done;
  if (status == EXIT_NOT_FOUND) {
    result = CLI_FIGURE_NO_GNUPLOT;
  } else if (status != 0 || stat(unfinished, &information) != 0 || information.st_size == 0) {
    cli_fail("gnuplot could not draw %s (exit status %d); its script is %s/%s", picture, status,
             directory, CLI_FIGURE_SCRIPT);
  } else if (rename(unfinished, picture) != 0) {
    cli_fail("cannot write %s: %s", picture, strerror(errno));
  } else {
    result = CLI_FIGURE_DRAWN;
  }
  if (result != CLI_FIGURE_DRAWN) unlink(unfinished);
done:
  free(picture);
  free(unfinished);
  return result;
}

cli_figure_result cli_figure_write(const cli_figure *figure, const char *directory) {
  if (!write_file(figure, directory, "two_moons_points.dat", write_all_points) ||
      !write_file(figure, directory, "two_moons_surface.dat", write_surface) ||
      !write_file(figure, directory, CLI_FIGURE_SCRIPT, write_script)) {
    return CLI_FIGURE_FAILED;
  }
  return finish_picture(directory, run_gnuplot(directory));
}
