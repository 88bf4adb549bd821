/* The CSV reader. csv.c takes the file apart, csv_columns.c decides what each column is,
   with csv_outputs.c, which finds labels and targets; csv_labels.c turns label texts into class
   numbers. */
#ifndef SNGP_DATA_CSV_H
#define SNGP_DATA_CSV_H

#include "data/dataset.h"

/* The configuration of sngp_dataset_read_csv() by default. */
sngp_csv_config sngp_csv_defaults(void);

/* Checks every field of a configuration. */
sngp_status sngp_csv_config_check(const sngp_csv_config *config);

/* Reads a file; the configuration has been checked. */
sngp_status sngp_csv_read(const char *path, const sngp_csv_config *config, sngp_dataset **dataset);

#endif
