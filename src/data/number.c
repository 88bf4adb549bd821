#include "data/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  /* Half-way cases between two doubles have at most 768 significant digits; what lies beyond only
     matters as being zero or not. */
  MAX_DIGITS = 780,
  MAX_EXPONENT = 100000, /* larger ones all overflow, or all round to zero */
  EXACT_POWERS = 22,     /* 10^22 is the last power of ten that a double holds exactly */
  SHORT_DIGITS = 15      /* every integer of so many digits is a double */
};

/* Significant digits and the power of ten that the last of them stands for. */
typedef struct {
  bool negative;
  int num_digits;
  char digits[MAX_DIGITS];
  bool truncated; /* digits that are not all zero did not fit */
  int64_t exponent;
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || c == '\t'; }

static void add_digit(decimal *number, char digit, bool after_point) {
  if (number->num_digits == 0 && digit == '0') {
    number->exponent -= after_point; /* a leading zero */
  } else if (number->num_digits < MAX_DIGITS) {
    number->digits[number->num_digits++] = digit;
    number->exponent -= after_point;
  } else {
    number->truncated = number->truncated || digit != '0';
    number->exponent += !after_point;
  }
}

/* [digits][.digits][e[sign]digits], with a digit before the exponent at least. */
static bool scan(const char *at, const char *end, decimal *number) {
  bool any = false, after_point = false;
  for (; at < end; at++) {
    if (is_digit(*at)) {
      any = true;
      add_digit(number, *at, after_point);
    } else if (*at == '.' && !after_point) {
      after_point = true;
    } else {
      break;
    }
  }
  if (!any) return false;
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
  int64_t integer = 0;
  for (int i = 0; i < number->num_digits; i++) integer = 10 * integer + (number->digits[i] - '0');
  *value = number->exponent < 0 ? (double)integer / powers[-number->exponent]
                                : (double)integer * powers[number->exponent];
  return true;
}

/* All others through strtod. Written as an integer with an exponent, a number holds nothing that a
   locale could change. */
static double convert_long(const decimal *number) {
  char text[MAX_DIGITS + 32];
  int length = number->num_digits;
  for (int i = 0; i < length; i++) text[i] = number->digits[i];
  int64_t exponent = number->exponent;
  if (number->truncated) { /* one more digit, which makes it larger than what was kept */
    text[length++] = '1';
    exponent--;
  }
  if (exponent > MAX_EXPONENT) exponent = MAX_EXPONENT;
  if (exponent < -MAX_EXPONENT) exponent = -MAX_EXPONENT;
  snprintf(text + length, sizeof text - (size_t)length, "e%d", (int)exponent);
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
  decimal
      number; /* its digits are left as they are: clearing them would take longer than the rest */
  number.negative = *at == '-';
  number.num_digits = 0;
  number.truncated = false;
  number.exponent = 0;
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
  *value = number.negative ? -magnitude : magnitude;
  return SNGP_NUMBER_FINITE;
}
