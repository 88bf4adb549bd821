/* Rows and models for tests of the program's JSON documents. */
#ifndef SNGP_TESTS_UNIT_CLI_DOCUMENTS_H
#define SNGP_TESTS_UNIT_CLI_DOCUMENTS_H

#include "unit/cli/program.h"

#define SMALL_NETWORK "--num-layers 1 --num-hidden 8 --threads 1"
#define SMALL SMALL_NETWORK " --num-features 16"

enum { ROWS = 90, EPOCHS = 6 };

/* Three classes apart by 4 along x; with `shift` they are elsewhere. */
static inline void write_rows(const char *path, double shift) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < ROWS; i++)
    fprintf(file, "%.3f,%.3f,%d\n", 4 * (i % 3) + i * 7 % 10 / 10.0 + shift,
            i * 3 % 10 / 10.0 - i % 3 - shift, i % 3);
  fclose(file);
}

static inline int set_up(void **state) {
  (void)state;
  scratch_folder();
  write_rows("rows.csv", 0);
  write_rows("far.csv", 40);
  return run_program(
             "train --data rows.csv --out model --epochs 40 --learning-rate 0.01 --json " SMALL,
             "train.json") |
         run_program(
             "train --data rows.csv --out dense --method deterministic --epochs 6 "
             "--validation 0.2 --json " SMALL_NETWORK,
             "dense.json") |
         run_program(
             "train --data rows.csv --out ensemble --method ensemble --member-method sngp "
             "--members 3 --epochs 6 --seed 4 --validation 0.2 --json " SMALL,
             "ensemble.json");
}

static inline int tear_down(void **state) {
  (void)state;
  remove_scratch((const char *const[]){"rows.csv", "far.csv", "model", "dense", "train.json",
                                       "dense.json", "ensemble", "ensemble.json", "uncalibrated",
                                       "out.json", "wrong.csv", "same.csv", NULL});
  return 0;
}

#endif
