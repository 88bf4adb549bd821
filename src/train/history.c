#include "train/history.h"

#include "base/memory.h"

sngp_status sngp_history_create(int64_t capacity, sngp_history **out) {
  *out = NULL;
  sngp_history *history = sngp_allocate(1, sizeof *history);
  if (history == NULL) return sngp_fail_memory("a history");
  history->capacity = capacity;
  history->records = sngp_allocate((size_t)capacity, sizeof *history->records);
  if (history->records == NULL) {
    sngp_history_free(history);
    return sngp_fail_memory("a history");
  }
  *out = history;
  return SNGP_OK;
}

void sngp_history_add(sngp_history *history, const sngp_epoch_record *record) {
  history->records[history->count] = *record;
  history->records[history->count++].struct_size = sizeof *record;
}

int64_t sngp_history_num_epochs(const sngp_history *history) {
  return history == NULL ? 0 : history->count;
}

void sngp_history_free(sngp_history *history) {
  if (history == NULL) return;
  sngp_release(history->records);
  sngp_release(history);
}
