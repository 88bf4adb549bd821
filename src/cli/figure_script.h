/* The gnuplot script of the two moons' picture. */
#ifndef SNGP_CLI_FIGURE_SCRIPT_H
#define SNGP_CLI_FIGURE_SCRIPT_H

/* What the script begins with. After it comes the array max_p with the largest probabilities. */
extern const char cli_figure_script_head[];
extern const char cli_figure_script[];

#endif
