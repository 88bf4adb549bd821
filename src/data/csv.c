#include "data/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv_columns.h"
#include "data/csv_labels.h"
#include "data/file.h"
#include "data/number.h"
#include "data/text.h"

#ifdef SNGP_WITH_CSV

#include <csv.h>

enum {
  CHUNK = 1 << 16,
  /* Longer fields are a quote that was never closed: an error instead of the whole file in one. */
  LONGEST_FIELD = 1 << 20
};

/* A line kept as texts, until it is known what its columns are. */
typedef struct {
  sngp_text_list fields;
  int64_t line;
} kept_line;

/* What is known while a file is read. The parser calls back, field by field; a failure is kept in
   `status` and ends the reading. */
typedef struct {
  const sngp_csv_config *config;
  sngp_status status;
  int64_t line;      /* the line being read, from 1 */
  int64_t next_line; /* the first line behind the last complete row */
  int64_t field;     /* fields read of the row */
  char last_byte;    /* of what has been read */
  kept_line kept[2]; /* the first lines with text, which decide what the columns are */
  int num_kept;
  bool resolved; /* columns are known */
  sngp_csv_columns columns;
  sngp_csv_labels labels;
  float *features;
  size_t features_capacity;
  int32_t *label_texts;
  size_t label_texts_capacity;
  float *targets;
  size_t targets_capacity;
  int64_t rows;
} reader;

/* The name of a column of numbers; NULL without a header. */
static const char *name_of(const sngp_csv_columns *columns, int64_t field) {
  const sngp_csv_column *column = &columns->fields[field];
  if (!columns->has_header) return NULL;
  if (column->kind == SNGP_CSV_COLUMN_FEATURE) return columns->feature_names[column->number];
  return column->kind == SNGP_CSV_COLUMN_TARGET ? columns->target_names[column->number] : NULL;
}

/* Puts the place of a field before the message. */
static sngp_status fail_at(const reader *state, int64_t field, sngp_status code) {
  char place[160];
  const char *name = name_of(&state->columns, field);
  if (name != NULL) {
    snprintf(place, sizeof place, "line %" PRId64 ", column %" PRId64 " (%s)", state->line, field,
             sngp_quote(name, strlen(name)).text);
  } else {
    snprintf(place, sizeof place, "line %" PRId64 ", column %" PRId64, state->line, field);
  }
  return sngp_fail_prefix(code, place);
}

static sngp_status read_number(const char *text, size_t length, float *number) {
  double value = 0.0;
  switch (sngp_number_read(text, length, &value)) {
    case SNGP_NUMBER_FINITE: break;
    case SNGP_NUMBER_EMPTY:
      return sngp_fail(SNGP_ERROR_FORMAT, "the field is empty, but a number is needed");
    case SNGP_NUMBER_MALFORMED:
      return sngp_fail(SNGP_ERROR_FORMAT, "%s is not a number", sngp_quote(text, length).text);
    case SNGP_NUMBER_NOT_FINITE:
      return sngp_fail(SNGP_ERROR_NOT_FINITE, "%s is not a finite number",
                       sngp_quote(text, length).text);
  }
  *number = (float)value;
  if (!isfinite(*number))
    return sngp_fail(SNGP_ERROR_NOT_FINITE, "%s is beyond the range of a float",
                     sngp_quote(text, length).text);
  return SNGP_OK;
}

/* Makes room for one row more of `width` numbers. */
static sngp_status grow_matrix(float **matrix, size_t *capacity, size_t rows, int64_t width,
                               const char *what) {
  size_t needed = 0;
  if (!sngp_size_multiply(rows, (size_t)width, &needed)) return sngp_fail_memory(what);
  float *grown = sngp_array_grow(*matrix, capacity, needed, sizeof *grown);
  if (grown == NULL) return sngp_fail_memory(what);
  *matrix = grown;
  return SNGP_OK;
}

/* Makes room for one row more. */
static sngp_status start_row(reader *state) {
  size_t row = (size_t)state->rows + 1;
  const sngp_csv_columns *columns = &state->columns;
  SNGP_TRY(grow_matrix(&state->features, &state->features_capacity, row, columns->num_features,
                       "features"));
  if (columns->num_targets > 0)
    SNGP_TRY(grow_matrix(&state->targets, &state->targets_capacity, row, columns->num_targets,
                         "targets"));
  int32_t *texts =
      sngp_array_grow(state->label_texts, &state->label_texts_capacity, row, sizeof *texts);
  if (texts == NULL) return sngp_fail_memory("labels");
  state->label_texts = texts;
  return SNGP_OK;
}

