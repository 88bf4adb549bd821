#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum {
  REASON_SIZE = 128,
  TEMPORARY_NAME_SIZE = 64, /* ".sngp-PROCESS-NUMBER.tmp" */
  TEMPORARY_NAMES = 1000    /* tried before giving up: left behind by crashes, or in use */
};

static sngp_status fail_system(sngp_status code, const char *action, const char *path, int error) {
  char reason[REASON_SIZE] = "unknown reason";
  strerror_r(error, reason, sizeof reason);
  return sngp_fail(code, "%s: %s: %s", path, action, reason);
}

static sngp_status read_bytes(int file, const char *path, unsigned char *bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t count = read(file, bytes + done, size - done);
    if (count > 0) {
      done += (size_t)count;
    } else if (count == 0) {
      return sngp_fail(SNGP_ERROR_READ, "%s: ended after %zu of its %zu bytes", path, done, size);
    } else if (errno != EINTR) {
      return fail_system(SNGP_ERROR_READ, "could not be read", path, errno);
    }
  }
  return SNGP_OK;
}

static sngp_status read_open_file(int file, const char *path, unsigned char **bytes, size_t *size) {
  struct stat status;
  if (fstat(file, &status) != 0)
    return fail_system(SNGP_ERROR_READ, "could not be read", path, errno);
  if (!S_ISREG(status.st_mode))
    return sngp_fail(SNGP_ERROR_READ, "%s: is not a regular file", path);
  size_t length = (size_t)status.st_size;
  unsigned char *contents = sngp_allocate(length, 1);
  if (contents == NULL) return sngp_fail_memory(path);
  sngp_status result = read_bytes(file, path, contents, length);
  if (result != SNGP_OK) {
    sngp_release(contents);
    return result;
  }
  *bytes = contents;
  *size = length;
  return SNGP_OK;
}

sngp_status sngp_file_read(const char *path, unsigned char **bytes, size_t *size) {
  *bytes = NULL;
  *size = 0;
  /* not waiting, or a pipe without a writer would hold the caller up for ever */
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return fail_system(SNGP_ERROR_READ, "could not be opened", path, errno);
  sngp_status result = read_open_file(file, path, bytes, size);
  close(file);
  return result;
}

/* Length of the folder's part of a path, its last slash included. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Creates a new file beside `target` and writes its name into `name`. The system's own permissions
   for new files apply, as mkstemp()'s would not. */
static int create_temporary(const char *target, char *name, size_t name_size) {
  size_t folder = folder_length(target);
  memcpy(name, target, folder);
  for (int number = 0; number < TEMPORARY_NAMES; number++) {
    snprintf(name + folder, name_size - folder, ".sngp-%ld-%d.tmp", (long)getpid(), number);
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

/* Returns 0 or an error number. */
static int write_bytes(int file, const unsigned char *bytes, size_t size) {
  while (size > 0) {
    ssize_t count = write(file, bytes, size);
    if (count >= 0) {
      bytes += count;
      size -= (size_t)count;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return fsync(file) == 0 ? 0 : errno;
}

/* Makes a rename last through a power failure. Where the system can't, the file is whole anyway. */
static void sync_folder(const char *target, char *name) {
  size_t folder = folder_length(target);
  memcpy(name, target, folder);
  strcpy(name + folder, ".");
  int file = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  (void)fsync(file);
  close(file);
}

/* `existing`: the older file's state, or NULL; `name`: room for the names of temporary files. */
static sngp_status replace(const char *target, const struct stat *existing, const void *bytes,
                           size_t size, char *name, size_t name_size) {
  int file = create_temporary(target, name, name_size);
  if (file < 0) return fail_system(SNGP_ERROR_WRITE, "could not be created", target, errno);
  int error = write_bytes(file, bytes, size);
  /* file systems without permissions refuse, and lose nothing by it */
  if (error == 0 && existing != NULL) (void)fchmod(file, existing->st_mode & 07777);
  if (close(file) != 0 && error == 0) error = errno;
  if (error == 0 && rename(name, target) != 0) error = errno;
  if (error != 0) {
    unlink(name);
    return fail_system(SNGP_ERROR_WRITE, "could not be written", target, error);
  }
  sync_folder(target, name);
  return SNGP_OK;
}

sngp_status sngp_file_write(const char *path, const void *bytes, size_t size) {
  struct stat existing;
  bool exists = stat(path, &existing) == 0;
  /* a rename would put a file in the place of a device or a pipe */
  if (exists && !S_ISREG(existing.st_mode))
    return sngp_fail(SNGP_ERROR_WRITE, "%s: exists and is not a regular file", path);
  char *resolved = exists ? realpath(path, NULL) : NULL; /* through symbolic links */
  if (exists && resolved == NULL)
    return fail_system(SNGP_ERROR_WRITE, "could not be resolved", path, errno);
  const char *target = resolved != NULL ? resolved : path;

  sngp_status result = SNGP_OK;
  size_t name_size = folder_length(target) + TEMPORARY_NAME_SIZE;
  char *name = sngp_allocate(name_size, 1);
  if (name == NULL)
    result = sngp_fail_memory("a file name");
  else
    result = replace(target, exists ? &existing : NULL, bytes, size, name, name_size);
  sngp_release(name);
  free(resolved);
  return result;
}
