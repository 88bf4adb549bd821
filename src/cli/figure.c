#include "cli/figure.h"

#include <stdio.h>

#include "cli/directory.h"
#include "cli/figure_script.h"

static void write_points(FILE *stream, const sngp_dataset *points, int32_t label) {
  const int32_t *labels = sngp_dataset_labels(points);
  const float *x = sngp_dataset_features(points);
  int64_t stride = sngp_dataset_row_stride(points);
  for (int64_t i = 0; i < sngp_dataset_rows(points); i++) {
    if (labels != NULL && labels[i] != label) continue;
    fprintf(stream, "%.9g %.9g\n", (double)x[i * stride], (double)x[i * stride + 1]);
  }
}

static void write_all_points(const void *context, FILE *stream) {
  const cli_figure *figure = context;
  fputs("# x y: training points of class 0\n", stream);
  write_points(stream, figure->training, 0);
  fputs("\n\n# training points of class 1\n", stream);
  write_points(stream, figure->training, 1);
  fputs("\n\n# out-of-domain points\n", stream);
  write_points(stream, figure->out_of_domain, 0);
}

static void write_surface(const void *context, FILE *stream) {
  const cli_figure *figure = context;
  const float *x = sngp_dataset_features(figure->grid);
  int64_t stride = sngp_dataset_row_stride(figure->grid);
  fputs("# x y, probability of class 0: deterministic, MC dropout, ensemble, SNGP (mean field)\n",
        stream);
  for (int64_t i = 0; i < sngp_dataset_rows(figure->grid); i++) {
    fprintf(stream, "%.9g %.9g", (double)x[i * stride], (double)x[i * stride + 1]);
    for (int k = 0; k < CLI_FIGURE_METHODS; k++) {
      fprintf(stream, " %.9g", (double)figure->surfaces[k][i]);
    }
    putc('\n', stream);
    /* gnuplot takes a blank line as the end of a line of the grid. */
    if (i % CLI_FIGURE_RESOLUTION == CLI_FIGURE_RESOLUTION - 1) putc('\n', stream);
  }
}

static void write_script(const void *context, FILE *stream) {
  const cli_figure *figure = context;
  fputs(cli_figure_script_head, stream);
  for (int k = 0; k < CLI_FIGURE_METHODS; k++) {
    fprintf(stream, "%s%.4f", k == 0 ? "array max_p[4] = [" : ", ", figure->max_probabilities[k]);
  }
  fputs("]\n", stream);
  fputs(cli_figure_script, stream);
}

cli_gnuplot_result cli_figure_write(const cli_figure *figure, const char *directory) {
  if (!cli_directory_write(directory, "two_moons_points.dat", write_all_points, figure) ||
      !cli_directory_write(directory, "two_moons_surface.dat", write_surface, figure) ||
      !cli_directory_write(directory, CLI_FIGURE_SCRIPT, write_script, figure)) {
    return CLI_GNUPLOT_FAILED;
  }
  return cli_gnuplot_draw(directory, CLI_FIGURE_SCRIPT, CLI_FIGURE_PICTURE);
}
