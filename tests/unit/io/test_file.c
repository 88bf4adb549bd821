/* Whole files, read and written. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/file.h"
#include "unit/io/scratch.h"

static const char OLD[] = "the old file", NEW[] = "the new file, which is longer";

static void what_was_written_is_read(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "file");
  const size_t sizes[] = {sizeof NEW, 3, 0};
  for (size_t i = 0; i < 3; i++) { /* each replaces the one before */
    assert_int_equal(sngp_file_write(path, NEW, sizes[i]), SNGP_OK);
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(sngp_file_read(path, &bytes, &size), SNGP_OK);
    assert_int_equal(size, sizes[i]);
    assert_memory_equal(bytes, NEW, size);
    sngp_release(bytes);
    assert_int_equal(count_files(folder), 1);
  }
  remove_folder(folder);
}

static void permissions_are_the_systems_for_new_files_and_kept_for_old_ones(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
  struct stat status;
  make_folder(folder);
  path_in(path, folder, "file");
  mode_t mask = umask(027);
  assert_int_equal(sngp_file_write(path, OLD, sizeof OLD), SNGP_OK);
  umask(mask);
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0640);
  assert_int_equal(chmod(path, 0604), 0);
  assert_int_equal(sngp_file_write(path, NEW, sizeof NEW), SNGP_OK);
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0604);
  remove_folder(folder);
}

static void a_symbolic_link_stays_and_its_target_is_replaced(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], other[SCRATCH_PATH_SIZE];
  char link_path[SCRATCH_PATH_SIZE], target[SCRATCH_PATH_SIZE];
  make_folder(folder);
  make_folder(other);
  path_in(link_path, folder, "link");
  path_in(target, other, "target");
  put_file(target, OLD, sizeof OLD);
  assert_int_equal(symlink(target, link_path), 0);
  assert_int_equal(sngp_file_write(link_path, NEW, sizeof NEW), SNGP_OK);
  struct stat status;
  assert_int_equal(lstat(link_path, &status), 0);
  assert_true(S_ISLNK(status.st_mode));
  assert_file_holds(target, NEW, sizeof NEW);
  remove_folder(folder);
  remove_folder(other);
}

/* A limit on file sizes fails a write as a full disk does: after some bytes. */
static void a_write_that_fails_half_way_keeps_the_old_file(void **state) {
  (void)state;
  enum { LIMIT = 1000, SIZE = 100000 };
  static const char large[SIZE] = {1};
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE], fresh[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "file");
  path_in(fresh, folder, "fresh");
  put_file(path, OLD, sizeof OLD);
  struct rlimit limit, old_limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  limit = old_limit;
  limit.rlim_cur = LIMIT;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  sngp_status replacing = sngp_file_write(path, large, SIZE);
  sngp_status creating = sngp_file_write(fresh, large, SIZE);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(replacing, SNGP_ERROR_WRITE);
  assert_int_equal(creating, SNGP_ERROR_WRITE);
  assert_non_null(strstr(sngp_last_error(), fresh));
  assert_non_null(strstr(sngp_last_error(), "File too large"));
  assert_file_holds(path, OLD, sizeof OLD);
  assert_int_equal(count_files(folder), 1); /* neither "fresh" nor a temporary file */
  remove_folder(folder);
}

static void a_place_that_can_not_be_written_is_named(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE], device[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "missing/file");
  assert_int_equal(sngp_file_write(path, NEW, sizeof NEW), SNGP_ERROR_WRITE);
  assert_non_null(strstr(sngp_last_error(), path));
  assert_non_null(strstr(sngp_last_error(), "No such file or directory"));
  assert_int_equal(sngp_file_write(folder, NEW, sizeof NEW), SNGP_ERROR_WRITE);
  assert_non_null(strstr(sngp_last_error(), "not a regular file"));
  assert_int_equal(sngp_file_write("", NEW, sizeof NEW), SNGP_ERROR_WRITE);
  /* a device must not be replaced by a file */
  path_in(device, folder, "device");
  assert_int_equal(symlink("/dev/full", device), 0);
  assert_int_equal(sngp_file_write(device, NEW, sizeof NEW), SNGP_ERROR_WRITE);
  assert_int_equal(count_files(folder), 1);
  if (geteuid() != 0) { /* nothing is closed to the superuser */
    path_in(path, folder, "file");
    assert_int_equal(chmod(folder, 0500), 0);
    assert_int_equal(sngp_file_write(path, NEW, sizeof NEW), SNGP_ERROR_WRITE);
    assert_int_equal(chmod(folder, 0700), 0);
  }
  remove_folder(folder);
}

static void leftovers_of_a_crash_are_in_no_ones_way(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE], leftover[SCRATCH_PATH_SIZE], name[64];
  make_folder(folder);
  path_in(path, folder, "file");
  snprintf(name, sizeof name, ".sngp-%ld-0.tmp", (long)getpid());
  path_in(leftover, folder, name);
  put_file(leftover, OLD, sizeof OLD);
  assert_int_equal(sngp_file_write(path, NEW, sizeof NEW), SNGP_OK);
  assert_file_holds(path, NEW, sizeof NEW);
  assert_file_holds(leftover, OLD, sizeof OLD);
  remove_folder(folder);
}

/* The pipe has no writer: opening it must not wait for one. */
static void only_regular_files_are_read(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
  unsigned char *bytes = NULL;
  size_t size = 0;
  make_folder(folder);
  path_in(path, folder, "missing");
  assert_int_equal(sngp_file_read(path, &bytes, &size), SNGP_ERROR_READ);
  assert_non_null(strstr(sngp_last_error(), "missing: could not be opened: No such file"));
  assert_int_equal(sngp_file_read(folder, &bytes, &size), SNGP_ERROR_READ);
  path_in(path, folder, "pipe");
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(sngp_file_read(path, &bytes, &size), SNGP_ERROR_READ);
  assert_non_null(strstr(sngp_last_error(), "not a regular file"));
  assert_null(bytes);
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_is_read),
      cmocka_unit_test(permissions_are_the_systems_for_new_files_and_kept_for_old_ones),
      cmocka_unit_test(a_symbolic_link_stays_and_its_target_is_replaced),
      cmocka_unit_test(a_write_that_fails_half_way_keeps_the_old_file),
      cmocka_unit_test(a_place_that_can_not_be_written_is_named),
      cmocka_unit_test(leftovers_of_a_crash_are_in_no_ones_way),
      cmocka_unit_test(only_regular_files_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
