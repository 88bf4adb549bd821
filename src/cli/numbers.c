/* Numbers and near misses on the command line. The program never sets a locale, so strtod reads
   '.' whatever the environment. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

cli_number_result cli_parse_integer(const char *text, int64_t *value) {
  const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
  if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
    return CLI_NUMBER_MALFORMED;
  errno = 0;
  *value = strtoimax(text, NULL, 10);
  return errno == 0 ? CLI_NUMBER_GOOD : CLI_NUMBER_TOO_LARGE;
}

cli_number_result cli_parse_real(const char *text, double *value) {
  if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0') return CLI_NUMBER_MALFORMED;
  char *end = NULL;
  *value = strtod(text, &end);
  if (end == text || *end != '\0') return CLI_NUMBER_MALFORMED;
  return isfinite(*value) ? CLI_NUMBER_GOOD : CLI_NUMBER_TOO_LARGE;
}

/* Levenshtein's distance; words of up to 31 characters, longer ones are far from everything. */
enum { LONGEST_WORD = 31, FAR = 99 };

static int distance(const char *a, const char *b) {
  size_t rows = strlen(a), cols = strlen(b);
  if (rows > LONGEST_WORD || cols > LONGEST_WORD) return FAR;
  int line[LONGEST_WORD + 1];
  for (size_t j = 0; j <= cols; j++) line[j] = (int)j;
  for (size_t i = 1; i <= rows; i++) {
    int diagonal = line[0];
    line[0] = (int)i;
    for (size_t j = 1; j <= cols; j++) {
      int replaced = diagonal + (a[i - 1] != b[j - 1]);
      int shorter = (line[j] < line[j - 1] ? line[j] : line[j - 1]) + 1;
      diagonal = line[j];
      line[j] = replaced < shorter ? replaced : shorter;
    }
  }
  return line[cols];
}

/* The only one of `words` that begins with `word`; NULL: there are none or several. */
static const char *only_continuation(const char *word, const char *const *words) {
  const char *found = NULL;
  size_t length = strlen(word);
  for (int i = 0; length > 0 && words[i] != NULL; i++) {
    if (strncmp(words[i], word, length) != 0) continue;
    if (found != NULL) return NULL;
    found = words[i];
  }
  return found;
}

const char *cli_nearest(const char *word, const char *const *words) {
  const char *nearest = only_continuation(word, words);
  if (nearest != NULL) return nearest;
  int limit = (int)(strlen(word) / 3) + 2; /* a third of the letters may be wrong, and one */
  for (int i = 0; words[i] != NULL; i++) {
    int d = distance(word, words[i]);
    if (d < limit) {
      limit = d;
      nearest = words[i];
    }
  }
  return nearest;
}
