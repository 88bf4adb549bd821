/* Labels of a CSV file: texts while rows are read, class numbers at the end. */
#ifndef SNGP_DATA_CSV_LABELS_H
#define SNGP_DATA_CSV_LABELS_H

#include "data/dataset.h"
#include "data/text.h"

typedef struct {
  const sngp_csv_config *config;
  sngp_text_index texts; /* the different texts; known class names come first */
  int32_t *classes;      /* the class of each text, where known; filled at the end otherwise */
  size_t classes_capacity;
  int64_t *rows; /* the row in which each text came first */
  size_t rows_capacity;
  double *known_values; /* of the known class names, where all are numbers; else NULL */
} sngp_csv_labels;

sngp_status sngp_csv_labels_open(const sngp_csv_config *config, sngp_csv_labels *labels);
void sngp_csv_labels_clear(sngp_csv_labels *labels);

/* Takes a row's label; `text_number` stands for it until the end. Messages name the row. */
sngp_status sngp_csv_labels_add(sngp_csv_labels *labels, const char *text, size_t length,
                                int64_t row, int32_t *text_number);

/* Puts class numbers in place of the text numbers in the dataset's labels, and sets its number of
   classes and their names. */
sngp_status sngp_csv_labels_finish(sngp_csv_labels *labels, sngp_dataset *dataset);

#endif
