/* The names that arrays of other libraries have: those of the tutorial's classes with the layers of
   Model Garden or edward2, and of the same attributes in PyTorch (docs/import.md). */
#ifndef SNGP_IO_IMPORT_NAMES_H
#define SNGP_IO_IMPORT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* Room for a tensor's name with the largest number of a block. */
enum { SNGP_IMPORT_NAME_SIZE = 40 };

/* Whether an array belongs to a model, not to an optimizer or a checkpoint's accounts. */
bool sngp_import_is_of_model(const char *name);

/* Takes off, in place, what Keras and tf.train.Checkpoint add to the names of a model's attributes,
   and writes '/' as '.'. */
void sngp_import_simplify(char *name);

/* Whether a simplified name is a known one of that tensor of a model. */
bool sngp_import_is_name_of(const char *tensor, const char *name);

/* The number in "block.3.weight"; -1 for tensors that are no weight of a block. */
int64_t sngp_import_block_of_weight(const char *tensor);

/* Whether it is that of a weight of torch.nn.utils.spectral_norm in that block: what the network
   multiplies by is this over its largest singular value. */
bool sngp_import_is_raw_weight(int64_t block, const char *name);

/* Whether it is the matrix of a Keras layer. */
bool sngp_import_is_of_keras(const char *name);

#endif
