#include "cli/compare_figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/directory.h"

static const char look[] =
    "set border 3 linewidth 1 linecolor '#404040'\n"
    "set tics out nomirror scale 0.6 textcolor '#404040'\n"
    "set grid linecolor '#e0e0e0' linetype 1 linewidth 1\n"
    "set key left top Left reverse samplen 2.5 spacing 1.2\n";

/* The head of a script, up to where its own settings begin. */
static void begin_script(FILE *stream, const char *name, const char *what, int width, int height) {
  fprintf(stream,
          "# %s In this directory:\n"
          "#   gnuplot %s.gp\n"
          "if (!exists('picture')) picture = '%s.png'\n"
          "set terminal pngcairo size %d, %d font 'Sans,15' background 'white'\n"
          "set output picture\n"
          "%s",
          what, name, name, width, height, look);
}

/* One curve of a plot command, block `index` of the data, and the measure that goes with it. */
static void write_curve(FILE *stream, const cli_compare_line *line, const char *name, int index,
                        const char *columns, const char *style, double measure) {
  fprintf(stream, ", \\\n    '%s.dat' index %d using %s with %s lc rgb '%s' dt %d ", name, index,
          columns, style, line->method->colour, line->method->dash);
  if (isnan(measure)) {
    fputs("notitle", stream);
  } else {
    fprintf(stream, "title '%.4f  %s'", measure, line->method->title);
  }
}

static void write_reliability_data(const void *context, FILE *stream) {
  const cli_compare_figures *figures = context;
  for (int i = 0; i < figures->count; i++) {
    fprintf(stream, "%s# %s: confidence, accuracy, share of the rows\n", i > 0 ? "\n\n" : "",
            figures->lines[i].method->title);
    cli_compare_curves_write_reliability(figures->lines[i].curves, stream);
  }
}

static void write_reliability_script(const void *context, FILE *stream) {
  const cli_compare_figures *figures = context;
  begin_script(stream, "reliability",
               "Reliability: accuracy and mean confidence in 15 bins of the largest probability.",
               1280, 960);
  fputs(
      "# Points grow with the share of the rows in their bin; a few rows say little.\n"
      "size(share) = 0.3 + 1.7 * share ** 0.4\n"
      "few(share) = share < 0.002\n"
      "set xrange [0:1]\n"
      "set lmargin at screen 0.075; set rmargin at screen 0.685\n"
      "set multiplot\n"
      "set bmargin at screen 0.33; set tmargin at screen 0.95\n"
      "set title 'Test rows in 15 bins (above, those with 0.2% of the rows or more)'\n"
      "set yrange [0:1]\n"
      "set ylabel 'accuracy' offset 1, 0\n"
      "set format x ''\n"
      "set key at screen 0.70, 0.96 title 'calibration error, mean of the seeds' left\n"
      "plot x with lines lc rgb '#808080' dt 3 lw 1.5 notitle",
      stream);
  for (int i = 0; i < figures->count; i++) {
    write_curve(stream, &figures->lines[i], "reliability", i, "1:(few($3) ? NaN : $2):(size($3))",
                "linespoints lw 2 pt 7 ps variable", figures->lines[i].ece);
  }
  fputs(
      "\nunset key; unset title\n"
      "set bmargin at screen 0.08; set tmargin at screen 0.29\n"
      "set format x '%g'\n"
      "set xlabel 'confidence: mean of the largest probability in each bin' offset 0, 0.3\n"
      "set ylabel 'share of the rows' offset 1, 0\n"
      "set logscale y\n"
      "set yrange [*<0.1:1]\n"
      "set format y '10^{%T}'\n"
      "plot 1 with lines lc rgb '#e0e0e0' notitle",
      stream);
  for (int i = 0; i < figures->count; i++) {
    write_curve(stream, &figures->lines[i], "reliability", i, "1:3", "linespoints lw 2 pt 7 ps 0.8",
                NAN);
  }
  fputs("\nunset multiplot\nset output\n", stream);
}

