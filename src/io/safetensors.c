#include "io/safetensors.h"

#include <string.h>

/* Tensors are copied byte for byte, and files are little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine is needed");

size_t sngp_dtype_size(const char *dtype) {
  static const struct {
    char name[8];
    size_t size;
  } dtypes[] = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"U16", 2},
      {"I16", 2},  {"F16", 2}, {"BF16", 2}, {"U32", 4},     {"I32", 4},     {"F32", 4},
      {"U64", 8},  {"I64", 8}, {"F64", 8},  {"C64", 8},
  };
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(dtype, dtypes[i].name) == 0) return dtypes[i].size;
  return 0;
}
