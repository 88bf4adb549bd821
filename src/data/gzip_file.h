/* A file that may be compressed with gzip: both kinds read the same. */
#ifndef SNGP_DATA_GZIP_FILE_H
#define SNGP_DATA_GZIP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct sngp_gzip_file sngp_gzip_file;

/* The path must stay valid until the file is closed. A gzip file in a build without zlib is
   SNGP_ERROR_UNSUPPORTED. */
sngp_status sngp_gzip_file_open(const char *path, sngp_gzip_file **file);
void sngp_gzip_file_close(sngp_gzip_file *file);

/* The most bytes that may come out: the size of a plain file; what deflate can make of a
   compressed one. A header that claims more is wrong, whatever follows. */
int64_t sngp_gzip_file_limit(const sngp_gzip_file *file);

/* Reads `size` bytes, or fewer at the end of the file: `count` tells. At the end of a compressed
   file its check sum has been compared. */
sngp_status sngp_gzip_file_read(sngp_gzip_file *file, void *bytes, size_t size, size_t *count);

#endif