static void write_rejection_data(const void *context, FILE *stream) {
  const cli_compare_figures *figures = context;
  for (int i = 0; i < figures->count; i++) {
    fprintf(stream, "%s# %s: coverage, accuracy\n", i > 0 ? "\n\n" : "",
            figures->lines[i].method->title);
    cli_compare_curves_write_rejection(figures->lines[i].curves, stream);
  }
}

/* Where the vertical axis begins: a little below the lowest accuracy. */
static double lowest_accuracy(const cli_compare_figures *figures) {
  const double margin = 0.05, least_room = 0.02;
  double lowest = 1;
  for (int i = 0; i < figures->count; i++) {
    const cli_compare_curves *curves = figures->lines[i].curves;
    for (int j = 0; j < CLI_CURVE_POINTS; j++) {
      lowest = fmin(lowest, curves->accuracy[j] / curves->seeds);
    }
  }
  return fmax(0, fmin(lowest - margin * (1 - lowest), 1 - least_room));
}

static void write_rejection_script(const void *context, FILE *stream) {
  const cli_compare_figures *figures = context;
  begin_script(stream, "rejection",
               "Accuracy of the rows that are kept, where the least sure ones are rejected.", 1280,
               700);
  fprintf(stream,
          "set xrange [1:0]; set yrange [%.3f:1]\n"
          "set xlabel 'coverage: share of the test rows that are kept' offset 0, 0.3\n"
          "set ylabel 'accuracy of the rows that are kept' offset 1, 0\n"
          "set title 'The rows with the largest 1 - max p are rejected first'\n"
          "set lmargin at screen 0.1; set rmargin at screen 0.685\n"
          "set key at screen 0.70, 0.93 title 'accuracy at 80%% coverage' left\n"
          "plot NaN notitle",
          lowest_accuracy(figures));
  for (int i = 0; i < figures->count; i++) {
    write_curve(stream, &figures->lines[i], "rejection", i, "1:2", "lines lw 2.5",
                figures->lines[i].accuracy_at_80);
  }
  fputs("\nset output\n", stream);
}

static bool has_curve(const cli_compare_figures *figures, int roc) {
  for (int i = 0; i < figures->count; i++) {
    if (figures->lines[i].curves->has_roc[roc]) return true;
  }
  return false;
}

static void write_roc_data(const void *context, FILE *stream) {
  static const char *const scores[CLI_NUM_ROC] = {
      [CLI_ROC_MAX_PROBABILITY] = "1 - max p", [CLI_ROC_VARIANCE] = "variance"};
  const cli_compare_figures *figures = context;
  const char *between = "";
  for (int roc = 0; roc < CLI_NUM_ROC; roc++) {
    for (int i = 0; i < figures->count; i++) {
      if (!figures->lines[i].curves->has_roc[roc]) continue;
      fprintf(stream, "%s# %s, by %s: false-positive rate, true-positive rate\n", between,
              figures->lines[i].method->title, scores[roc]);
      cli_compare_curves_write_roc(figures->lines[i].curves, roc, stream);
      between = "\n\n";
    }
  }
}

/* One panel; `index` goes on through the blocks of the data. */
static void write_roc_panel(const cli_compare_figures *figures, int roc, int *index, FILE *stream) {
  fputs("plot x with lines lc rgb '#808080' dt 3 lw 1.5 notitle", stream);
  for (int i = 0; i < figures->count; i++) {
    if (!figures->lines[i].curves->has_roc[roc]) continue;
    write_curve(stream, &figures->lines[i], "roc", (*index)++, "1:2", "lines lw 2.5", NAN);
  }
}

/* As wide as "  0.1234": figure spaces around a dash. */
#define NO_NUMBER "  \u2007\u2007\u2013\u2007\u2007 "