static sngp_status take_field(reader *state, const char *text, size_t length) {
  sngp_csv_columns *columns = &state->columns;
  if (state->field == 0) SNGP_TRY(start_row(state));
  int64_t field = state->field++;
  if (field >= columns->num_fields) return SNGP_OK; /* counted; take_row_end() complains */
  int64_t row = state->rows, number = columns->fields[field].number;
  sngp_status status = SNGP_OK;
  switch (columns->fields[field].kind) {
    case SNGP_CSV_COLUMN_FEATURE:
      status = read_number(text, length, &state->features[row * columns->num_features + number]);
      break;
    case SNGP_CSV_COLUMN_TARGET:
      status = read_number(text, length, &state->targets[row * columns->num_targets + number]);
      break;
    case SNGP_CSV_COLUMN_LABEL:
      status = sngp_csv_labels_add(&state->labels, text, length, row, &state->label_texts[row]);
      break;
    default: break; /* left out */
  }
  return status == SNGP_OK ? SNGP_OK : fail_at(state, field, status);
}

static sngp_status take_row_end(reader *state) {
  if (state->field != state->columns.num_fields)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "line %" PRId64 " has %" PRId64 " fields, but the first one has %" PRId64,
                     state->line, state->field, state->columns.num_fields);
  state->rows++;
  return SNGP_OK;
}

static sngp_status fail_header(const reader *state, sngp_status code) {
  char place[32];
  if (code != SNGP_ERROR_FORMAT) return code; /* not about what is written there */
  snprintf(place, sizeof place, "line %" PRId64, state->kept[0].line);
  return sngp_fail_prefix(code, place);
}

static sngp_status take_kept_line(reader *state, const kept_line *kept) {
  state->line = kept->line;
  state->field = 0;
  for (size_t i = 0; i < kept->fields.count; i++) {
    size_t length = 0;
    const char *text = sngp_text_list_get(&kept->fields, i, &length);
    SNGP_TRY(take_field(state, text, length));
  }
  return take_row_end(state);
}

/* Two lines are complete, or the only one of the file: they tell what the columns are. */
static sngp_status take_kept_lines(reader *state) {
  int64_t line = state->line;
  sngp_status status = sngp_csv_columns_resolve(&state->kept[0].fields, &state->kept[1].fields,
                                                state->config, &state->columns);
  if (status != SNGP_OK) return fail_header(state, status);
  state->resolved = true;
  for (int i = state->columns.has_header ? 1 : 0; i < state->num_kept; i++)
    SNGP_TRY(take_kept_line(state, &state->kept[i]));
  state->line = line;
  return SNGP_OK;
}

static void on_field(void *text, size_t length, void *context) {
  reader *state = context;
  if (state->status != SNGP_OK) return;
  if (state->resolved)
    state->status = take_field(state, text, length);
  else if (!sngp_text_list_add(&state->kept[state->num_kept].fields, text, length))
    state->status = sngp_fail_memory("the first lines");
}

static void on_row(int terminator, void *context) {
  reader *state = context;
  (void)terminator;
  if (state->status != SNGP_OK) return;
  if (state->resolved) {
    state->status = take_row_end(state);
  } else {
    state->kept[state->num_kept++].line = state->line;
    if (state->num_kept == 2) state->status = take_kept_lines(state);
  }
  state->field = 0;
  state->next_line = state->line + 1;
}

static void *grow_field(void *memory, size_t size) {
  return size > LONGEST_FIELD ? NULL : realloc(memory, size);
}

static sngp_status fail_parser(const reader *state, struct csv_parser *parser) {
  switch (csv_error(parser)) {
    case CSV_EPARSE:
      return sngp_fail(SNGP_ERROR_FORMAT,
                       "line %" PRId64
                       ": a quote stands inside a field without quotes, or text "
                       "behind a closing quote",
                       state->line);
    case CSV_ENOMEM:
      if (csv_get_buffer_size(parser) >= LONGEST_FIELD)
        return sngp_fail(SNGP_ERROR_FORMAT,
                         "the row that starts on line %" PRId64
                         " has a field of more than %d bytes: a quote is not closed, perhaps",
                         state->next_line, LONGEST_FIELD);
      break;
    default: break;
  }
  return sngp_fail_memory("a field");
}

/* Parses a piece of the file without a line end but its last byte. Of CRLF the CR is counted. */
static sngp_status parse_piece(reader *state, struct csv_parser *parser, const char *piece,
                               size_t length) {
  if (csv_parse(parser, piece, length, on_field, on_row, state) != length &&
      state->status == SNGP_OK)
    state->status = fail_parser(state, parser);
  char before = length > 1 ? piece[length - 2] : state->last_byte;
  state->last_byte = piece[length - 1];
  if (state->last_byte == '\r' || (state->last_byte == '\n' && before != '\r')) state->line++;
  return state->status;
}

