#include "base/half.h"

#include <math.h>
#include <string.h>

double sngp_half_to_double(uint16_t bits) {
  enum { FRACTION_BITS = 10, EXPONENT_MASK = 31, EXPONENT_BIAS = 15 };
  const int fraction = bits & ((1 << FRACTION_BITS) - 1);
  const int exponent = bits >> FRACTION_BITS & EXPONENT_MASK;
  const int implicit = 1 << FRACTION_BITS;
  double value = 0.0;
  if (exponent == EXPONENT_MASK)
    value = fraction == 0 ? (double)INFINITY : (double)NAN;
  else if (exponent == 0)
    value = ldexp(fraction, 1 - EXPONENT_BIAS - FRACTION_BITS);
  else
    value = ldexp(fraction + implicit, exponent - EXPONENT_BIAS - FRACTION_BITS);
  return (bits & 0x8000) != 0 ? -value : value;
}

double sngp_bfloat_to_double(uint16_t bits) {
  const uint32_t word = (uint32_t)bits << 16;
  float value = 0.0f;
  memcpy(&value, &word, sizeof value);
  return (double)value;
}
