/* The columns of a CSV file that are no features: the label's, the targets', or those that are
   named to be left out. */
#ifndef SNGP_DATA_CSV_OUTPUTS_H
#define SNGP_DATA_CSV_OUTPUTS_H

#include <stdbool.h>

#include "base/status.h"
#include "data/text.h"
#include "sngp/dataset.h"

typedef enum {
  SNGP_CSV_COLUMN_OPEN, /* not decided yet */
  SNGP_CSV_COLUMN_FEATURE,
  SNGP_CSV_COLUMN_LABEL,
  SNGP_CSV_COLUMN_TARGET,
  SNGP_CSV_COLUMN_LEFT_OUT
} sngp_csv_column_kind;

/* What a field of every line is, and its number among those of its kind. */
typedef struct {
  sngp_csv_column_kind kind;
  int64_t number;
} sngp_csv_column;

/* What a configuration says of them. */
typedef struct {
  const sngp_csv_config *config;
  sngp_csv_column_kind kind;
  bool optional;            /* a file may have all of them or none */
  const char *const *names; /* by name or number; NULL: the last `count` columns */
  int64_t count;
  bool numbered; /* every name reads as a number */
} sngp_csv_outputs;

/* No field. */
enum { SNGP_CSV_ABSENT = -1 };

sngp_csv_outputs sngp_csv_outputs_of(const sngp_csv_config *config);

/* Whether the first line holds a name of one of them, which makes a header of it. */
bool sngp_csv_outputs_named(const sngp_csv_outputs *outputs, const sngp_text_list *first_line);

/* The field of output number `index` if the first line were data, or SNGP_CSV_ABSENT. */
int64_t sngp_csv_output_of_data(const sngp_csv_outputs *outputs, int64_t index, int64_t num_fields);

/* Marks their columns among `columns`, which are all open; `found` tells whether there are any. */
sngp_status sngp_csv_outputs_find(const sngp_csv_outputs *outputs, const sngp_text_list *first_line,
                                  bool has_header, sngp_csv_column *columns, bool *found);

#endif
