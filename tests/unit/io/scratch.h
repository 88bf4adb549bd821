/* Temporary folders and whole files for tests; include cmocka.h first. */
#ifndef SNGP_TESTS_IO_SCRATCH_H
#define SNGP_TESTS_IO_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRATCH_PATH_SIZE = 512 };

/* Makes a folder, whose path it writes. */
static inline void make_folder(char folder[SCRATCH_PATH_SIZE]) {
  const char *parent = getenv("TMPDIR");
  snprintf(folder, SCRATCH_PATH_SIZE, "%s/sngp-io-XXXXXX", parent != NULL ? parent : "/tmp");
  assert_non_null(mkdtemp(folder));
}

static inline void path_in(char path[SCRATCH_PATH_SIZE], const char *folder, const char *name) {
  assert_true(snprintf(path, SCRATCH_PATH_SIZE, "%s/%s", folder, name) < SCRATCH_PATH_SIZE);
}

/* How many files a folder holds, hidden ones too. */
static inline int count_files(const char *folder) {
  DIR *directory = opendir(folder);
  assert_non_null(directory);
  int count = 0;
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
  closedir(directory);
  return count;
}

/* Removes a folder and the files in it. */
static inline void remove_folder(const char *folder) {
  DIR *directory = opendir(folder);
  assert_non_null(directory);
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    char path[SCRATCH_PATH_SIZE + 256];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlink(path);
  }
  closedir(directory);
  assert_int_equal(rmdir(folder), 0);
}

/* Where a text first occurs in some bytes, or NULL. */
static inline const char *find_text(const void *bytes, size_t size, const char *text) {
  size_t length = strlen(text);
  for (size_t i = 0; i + length <= size; i++)
    if (memcmp((const char *)bytes + i, text, length) == 0) return (const char *)bytes + i;
  return NULL;
}

static inline void put_file(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static inline void assert_file_holds(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *found = malloc(size + 1);
  assert_non_null(found);
  assert_int_equal(fread(found, 1, size + 1, file), size);
  assert_memory_equal(found, bytes, size);
  free(found);
  fclose(file);
}

#endif
