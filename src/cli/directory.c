#include "cli/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/output_file.h"

bool cli_directory_check(const char *directory) {
  struct stat information;
  if (stat(directory, &information) != 0) return cli_output_check(directory);
  if (!S_ISDIR(information.st_mode)) {
    cli_fail("cannot write into %s: it is not a directory", directory);
    return false;
  }
  if (access(directory, W_OK | X_OK) != 0) {
    cli_fail("cannot write into %s: %s", directory, strerror(errno));
    return false;
  }
  return true;
}

bool cli_directory_make(const char *directory) {
  if (mkdir(directory, 0777) == 0 || errno == EEXIST) return true;
  cli_fail("cannot make the directory %s: %s", directory, strerror(errno));
  return false;
}

char *cli_directory_path(const char *directory, const char *name) {
  size_t size = strlen(directory) + strlen(name) + 2;
  char *path = malloc(size);
  if (path == NULL) {
    cli_fail("out of memory for a path");
    return NULL;
  }
  snprintf(path, size, "%s/%s", directory, name);
  return path;
}

bool cli_directory_write(const char *directory, const char *name,
                         void (*write_contents)(const void *context, FILE *stream),
                         const void *context) {
  char *path = cli_directory_path(directory, name);
  if (path == NULL) return false;
  cli_output output;
  bool good = cli_output_open(&output, path);
  if (good) {
    write_contents(context, output.stream);
    good = cli_output_commit(&output);
  }
  free(path);
  return good;
}

void cli_directory_remove(const char *directory, const char *name) {
  char *path = cli_directory_path(directory, name);
  if (path != NULL) unlink(path);
  free(path);
}
