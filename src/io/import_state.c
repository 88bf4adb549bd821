#include "io/import_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/import_names.h"
#include "io/model_file.h"

enum {
  MOST_ARRAYS = 1 << 14, /* names are looked for one by one; no network of this kind has as many */
  ROOM_FOR_MORE = 40     /* in a list, for how many names were left out */
};

/* Lists the arrays of a model under their simplified names. */
static sngp_status take_entries(sngp_import_state *state) {
  size_t length = 0;
  if (state->archive.count > MOST_ARRAYS)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "%zu arrays are more than %d", state->archive.count,
                     MOST_ARRAYS);
  for (size_t i = 0; i < state->archive.count; i++)
    length += strlen(sngp_array_archive_name(&state->archive, i)) + 1;
  state->names = sngp_allocate(length, 1);
  state->entries = sngp_allocate(state->archive.count, sizeof *state->entries);
  state->mapped = sngp_allocate((size_t)state->config->num_names, sizeof *state->mapped);
  if (state->names == NULL || state->entries == NULL || state->mapped == NULL)
    return sngp_fail_memory("the table of arrays");
  char *name = state->names;
  for (size_t i = 0; i < state->archive.count; i++) {
    const char *given = sngp_array_archive_name(&state->archive, i);
    if (!sngp_import_is_of_model(given)) continue;
    strcpy(name, given);
    sngp_import_simplify(name);
    state->entries[state->count++] = (sngp_import_entry){.name = name, .place = i};
    name += strlen(given) + 1;
  }
  return SNGP_OK;
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const sngp_import_entry *)left)->name, ((const sngp_import_entry *)right)->name);
}

/* Sorts, so that messages list names in their order, and looks for names that are there twice. */
static sngp_status sort_entries(sngp_import_state *state) {
  qsort(state->entries, state->count, sizeof *state->entries, by_name);
  for (size_t i = 1; i < state->count; i++)
    if (strcmp(state->entries[i - 1].name, state->entries[i].name) == 0)
      return sngp_fail(SNGP_ERROR_FORMAT, "there are two arrays %s", state->entries[i].name);
  return SNGP_OK;
}

static sngp_import_entry *find_simplified(const sngp_import_state *state, const char *name) {
  sngp_import_entry wanted = {.name = (char *)(uintptr_t)name};
  return bsearch(&wanted, state->entries, state->count, sizeof *state->entries, by_name);
}

/* The array that has this name, simplified or as it is in the file. */
static sngp_status find_given(const sngp_import_state *state, const char *given,
                              sngp_import_entry **found) {
  char *name = sngp_allocate(strlen(given) + 1, 1);
  if (name == NULL) return sngp_fail_memory("the name of an array");
  strcpy(name, given);
  sngp_import_simplify(name);
  *found = find_simplified(state, name);
  sngp_release(name);
  return SNGP_OK;
}

static sngp_status map_arrays(sngp_import_state *state) {
  const sngp_import_config *config = state->config;
  for (int64_t i = 0; i < config->num_names; i++) {
    SNGP_TRY(find_given(state, config->arrays[i], &state->mapped[i]));
    if (state->mapped[i] == NULL)
      return sngp_fail(SNGP_ERROR_FORMAT, "no array has the name %s, which is given to %s",
                       config->arrays[i], config->tensors[i]);
    state->mapped[i]->mapped = true;
  }
  return SNGP_OK;
}

static bool is_transposed(const sngp_import_state *state) {
  if (state->config->layout != SNGP_LAYOUT_AUTOMATIC)
    return state->config->layout == SNGP_LAYOUT_TORCH;
  for (size_t i = 0; i < state->count; i++)
    if (sngp_import_is_of_keras(state->entries[i].name)) return false;
  return true;
}

/* A model file has tensors of the same names, but they are whole already. */
static sngp_status refuse_model_file(const sngp_array_archive *archive) {
  if (archive->zipped) return SNGP_OK;
  const char *format = sngp_safetensors_metadata(&archive->tensors, "format");
  if (format == NULL || strcmp(format, SNGP_MODEL_FORMAT) != 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "a model file already: there is nothing to import");
}