static sngp_status parse_chunk(reader *state, struct csv_parser *parser, const char *chunk,
                               size_t length) {
  const char *end = chunk + length;
  while (chunk < end) {
    const char *next = chunk;
    while (next < end && *next != '\n' && *next != '\r') next++;
    if (next < end) next++;
    SNGP_TRY(parse_piece(state, parser, chunk, (size_t)(next - chunk)));
    chunk = next;
  }
  return SNGP_OK;
}

static sngp_status parse_file(reader *state, struct csv_parser *parser, FILE *file,
                              const char *path, char *buffer) {
  static const char byte_order_mark[] = "\xef\xbb\xbf";
  bool at_start = true;
  for (;;) {
    size_t length = fread(buffer, 1, CHUNK, file), skipped = 0;
    if (ferror(file)) return sngp_fail_read(path, errno);
    if (at_start && length >= 3 && memcmp(buffer, byte_order_mark, 3) == 0) skipped = 3;
    at_start = false;
    SNGP_TRY(parse_chunk(state, parser, buffer + skipped, length - skipped));
    if (length < CHUNK) break;
  }
  if (csv_fini(parser, on_field, on_row, state) != 0 && state->status == SNGP_OK)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "a quote is not closed in the row that starts on line %" PRId64,
                     state->next_line);
  if (state->status == SNGP_OK && !state->resolved && state->num_kept == 1)
    state->status = take_kept_lines(state);
  return state->status;
}

static sngp_status parse(reader *state, FILE *file, const char *path) {
  struct csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) return sngp_fail_memory("the parser");
  csv_set_realloc_func(&parser, grow_field);
  csv_set_blk_size(&parser, 1 << 12);
  char *buffer = sngp_allocate(CHUNK, 1);
  sngp_status status = buffer == NULL ? sngp_fail_memory("a file's buffer")
                                      : parse_file(state, &parser, file, path, buffer);
  sngp_release(buffer);
  csv_free(&parser);
  return status;
}

/* Fills a dataset of just the size with what was read. */
static sngp_status fill(reader *state, sngp_dataset *dataset) {
  sngp_csv_columns *columns = &state->columns;
  size_t rows = (size_t)state->rows;
  memcpy(dataset->owned_features, state->features,
         rows * (size_t)columns->num_features * sizeof(float));
  dataset->feature_names = columns->feature_names;
  columns->feature_names = NULL;
  if (columns->num_targets > 0) {
    SNGP_TRY(sngp_dataset_allocate_targets(dataset, columns->num_targets));
    memcpy(dataset->owned_targets, state->targets,
           rows * (size_t)columns->num_targets * sizeof(float));
    dataset->target_names = columns->target_names;
    columns->target_names = NULL;
  }
  if (!columns->has_label) return SNGP_OK;
  memcpy(dataset->owned_labels, state->label_texts, rows * sizeof(int32_t));
  return sngp_csv_labels_finish(&state->labels, dataset);
}

static sngp_status finish(reader *state, sngp_dataset **out) {
  const sngp_csv_columns *columns = &state->columns;
  if (!state->resolved) return sngp_fail(SNGP_ERROR_NO_ROWS, "the file is empty");
  if (state->rows == 0)
    return sngp_fail(SNGP_ERROR_NO_ROWS, "the file has a header, but no rows of data");
  sngp_dataset *dataset = NULL;
  SNGP_TRY(sngp_dataset_allocate(state->rows, columns->num_features, columns->has_label, &dataset));
  sngp_status status = fill(state, dataset);
  if (status == SNGP_OK)
    *out = dataset;
  else
    sngp_dataset_free(dataset);
  return status;
}

sngp_status sngp_csv_read(const char *path, const sngp_csv_config *config, sngp_dataset **dataset) {
  *dataset = NULL;
  reader state = {.config = config, .line = 1, .next_line = 1};
  FILE *file = NULL;
  SNGP_TRY(sngp_file_open(path, &file));
  sngp_status status = sngp_csv_labels_open(config, &state.labels);
  if (status == SNGP_OK) status = parse(&state, file, path);
  if (status == SNGP_OK) status = finish(&state, dataset);
  if (status != SNGP_OK && status != SNGP_ERROR_READ) status = sngp_fail_prefix(status, path);
  fclose(file);
  for (int i = 0; i < 2; i++) sngp_text_list_clear(&state.kept[i].fields);
  sngp_csv_columns_clear(&state.columns);
  sngp_csv_labels_clear(&state.labels);
  sngp_release(state.features);
  sngp_release(state.label_texts);
  sngp_release(state.targets);
  return status;
}

#else

sngp_status sngp_csv_read(const char *path, const sngp_csv_config *config, sngp_dataset **dataset) {
  (void)config;
  *dataset = NULL;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED, "%s: this build of libsngp reads no CSV files", path);
}

#endif
