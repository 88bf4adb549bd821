/* Time that passes. */
#ifndef SNGP_CLI_CLOCK_H
#define SNGP_CLI_CLOCK_H

/* Seconds of a clock that nobody sets; differences count. */
double cli_now(void);

#endif
