/* Public structs start with struct_size and grow at the end only. These copy between the struct of
   the caller, which may be older (smaller) or newer (larger), and the library's own. */
#ifndef SNGP_BASE_STRUCT_SIZE_H
#define SNGP_BASE_STRUCT_SIZE_H

#include <stddef.h>

#include "base/status.h"

/* The size of a struct that ends with `field`: that of the first version, by its last field. */
#define SNGP_END_OF(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

/* Copies a caller's configuration over `own`, which holds the defaults. `smallest` is the size of
   the first version. A larger struct is accepted where the bytes unknown here are zero. */
sngp_status sngp_struct_import(void *own, size_t own_size, size_t smallest, const void *callers,
                               const char *type);

/* Copies `own` into a caller's struct as far as its struct_size goes, which stays as it is. */
sngp_status sngp_struct_export(const void *own, size_t own_size, size_t smallest, void *callers,
                               const char *type);

/* For the _init functions: writes the defaults `own` into a caller's struct of `size` bytes, zeros
   beyond what is known, and sets its struct_size. */
sngp_status sngp_struct_init(const void *own, size_t own_size, size_t smallest, void *callers,
                             size_t size, const char *type);

#endif
