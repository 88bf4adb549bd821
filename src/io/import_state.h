/* The arrays of a file by the names of a model's tensors, with an account of which were used. */
#ifndef SNGP_IO_IMPORT_STATE_H
#define SNGP_IO_IMPORT_STATE_H

#include <stdbool.h>

#include "io/array_archive.h"
#include "sngp/import.h"

/* Which arrays an importer looks at. */
typedef struct {
  char *name;   /* simplified */
  size_t place; /* in the archive */
  bool mapped;  /* given to a tensor by the configuration, and so to no other by its name */
  bool used;
} sngp_import_entry;

typedef struct {
  sngp_array_archive archive;
  const sngp_import_config *config;
  sngp_import_entry *entries;
  size_t count;
  char *names;
  sngp_import_entry **mapped; /* by the configuration's names: the array of each */
  bool transposed;            /* square matrices are (out, in) */
} sngp_import_state;

/* Opens a file of arrays. The bytes and the configuration, which has been checked, must stay as
   long as the state, which is to be closed on failure too. */
sngp_status sngp_import_open(const unsigned char *bytes, size_t size,
                             const sngp_import_config *config, sngp_import_state *state);
void sngp_import_close(sngp_import_state *state);

/* The array that a tensor is made of, or NULL; SNGP_ERROR_FORMAT where several could be meant. */
sngp_status sngp_import_find(const sngp_import_state *state, const char *tensor,
                             sngp_import_entry **found);

/* The raw weight of a block under PyTorch's spectral normalisation, or NULL. */
sngp_status sngp_import_find_raw_weight(const sngp_import_state *state, int64_t block,
                                        sngp_import_entry **found);

/* Whether there is an array for a tensor, a raw weight included. */
sngp_status sngp_import_has(const sngp_import_state *state, const char *tensor, bool *has);

/* Names in a message, as many as there is room for. */
enum { SNGP_IMPORT_LIST_SIZE = 400 };
typedef struct {
  char text[SNGP_IMPORT_LIST_SIZE];
  size_t length;
  size_t count, left_out;
} sngp_import_list;

void sngp_import_list_add(sngp_import_list *list, const char *name);
/* The names, and how many more there are; "none". */
const char *sngp_import_list_text(sngp_import_list *list);

/* The arrays that were not used. */
sngp_import_list sngp_import_unused(const sngp_import_state *state);

#endif
