/* Rates of counts from their logarithms. */
#ifndef SNGP_BASE_RATE_H
#define SNGP_BASE_RATE_H

/* Logarithms are taken within these: a rate is then finite and above 0, its square too. */
#define SNGP_SMALLEST_LOG_RATE (-30.0)
#define SNGP_LARGEST_LOG_RATE 20.0

/* exp of the clamped logarithm. A NaN passes. */
double sngp_rate(double log_rate);

#endif
