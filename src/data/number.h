/* Decimal numbers from text, the same in every locale: a point, an exponent, spaces around. */
#ifndef SNGP_DATA_NUMBER_H
#define SNGP_DATA_NUMBER_H

#include <stddef.h>

typedef enum {
  SNGP_NUMBER_FINITE,
  SNGP_NUMBER_NOT_FINITE, /* nan, inf, infinity in any case, or a number beyond double's range */
  SNGP_NUMBER_EMPTY,      /* nothing, or spaces alone */
  SNGP_NUMBER_MALFORMED
} sngp_number_kind;

/* Reads the whole text as one number, rounded to the nearest double; `value` is written where the
   result is SNGP_NUMBER_FINITE. The text needs no NUL at its end. */
sngp_number_kind sngp_number_read(const char *text, size_t length, double *value);

#endif
