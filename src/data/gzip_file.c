#include "data/gzip_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/file.h"

#ifdef SNGP_WITH_ZLIB

#include <zlib.h>

enum {
  BUFFER_SIZE = 1 << 17,
  MOST_AT_ONCE = 1 << 30,
  /* Deflate makes at most 258 bytes of two bits: 1032 of one byte. */
  LARGEST_RATIO = 1032
};

struct sngp_gzip_file {
  const char *path;
  gzFile stream;
  int64_t size;
};

sngp_status sngp_gzip_file_open(const char *path, sngp_gzip_file **out) {
  int descriptor = -1;
  int64_t size = 0;
  *out = NULL;
  SNGP_TRY(sngp_file_open_sized(path, &descriptor, &size));
  sngp_gzip_file *file = sngp_allocate(1, sizeof *file);
  gzFile stream = file != NULL ? gzdopen(descriptor, "rb") : NULL;
  if (stream == NULL) {
    close(descriptor);
    sngp_release(file);
    return sngp_fail_memory("a file");
  }
  gzbuffer(stream, BUFFER_SIZE);
  *file = (sngp_gzip_file){path, stream, size};
  *out = file;
  return SNGP_OK;
}

void sngp_gzip_file_close(sngp_gzip_file *file) {
  if (file == NULL) return;
  gzclose(file->stream);
  sngp_release(file);
}

int64_t sngp_gzip_file_limit(const sngp_gzip_file *file) {
  if (gzdirect(file->stream)) return file->size;
  return file->size < INT64_MAX / LARGEST_RATIO ? file->size * LARGEST_RATIO : INT64_MAX;
}

static sngp_status fail(const sngp_gzip_file *file) {
  int system_error = errno, error = Z_OK;
  const char *reason = strstr(gzerror(file->stream, &error), ": "); /* behind zlib's file name */
  switch (error) {
    case Z_ERRNO: return sngp_fail_read(file->path, system_error);
    case Z_MEM_ERROR: return sngp_fail_memory("decompression");
    case Z_BUF_ERROR:
      return sngp_fail(SNGP_ERROR_FORMAT, "%s: the compressed data end too early", file->path);
    default:
      return sngp_fail(SNGP_ERROR_FORMAT, "%s: the compressed data are damaged%s", file->path,
                       reason != NULL ? reason : "");
  }
}

sngp_status sngp_gzip_file_read(sngp_gzip_file *file, void *bytes, size_t size, size_t *count) {
  *count = 0;
  while (*count < size) {
    size_t left = size - *count;
    unsigned wanted = left < MOST_AT_ONCE ? (unsigned)left : MOST_AT_ONCE;
    errno = 0;
    int got = gzread(file->stream, (char *)bytes + *count, wanted);
    if (got < 0) return fail(file);
    *count += (size_t)got;
    if ((unsigned)got < wanted) break;
  }
  if (*count == size) return SNGP_OK;
  /* A stream that breaks off gives what it has, and says so here. */
  int error = Z_OK;
  gzerror(file->stream, &error);
  return error == Z_OK || error == Z_STREAM_END ? SNGP_OK : fail(file);
}

#else

#include <stdio.h>

struct sngp_gzip_file {
  const char *path;
  FILE *stream;
  int64_t size;
};

static bool is_compressed(FILE *stream) {
  int first = getc(stream), second = getc(stream);
  rewind(stream);
  return first == 0x1f && second == 0x8b;
}

sngp_status sngp_gzip_file_open(const char *path, sngp_gzip_file **out) {
  int descriptor = -1;
  int64_t size = 0;
  *out = NULL;
  SNGP_TRY(sngp_file_open_sized(path, &descriptor, &size));
  sngp_gzip_file *file = sngp_allocate(1, sizeof *file);
  FILE *stream = file != NULL ? fdopen(descriptor, "rb") : NULL;
  if (stream == NULL) {
    close(descriptor);
    sngp_release(file);
    return sngp_fail_memory("a file");
  }
  *file = (sngp_gzip_file){path, stream, size};
  if (is_compressed(stream)) {
    sngp_gzip_file_close(file);
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "%s: is compressed with gzip, and this build of libsngp has no zlib", path);
  }
  *out = file;
  return SNGP_OK;
}

void sngp_gzip_file_close(sngp_gzip_file *file) {
  if (file == NULL) return;
  fclose(file->stream);
  sngp_release(file);
}

int64_t sngp_gzip_file_limit(const sngp_gzip_file *file) { return file->size; }

sngp_status sngp_gzip_file_read(sngp_gzip_file *file, void *bytes, size_t size, size_t *count) {
  errno = 0;
  *count = fread(bytes, 1, size, file->stream);
  return ferror(file->stream) ? sngp_fail_read(file->path, errno) : SNGP_OK;
}

#endif
