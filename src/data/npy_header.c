#include "data/npy_header.h"

#include <inttypes.h>
#include <string.h>

#include "base/half.h"
#include "data/text.h"

sngp_status sngp_npy_magic_check(const unsigned char *bytes, int *length_bytes) {
  if (memcmp(bytes, "\x93NUMPY", 6) != 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "is no NPY file: it does not start with \\x93NUMPY");
  int major = bytes[6], minor = bytes[7];
  if (major < 1 || major > 3 || minor != 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "NPY version %d.%d is not known", major, minor);
  *length_bytes = major == 1 ? 2 : SNGP_NPY_MOST_LENGTH_BYTES;
  return SNGP_OK;
}

sngp_status sngp_npy_length_parse(const unsigned char *bytes, int length_bytes, int64_t rest,
                                  int64_t *length) {
  *length = (int64_t)sngp_npy_bits(bytes, length_bytes, false);
  if (*length <= rest && *length <= SNGP_NPY_LONGEST_HEADER) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "a header of %" PRId64 " bytes, where %" PRId64 " follow (at most %d are read)",
                   *length, rest, SNGP_NPY_LONGEST_HEADER);
}

sngp_status sngp_npy_count(const sngp_npy_header *header, int64_t rest, int64_t *count) {
  int64_t bytes = 0;
  bool overflow = false;
  *count = 1;
  for (int i = 0; i < header->num_dims; i++)
    overflow = __builtin_mul_overflow(*count, header->shape[i], count) || overflow;
  overflow = __builtin_mul_overflow(*count, header->size, &bytes) || overflow;
  if (overflow) return sngp_fail(SNGP_ERROR_FORMAT, "the shape holds more than 2^63 bytes");
  if (bytes == rest) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "the shape takes %" PRId64 " bytes, but %" PRId64 " follow the header", bytes,
                   rest);
}

uint64_t sngp_npy_bits(const unsigned char *bytes, int size, bool big_endian) {
  uint64_t bits = 0;
  for (int i = 0; i < size; i++) bits = bits << 8 | bytes[big_endian ? i : size - 1 - i];
  return bits;
}

int64_t sngp_npy_to_signed(uint64_t bits, int size) {
  uint64_t sign = UINT64_C(1) << (8 * size - 1);
  return (int64_t)((bits ^ sign) - sign);
}

double sngp_npy_to_double(uint64_t bits, const sngp_npy_header *header) {
  if (header->kind == 'u') return (double)bits;
  if (header->kind == 'i') return (double)sngp_npy_to_signed(bits, header->size);
  if (header->size == 2) return sngp_half_to_double((uint16_t)bits);
  if (header->size == 8) {
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  uint32_t low = (uint32_t)bits;
  float value = 0.0f;
  memcpy(&value, &low, sizeof value);
  return (double)value;
}

typedef struct {
  const char *begin, *at, *end;
} cursor;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void skip_spaces(cursor *text) {
  while (text->at < text->end && is_space(*text->at)) text->at++;
}

/* Takes a character, behind spaces, if it is the next one. */
static bool take(cursor *text, char c) {
  skip_spaces(text);
  if (text->at == text->end || *text->at != c) return false;
  text->at++;
  return true;
}

static bool take_word(cursor *text, const char *word) {
  skip_spaces(text);
  size_t length = strlen(word);
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) return false;
  text->at += length;
  return true;
}

static sngp_status fail_expected(const cursor *text, const char *what) {
  return sngp_fail(SNGP_ERROR_FORMAT, "NPY header, byte %zu: %s is expected",
                   (size_t)(text->at - text->begin), what);
}

/* A string without escapes, in single or double quotes. */
static sngp_status take_string(cursor *text, const char **string, size_t *length) {
  skip_spaces(text);
  char quote = text->at < text->end ? *text->at : '\0';
  if (quote != '\'' && quote != '"') return fail_expected(text, "a string in quotes");
  const char *start = ++text->at;
  while (text->at < text->end && *text->at != quote && *text->at != '\\') text->at++;
  if (text->at == text->end || *text->at != quote)
    return fail_expected(text, "the end of a string");
  *string = start;
  *length = (size_t)(text->at++ - start);
  return SNGP_OK;
}

static sngp_status fail_type(const char *string, size_t length) {
  return sngp_fail(SNGP_ERROR_FORMAT,
                   "elements of type %s are not read, only float16 to float64 ('<f2' to '<f8') and "
                   "integers ('|u1' to '<i8')",
                   sngp_quote(string, length).text);
}

