/* The compressed data of RFC 1951, by zlib. */
#ifndef SNGP_IO_DEFLATE_H
#define SNGP_IO_DEFLATE_H

#include <stddef.h>

#include "base/status.h"

/* At most 258 bytes come of two bits: 1032 of one byte. */
enum { SNGP_DEFLATE_LARGEST_RATIO = 1032 };

/* Unpacks all of `packed`, which must give `size` bytes, no more and no fewer: SNGP_ERROR_FORMAT
   otherwise. SNGP_ERROR_UNSUPPORTED in a build without zlib. */
sngp_status sngp_inflate(const unsigned char *packed, size_t packed_size, unsigned char *bytes,
                         size_t size);

#endif
