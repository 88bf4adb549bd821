/* Pictures by gnuplot, where it is installed. */
#ifndef SNGP_CLI_GNUPLOT_H
#define SNGP_CLI_GNUPLOT_H

typedef enum {
  CLI_GNUPLOT_DRAWN,
  CLI_GNUPLOT_MISSING, /* gnuplot is not installed */
  CLI_GNUPLOT_FAILED   /* the reason has been reported */
} cli_gnuplot_result;

/* Runs the script `script` of the directory, in it. The script sets its output to the variable
   `picture`, whose default is the name `picture`; here it is a temporary file, which takes its
   place when it is whole. */
cli_gnuplot_result cli_gnuplot_draw(const char *directory, const char *script, const char *picture);

#endif
