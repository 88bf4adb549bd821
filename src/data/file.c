#include "data/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

sngp_status sngp_fail_read(const char *path, int error) {
  char reason[128] = "unknown error";
  if (error != 0) (void)!strerror_r(error, reason, sizeof reason);
  return sngp_fail(SNGP_ERROR_READ, "%s: cannot be read: %s", path, reason);
}

sngp_status sngp_file_open(const char *path, FILE **file) {
  *file = fopen(path, "rbe");
  return *file == NULL ? sngp_fail_read(path, errno) : SNGP_OK;
}

sngp_status sngp_file_open_sized(const char *path, int *descriptor, int64_t *size) {
  struct stat about;
  *descriptor = -1;
  /* Opening a pipe must not wait for its writer; regular files know no such waiting. */
  int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (opened < 0) return sngp_fail_read(path, errno);
  if (fstat(opened, &about) != 0) {
    int error = errno;
    close(opened);
    return sngp_fail_read(path, error);
  }
  if (!S_ISREG(about.st_mode)) {
    close(opened);
    return sngp_fail(SNGP_ERROR_READ, "%s: is not a regular file", path);
  }
  *descriptor = opened;
  *size = (int64_t)about.st_size;
  return SNGP_OK;
}
