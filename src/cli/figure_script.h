/* The gnuplot script of the two moons' picture. */
#ifndef SNGP_CLI_FIGURE_SCRIPT_H
#define SNGP_CLI_FIGURE_SCRIPT_H

extern const char cli_figure_script[];

#endif
