#include "metrics/prediction_sets.h"

sngp_set_metrics sngp_measure_sets(const uint8_t *sets, int64_t rows, int64_t num_classes,
                                   const int32_t *labels) {
  int64_t covered = 0, members = 0, singletons = 0, empty = 0;
  for (int64_t i = 0; i < rows; i++) {
    const uint8_t *set = sets + i * num_classes;
    int64_t size = 0;
    for (int64_t k = 0; k < num_classes; k++) size += set[k];
    covered += set[labels[i]];
    members += size;
    singletons += size == 1;
    empty += size == 0;
  }
  double count = (double)rows;
  return (sngp_set_metrics){.rows = rows,
                            .coverage = (double)covered / count,
                            .mean_size = (double)members / count,
                            .singletons = (double)singletons / count,
                            .empty = (double)empty / count};
}