/* Byte order, kind and size, such as <f4. */
static sngp_status take_type(cursor *text, sngp_npy_header *header) {
  const char *string = NULL;
  size_t length = 0;
  skip_spaces(text);
  if (text->at < text->end && *text->at == '[')
    return sngp_fail(SNGP_ERROR_FORMAT, "arrays of records (structured types) are not read");
  SNGP_TRY(take_string(text, &string, &length));
  bool ordered = length > 0 && memchr("<>=|", string[0], 4) != NULL;
  if (length != (ordered ? 3u : 2u)) return fail_type(string, length);
  char order = ordered ? string[0] : '=';
  char kind = string[length - 2], size = string[length - 1];
  bool integer =
      (kind == 'i' || kind == 'u') && (size == '1' || size == '2' || size == '4' || size == '8');
  bool real = kind == 'f' && (size == '2' || size == '4' || size == '8');
  if (!integer && !real) return fail_type(string, length);
  if (order == '|' && size != '1') return fail_type(string, length); /* no order, yet it has one */
  header->kind = kind;
  header->size = size - '0';
  header->big_endian = order == '>' || (order == '=' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
  return SNGP_OK;
}

static sngp_status take_order(cursor *text, sngp_npy_header *header) {
  header->fortran_order = take_word(text, "True");
  if (header->fortran_order || take_word(text, "False")) return SNGP_OK;
  return fail_expected(text, "True or False");
}

static sngp_status take_size(cursor *text, int64_t *size) {
  skip_spaces(text);
  const char *start = text->at;
  *size = 0;
  for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
    if (__builtin_mul_overflow(*size, 10, size) ||
        __builtin_add_overflow(*size, *text->at - '0', size))
      return sngp_fail(SNGP_ERROR_FORMAT, "NPY header: a size in the shape is beyond 64 bits");
  if (text->at == start) return fail_expected(text, "a size");
  take(text, 'L'); /* Python 2 wrote long integers so */
  return SNGP_OK;
}

/* (), (3,), (3, 4), (3, 4,). */
static sngp_status take_shape(cursor *text, sngp_npy_header *header) {
  if (!take(text, '(')) return fail_expected(text, "the shape's (");
  bool comma = true;
  for (header->num_dims = 0; !take(text, ')'); header->num_dims++) {
    if (!comma) return fail_expected(text, "a comma or )");
    if (header->num_dims == SNGP_NPY_MAX_DIMS)
      return sngp_fail(SNGP_ERROR_FORMAT, "NPY header: more than %d dimensions", SNGP_NPY_MAX_DIMS);
    SNGP_TRY(take_size(text, &header->shape[header->num_dims]));
    comma = take(text, ',');
  }
  if (header->num_dims == 1 && !comma) return fail_expected(text, "a comma behind the only size");
  return SNGP_OK;
}

enum { DESCR, FORTRAN_ORDER, SHAPE, NUM_KEYS };

static const char *const keys[NUM_KEYS] = {"descr", "fortran_order", "shape"};

static sngp_status take_entry(cursor *text, bool seen[NUM_KEYS], sngp_npy_header *header) {
  const char *string = NULL;
  size_t length = 0;
  SNGP_TRY(take_string(text, &string, &length));
  int key = 0;
  while (key < NUM_KEYS && (strlen(keys[key]) != length || memcmp(keys[key], string, length) != 0))
    key++;
  if (key == NUM_KEYS)
    return sngp_fail(SNGP_ERROR_FORMAT, "NPY header: key %s is not one of the format",
                     sngp_quote(string, length).text);
  if (seen[key])
    return sngp_fail(SNGP_ERROR_FORMAT, "NPY header: key \"%s\" stands there twice", keys[key]);
  seen[key] = true;
  if (!take(text, ':')) return fail_expected(text, "a colon");
  switch (key) {
    case DESCR: return take_type(text, header);
    case FORTRAN_ORDER: return take_order(text, header);
    default: return take_shape(text, header);
  }
}

sngp_status sngp_npy_header_parse(const char *text, size_t length, sngp_npy_header *header) {
  cursor at = {text, text, text + length};
  bool seen[NUM_KEYS] = {false};
  *header = (sngp_npy_header){0};
  if (!take(&at, '{')) return fail_expected(&at, "a dictionary's {");
  for (bool comma = true; !take(&at, '}');) {
    if (!comma) return fail_expected(&at, "a comma or }");
    SNGP_TRY(take_entry(&at, seen, header));
    comma = take(&at, ',');
  }
  skip_spaces(&at);
  if (at.at != at.end) return fail_expected(&at, "the header's end");
  for (int key = 0; key < NUM_KEYS; key++)
    if (!seen[key])
      return sngp_fail(SNGP_ERROR_FORMAT, "NPY header: key \"%s\" is missing", keys[key]);
  return SNGP_OK;
}
