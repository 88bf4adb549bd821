/* What the columns of a CSV file are: decided from its first lines and the configuration. */
#ifndef SNGP_DATA_CSV_COLUMNS_H
#define SNGP_DATA_CSV_COLUMNS_H

#include "data/csv_outputs.h"
#include "data/dataset.h"
#include "data/text.h"

typedef struct {
  bool has_header;
  bool has_label;
  int64_t num_fields;   /* fields of every line */
  int64_t num_features; /* those that are features */
  int64_t num_targets;  /* those that are targets */
  sngp_csv_column *fields;
  char **feature_names; /* one block; NULL: none */
  char **target_names;  /* one block; NULL: none */
} sngp_csv_columns;

/* Decides from the fields of the first line, and of the second, which is empty where there is none.
   On failure `columns` is empty; SNGP_ERROR_FORMAT is about a name in the first line. */
sngp_status sngp_csv_columns_resolve(const sngp_text_list *first_line,
                                     const sngp_text_list *second_line,
                                     const sngp_csv_config *config, sngp_csv_columns *columns);
void sngp_csv_columns_clear(sngp_csv_columns *columns);

#endif