/* The legend of both panels, in the last one: curves without points. */
static void write_roc_legend(const cli_compare_figures *figures, bool both, FILE *stream) {
  for (int i = 0; i < figures->count; i++) {
    const cli_compare_line *line = &figures->lines[i];
    fprintf(stream, ", \\\n    NaN with lines lw 2.5 lc rgb '%s' dt %d title '%.4f",
            line->method->colour, line->method->dash, line->auroc[CLI_ROC_MAX_PROBABILITY]);
    if (both && line->curves->has_roc[CLI_ROC_VARIANCE]) {
      fprintf(stream, "  %.4f", line->auroc[CLI_ROC_VARIANCE]);
    } else if (both) {
      fputs(NO_NUMBER, stream);
    }
    fprintf(stream, "  %s'", line->method->title);
  }
  fputs("\nunset multiplot\nset output\n", stream);
}

static void write_roc_script(const void *context, FILE *stream) {
  const cli_compare_figures *figures = context;
  bool both = has_curve(figures, CLI_ROC_VARIANCE);
  int index = 0;
  begin_script(stream, "roc", "ROC curves: out-of-domain rows told from test rows.",
               both ? 1760 : 1080, 720);
  fprintf(stream,
          "set xrange [0:1]; set yrange [0:1]\n"
          "# A square-root scale: what matters happens near 0.\n"
          "set nonlinear x via sqrt(x) inverse x*x\n"
          "set xtics (0, '0.01' 0.01, '0.05' 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)\n"
          "set samples 400\n"
          "set bmargin at screen 0.12; set tmargin at screen 0.91\n"
          "set xlabel 'false-positive rate (test rows), square-root scale' offset 0, 0.3\n"
          "set ylabel 'true-positive rate (out-of-domain rows)' offset 1, 0\n"
          "set multiplot\n"
          "set key at screen %g, 0.92 title '%s' left\n"
          "set lmargin at screen %g; set rmargin at screen %g\n"
          "set title 'by 1 - max p'\n",
          both ? 0.73 : 0.67, both ? "AUROC by 1 - max p, by variance" : "AUROC",
          both ? 0.054 : 0.1, both ? 0.372 : 0.65);
  if (both) fputs("unset key\n", stream);
  write_roc_panel(figures, CLI_ROC_MAX_PROBABILITY, &index, stream);
  if (both) {
    fputs(
        "\nset key\nset lmargin at screen 0.400; set rmargin at screen 0.718\n"
        "set title 'by the variance'\n"
        "unset ylabel\n"
        "set format y ''\n",
        stream);
    write_roc_panel(figures, CLI_ROC_VARIANCE, &index, stream);
  }
  write_roc_legend(figures, both, stream);
}

static const struct {
  const char *data, *script, *picture;
  void (*write_data)(const void *context, FILE *stream);
  void (*write_script)(const void *context, FILE *stream);
  bool needs_roc;
} pictures[] = {
    {"reliability.dat", "reliability.gp", "reliability.png", write_reliability_data,
     write_reliability_script, false},
    {"rejection.dat", "rejection.gp", "rejection.png", write_rejection_data, write_rejection_script,
     false},
    {"roc.dat", "roc.gp", "roc.png", write_roc_data, write_roc_script, true},
};

enum { NUM_PICTURES = sizeof pictures / sizeof pictures[0] };

cli_gnuplot_result cli_compare_figures_write(const cli_compare_figures *figures,
                                             const char *directory) {
  bool roc = has_curve(figures, CLI_ROC_MAX_PROBABILITY);
  for (int i = 0; i < NUM_PICTURES; i++) {
    if (pictures[i].needs_roc && !roc) { /* those of an earlier comparison would belie this one */
      cli_directory_remove(directory, pictures[i].data);
      cli_directory_remove(directory, pictures[i].script);
      cli_directory_remove(directory, pictures[i].picture);
      continue;
    }
    if (!cli_directory_write(directory, pictures[i].data, pictures[i].write_data, figures) ||
        !cli_directory_write(directory, pictures[i].script, pictures[i].write_script, figures)) {
      return CLI_GNUPLOT_FAILED;
    }
  }
  cli_gnuplot_result result = CLI_GNUPLOT_DRAWN;
  for (int i = 0; i < NUM_PICTURES && result == CLI_GNUPLOT_DRAWN; i++) {
    if (pictures[i].needs_roc && !roc) continue;
    result = cli_gnuplot_draw(directory, pictures[i].script, pictures[i].picture);
  }
  return result;
}
