#include "data/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum {
  /* Half-way cases between two doubles have at most 768 significant digits; what lies beyond only
     matters as being zero or not. */
  MAX_DIGITS = 780,
  MAX_EXPONENT = 99999, /* larger ones all overflow, or all round to zero */
  EXACT_POWERS = 22,    /* 10^22 is the last power of ten that a double holds exactly */
  SHORT_DIGITS = 15     /* every integer of so many digits is a double */
};

/* Digits with a point among them, perhaps, and the power of ten that the last digit stands for. */
typedef struct {
  const char *begin, *end; /* from the first significant digit; equal for zero */
  int64_t num_digits;      /* significant ones */
  uint64_t integer;        /* of them without the point, where they are few */
  int64_t exponent;
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || c == '\t'; }

/* [digits][.digits], one digit at least; returns where it ends, or NULL. */
static const char *scan_digits(const char *at, const char *end, decimal *number) {
  const char *point = NULL;
  bool any = false;
  number->num_digits = 0;
  number->integer = 0;
  number->begin = NULL;
  for (; at < end; at++) {
    if (is_digit(*at)) {
      any = true;
      if (number->num_digits == 0 && *at == '0') continue; /* a leading zero */
      if (number->num_digits++ == 0) number->begin = at;
      number->integer = 10 * number->integer + (uint64_t)(*at - '0'); /* may wrap, then unused */
    } else if (*at == '.' && point == NULL) {
      point = at;
    } else {
      break;
    }
  }
  number->end = at;
  if (number->begin == NULL) number->begin = at;
  number->exponent = point != NULL ? -(at - point - 1) : 0;
  return any ? at : NULL;
}

/* Digits, then [e[sign]digits]. */
static bool scan(const char *at, const char *end, decimal *number) {
  at = scan_digits(at, end, number);
  if (at == NULL) return false;
  if (at == end) return true;
  if (*at != 'e' && *at != 'E') return false;
  at++;
  bool negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) at++;
  if (at == end) return false;
  int64_t exponent = 0;
  for (; at < end && is_digit(*at); at++)
    if (exponent < INT64_MAX / 100) exponent = 10 * exponent + (*at - '0');
  number->exponent += negative ? -exponent : exponent;
  return at == end;
}

/* At most 15 digits and a power of ten that a double holds: one operation, correctly rounded. */
static bool convert_short(const decimal *number, double *value) {
  static const double powers[EXACT_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (number->num_digits > SHORT_DIGITS || number->exponent < -EXACT_POWERS ||
      number->exponent > EXACT_POWERS)
    return false;
  double integer = (double)number->integer;
  *value = number->exponent < 0 ? integer / powers[-number->exponent]
                                : integer * powers[number->exponent];
  return true;
}

/* Writes e and an exponent of at most MAX_EXPONENT in size, with a NUL. */
static void write_exponent(char *at, int64_t exponent) {
  if (exponent > MAX_EXPONENT) exponent = MAX_EXPONENT;
  if (exponent < -MAX_EXPONENT) exponent = -MAX_EXPONENT;
  int64_t size = exponent < 0 ? -exponent : exponent;
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  for (int64_t power = (MAX_EXPONENT + 1) / 10; power > 0; power /= 10)
    *at++ = (char)('0' + size / power % 10);
  *at = '\0';
}

/* All others through strtod. Written as an integer with an exponent, a number holds nothing that a
   locale could change. */
static double convert_long(const decimal *number) {
  char text[MAX_DIGITS + 16];
  int length = 0;
  bool truncated = false; /* digits that are not all zero did not fit */
  int64_t exponent = number->exponent;
  for (const char *at = number->begin; at < number->end; at++) {
    if (*at == '.') continue;
    if (length < MAX_DIGITS) {
      text[length++] = *at;
    } else {
      truncated = truncated || *at != '0';
      exponent++;
    }
  }
  if (truncated) { /* one more digit, which makes it larger than what was kept */
    text[length++] = '1';
    exponent--;
  }
  write_exponent(text + length, exponent);
  return strtod(text, NULL);
}

static bool equal_ignoring_case(const char *at, const char *end, const char *word) {
  for (; at < end && *word != '\0'; at++, word++)
    if ((*at | 0x20) != *word) return false;
  return at == end && *word == '\0';
}

sngp_number_kind sngp_number_read(const char *text, size_t length, double *value) {
  const char *at = text, *end = text + length;
  while (at < end && is_space(*at)) at++;
  while (at < end && is_space(end[-1])) end--;
  if (at == end) return SNGP_NUMBER_EMPTY;
  decimal number;
  bool negative = *at == '-';
  if (*at == '-' || *at == '+') at++;
  if (!scan(at, end, &number)) {
    bool named = equal_ignoring_case(at, end, "nan") || equal_ignoring_case(at, end, "inf") ||
                 equal_ignoring_case(at, end, "infinity");
    return named ? SNGP_NUMBER_NOT_FINITE : SNGP_NUMBER_MALFORMED;
  }
  double magnitude = 0.0;
  if (number.num_digits > 0 && !convert_short(&number, &magnitude))
    magnitude = convert_long(&number);
  if (!isfinite(magnitude)) return SNGP_NUMBER_NOT_FINITE;
  *value = negative ? -magnitude : magnitude;
  return SNGP_NUMBER_FINITE;
}
