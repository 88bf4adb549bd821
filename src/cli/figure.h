/* The picture of the two moons: data, a gnuplot script and, where gnuplot is found, the PNG. */
#ifndef SNGP_CLI_FIGURE_H
#define SNGP_CLI_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/gnuplot.h"
#include "sngp/dataset.h"

/* The tutorial's grid and plotting range. */
#define CLI_FIGURE_X 3.5
#define CLI_FIGURE_Y 2.5
enum { CLI_FIGURE_RESOLUTION = 100 };

/* Deterministic network, Monte Carlo dropout, deep ensemble, SNGP. */
enum { CLI_FIGURE_METHODS = 4 };

typedef struct cli_figure {
  const sngp_dataset *training; /* labels 0 and 1 */
  const sngp_dataset *out_of_domain;
  const sngp_dataset *grid;
  /* Of each method: the probability of class 0 at each point of the grid, and the mean of the
     largest probability over the out-of-domain points. */
  const float *surfaces[CLI_FIGURE_METHODS];
  double max_probabilities[CLI_FIGURE_METHODS];
} cli_figure;

/* Names of the files in the directory. */
#define CLI_FIGURE_SCRIPT "two_moons.gp"
#define CLI_FIGURE_PICTURE "two_moons.png"

/* Writes two_moons_points.dat, two_moons_surface.dat and two_moons.gp into `directory`, which is
   there, and two_moons.png by gnuplot. Each file appears whole or not at all. Where the result is
   CLI_GNUPLOT_MISSING, data and script are there. */
cli_gnuplot_result cli_figure_write(const cli_figure *figure, const char *directory);

#endif