sngp_status sngp_import_open(const unsigned char *bytes, size_t size,
                             const sngp_import_config *config, sngp_import_state *state) {
  *state = (sngp_import_state){.config = config};
  SNGP_TRY(sngp_array_archive_open(bytes, size, &state->archive));
  SNGP_TRY(refuse_model_file(&state->archive));
  SNGP_TRY(take_entries(state));
  SNGP_TRY(sort_entries(state));
  SNGP_TRY(map_arrays(state));
  state->transposed = is_transposed(state);
  return SNGP_OK;
}

void sngp_import_close(sngp_import_state *state) {
  sngp_array_archive_close(&state->archive);
  sngp_release(state->names);
  sngp_release(state->entries);
  sngp_release(state->mapped);
  *state = (sngp_import_state){0};
}

/* Whether an array is one of those that are looked for: a tensor's, or else a block's raw weight.
 */
static bool is_wanted(const sngp_import_entry *entry, const char *tensor, int64_t block) {
  if (entry->mapped) return false;
  return tensor != NULL ? sngp_import_is_name_of(tensor, entry->name)
                        : sngp_import_is_raw_weight(block, entry->name);
}

static sngp_status find_named(const sngp_import_state *state, const char *tensor, int64_t block,
                              sngp_import_entry **found) {
  *found = NULL;
  for (size_t i = 0; i < state->count; i++) {
    sngp_import_entry *entry = &state->entries[i];
    if (!is_wanted(entry, tensor, block)) continue;
    if (*found != NULL)
      return sngp_fail(SNGP_ERROR_FORMAT, "%s and %s could both be meant for %s", (*found)->name,
                       entry->name, tensor != NULL ? tensor : "a raw weight");
    *found = entry;
  }
  return SNGP_OK;
}

sngp_status sngp_import_find(const sngp_import_state *state, const char *tensor,
                             sngp_import_entry **found) {
  for (int64_t i = 0; i < state->config->num_names; i++) {
    if (strcmp(state->config->tensors[i], tensor) != 0) continue;
    *found = state->mapped[i];
    return SNGP_OK;
  }
  return find_named(state, tensor, -1, found);
}

sngp_status sngp_import_find_raw_weight(const sngp_import_state *state, int64_t block,
                                        sngp_import_entry **found) {
  return find_named(state, NULL, block, found);
}

sngp_status sngp_import_has(const sngp_import_state *state, const char *tensor, bool *has) {
  sngp_import_entry *found = NULL;
  SNGP_TRY(sngp_import_find(state, tensor, &found));
  if (found == NULL && sngp_import_block_of_weight(tensor) >= 0)
    SNGP_TRY(sngp_import_find_raw_weight(state, sngp_import_block_of_weight(tensor), &found));
  *has = found != NULL;
  return SNGP_OK;
}

void sngp_import_list_add(sngp_import_list *list, const char *name) {
  const char *separator = list->count > 0 ? ", " : "";
  size_t length = strlen(separator) + strlen(name);
  list->count++;
  if (list->left_out > 0 || length >= SNGP_IMPORT_LIST_SIZE - ROOM_FOR_MORE - list->length) {
    list->left_out++;
    return;
  }
  snprintf(list->text + list->length, sizeof list->text - list->length, "%s%s", separator, name);
  list->length += length;
}

const char *sngp_import_list_text(sngp_import_list *list) {
  if (list->count == 0) return "none";
  if (list->left_out > 0)
    snprintf(list->text + list->length, sizeof list->text - list->length, " and %zu more",
             list->left_out);
  return list->text;
}

sngp_import_list sngp_import_unused(const sngp_import_state *state) {
  sngp_import_list list = {0};
  for (size_t i = 0; i < state->count; i++)
    if (!state->entries[i].used) sngp_import_list_add(&list, state->entries[i].name);
  return list;
}
