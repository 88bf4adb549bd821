/* Numbers of 16 bits, which the library reads and does not compute with. */
#ifndef SNGP_BASE_HALF_H
#define SNGP_BASE_HALF_H

#include <stdint.h>

/* IEEE 754 binary16: 5 bits of exponent, 10 of fraction. Exact. */
double sngp_half_to_double(uint16_t bits);

/* bfloat16: the upper half of a single-precision number. Exact. */
double sngp_bfloat_to_double(uint16_t bits);

#endif
