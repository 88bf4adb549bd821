/* The tensors of a model in a file. */
#ifndef SNGP_IO_MODEL_TENSORS_H
#define SNGP_IO_MODEL_TENSORS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/safetensors.h"
#include "model/model.h"

enum {
  SNGP_PREFIX_SIZE = 32, /* room for any number */
  SNGP_TENSOR_NAME_SIZE = SNGP_PREFIX_SIZE + SNGP_PARAMETER_NAME_SIZE
};

/* What the names of a member's tensors and metadata begin with: "member.3."; nothing for the model
   of a file that holds one. */
void sngp_member_prefix(int64_t member, char prefix[SNGP_PREFIX_SIZE]);

/* Writes prefix and name, of a tensor or of metadata, into `text`, which it returns. */
const char *sngp_prefixed(const char *prefix, const char *name, char text[SNGP_TENSOR_NAME_SIZE]);

/* In the order of a file: elements of 8 bytes come first, so that all are aligned. */
typedef struct {
  sngp_tensor *tensors;
  size_t count;
  char (*names)[SNGP_TENSOR_NAME_SIZE];
} sngp_tensor_list;

/* Lists the tensors of a configuration and its table, without data; their names begin with
   `prefix`. Of what models get from data only what this one holds is among them. To be destroyed on
   failure too. */
sngp_status sngp_tensor_list_create(const char *prefix, const sngp_model_config *config,
                                    const sngp_parameter_table *table,
                                    const sngp_model_holds *holds, sngp_tensor_list *list);
void sngp_tensor_list_destroy(sngp_tensor_list *list);

/* Points the data at the values of a model that has these tensors. */
void sngp_tensor_list_bind(sngp_tensor_list *list, const sngp_model *model);

#endif
