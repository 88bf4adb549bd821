/* Whole files: read at once, written whole or not at all. */
#ifndef SNGP_IO_FILE_H
#define SNGP_IO_FILE_H

#include <stddef.h>

#include "base/status.h"

/* Reads a regular file into memory that the caller releases. SNGP_ERROR_READ names the path and the
   system's reason. */
sngp_status sngp_file_read(const char *path, unsigned char **bytes, size_t *size);

/* Writes a file by way of a temporary one in the same folder, which takes its name once every byte
   is on the disk; an older file keeps its permissions, and a symbolic link goes on pointing where
   it does. On failure (SNGP_ERROR_WRITE) the temporary one is gone and an older file is untouched.
 */
sngp_status sngp_file_write(const char *path, const void *bytes, size_t size);

#endif
