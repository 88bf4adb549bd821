/* What the tests of datasets share: files made of bytes, and failures compared. */
#ifndef SNGP_TESTS_UNIT_DATA_SUPPORT_H
#define SNGP_TESTS_UNIT_DATA_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sngp/dataset.h"

typedef struct {
  char path[512];
} scratch_file;

/* A new file with the given bytes, in the test's scratch folder. */
static inline scratch_file file_of_bytes(const void *bytes, size_t length) {
  scratch_file file;
  const char *folder = getenv("TMPDIR");
  snprintf(file.path, sizeof file.path, "%s/data-XXXXXX", folder != NULL ? folder : "/tmp");
  int descriptor = mkstemp(file.path);
  assert_true(descriptor >= 0);
  for (size_t done = 0; done < length;) {
    ssize_t written = write(descriptor, (const char *)bytes + done, length - done);
    assert_true(written > 0);
    done += (size_t)written;
  }
  assert_int_equal(close(descriptor), 0);
  return file;
}

static inline scratch_file file_of_text(const char *text) {
  return file_of_bytes(text, strlen(text));
}

static inline void remove_file(const scratch_file *file) {
  assert_int_equal(unlink(file->path), 0);
}

/* A call failed with this status, and its message holds this text. */
static inline void check_failure(sngp_status status, sngp_status expected, const char *part,
                                 const char *file, int line) {
  if (status == expected && strstr(sngp_last_error(), part) != NULL) return;
  print_error("%s, not %s; \"%s\" was to hold \"%s\"\n", sngp_status_name(status),
              sngp_status_name(expected), sngp_last_error(), part);
  _fail(file, line);
}

#define assert_fails(call, expected, part) \
  check_failure((call), (expected), (part), __FILE__, __LINE__)

/* A call succeeded; else its message is shown. */
static inline void check_success(sngp_status status, const char *file, int line) {
  if (status == SNGP_OK) return;
  print_error("%s: %s\n", sngp_status_name(status), sngp_last_error());
  _fail(file, line);
}

#define assert_succeeds(call) check_success((call), __FILE__, __LINE__)

/* Numbers that do not matter, the same at every run: Park and Miller's generator. */
static inline uint32_t next_number(uint32_t *state) {
  *state = (uint32_t)((uint64_t)*state * 16807u % 2147483647u);
  return *state;
}

/* A pointer that no call may leave as it is. */
static inline sngp_dataset *poisoned(void) { return (sngp_dataset *)(uintptr_t)64; }

#endif
