/* Files opened for reading; messages name the path and the reason. */
#ifndef SNGP_DATA_FILE_H
#define SNGP_DATA_FILE_H

#include <stdio.h>

#include "base/status.h"

/* SNGP_ERROR_READ for an errno. */
sngp_status sngp_fail_read(const char *path, int error);

/* Opens a file of any kind, a pipe too. */
sngp_status sngp_file_open(const char *path, FILE **file);

/* Opens a regular file and tells its size, so that what a header claims can be checked before
   memory is taken. The descriptor is the caller's. */
sngp_status sngp_file_open_sized(const char *path, int *descriptor, int64_t *size);

#endif
