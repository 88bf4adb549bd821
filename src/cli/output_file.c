#include "cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"

/* The temporary file of the output being written, for the signal handler. */
static char removable[PATH_MAX];
static volatile sig_atomic_t removable_set;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { NUM_ENDING_SIGNALS = sizeof ending_signals / sizeof ending_signals[0] };

static void remove_and_end(int number) {
  if (removable_set) unlink(removable);
  signal(number, SIG_DFL);
  raise(number);
}

static void guard(const char *temporary) {
  if (temporary == NULL || strlen(temporary) >= sizeof removable) {
    removable_set = 0;
    for (int i = 0; i < NUM_ENDING_SIGNALS; i++) {
      if (signal(ending_signals[i], SIG_DFL) == SIG_IGN) signal(ending_signals[i], SIG_IGN);
    }
    return;
  }
  strcpy(removable, temporary);
  removable_set = 1;
  for (int i = 0; i < NUM_ENDING_SIGNALS; i++) {
    if (signal(ending_signals[i], remove_and_end) == SIG_IGN) signal(ending_signals[i], SIG_IGN);
  }
}

/* The directory that `path` lies in; slashes at its end do not count. */
static char *directory_of(const char *path) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  while (length > 0 && path[length - 1] != '/') length--;
  if (length == 0) return strdup(".");
  return strndup(path, length);
}

bool cli_output_check(const char *path) {
  struct stat information;
  if (stat(path, &information) == 0) {
    if (S_ISDIR(information.st_mode)) {
      cli_fail("cannot write %s: it is a directory", path);
      return false;
    }
    if (!S_ISREG(information.st_mode)) {
      cli_fail("cannot write %s: it is not a regular file", path);
      return false;
    }
  } else if (errno != ENOENT) {
    cli_fail("cannot write %s: %s", path, strerror(errno));
    return false;
  }
  char *directory = directory_of(path);
  bool good = directory != NULL && stat(directory, &information) == 0;
  if (good && !S_ISDIR(information.st_mode)) {
    errno = ENOTDIR;
    good = false;
  }
  good = good && access(directory, W_OK | X_OK) == 0;
  if (!good) cli_fail("cannot write %s: %s", path, strerror(errno));
  free(directory);
  return good;
}

bool cli_output_spares(const char *path, const char *input) {
  struct stat written, read;
  if (path == NULL || input == NULL || stat(path, &written) != 0 || stat(input, &read) != 0 ||
      !S_ISREG(written.st_mode) || written.st_dev != read.st_dev || written.st_ino != read.st_ino) {
    return true;
  }
  cli_fail("--out %s would overwrite the input %s: they are the same file", path, input);
  return false;
}

/* A new file beside `path`; its name goes to output->temporary. */
static int create_temporary(cli_output *output, mode_t mode) {
  size_t size = strlen(output->path) + 32;
  output->temporary = malloc(size);
  if (output->temporary == NULL) return -1;
  for (int attempt = 0; attempt < 100; attempt++) {
    snprintf(output->temporary, size, "%s.%ld-%d.tmp", output->path, (long)getpid(), attempt);
    int file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

static bool fail_open(cli_output *output, const char *path) {
  cli_fail("cannot write %s: %s", path, strerror(errno));
  if (output->temporary != NULL) unlink(output->temporary);
  free(output->path);
  free(output->temporary);
  *output = (cli_output){0};
  return false;
}

bool cli_output_open(cli_output *output, const char *path) {
  *output = (cli_output){0};
  if (path == NULL) {
    output->stream = stdout;
    return true;
  }
  output->name = path;
  struct stat information;
  bool exists = stat(path, &information) == 0;
  if (exists && S_ISDIR(information.st_mode)) errno = EISDIR;
  if (exists && S_ISDIR(information.st_mode)) return fail_open(output, path);
  /* Through a symbolic link the file behind it is replaced, not the link. */
  output->path = exists ? realpath(path, NULL) : strdup(path);
  if (output->path == NULL) return fail_open(output, path);
  if (exists && !S_ISREG(information.st_mode)) {
    output->stream = fopen(path, "w");
    return output->stream != NULL || fail_open(output, path);
  }
  int file = create_temporary(output, 0666);
  if (file < 0) {
    free(output->temporary);
    output->temporary = NULL;
    return fail_open(output, path);
  }
  guard(output->temporary);
  if (exists && fchmod(file, information.st_mode & 07777) != 0) errno = 0; /* best effort */
  output->stream = fdopen(file, "w");
  if (output->stream == NULL) {
    close(file);
    guard(NULL);
    return fail_open(output, path);
  }
  return true;
}

static void forget(cli_output *output) {
  free(output->path);
  free(output->temporary);
  *output = (cli_output){0};
}

bool cli_output_commit(cli_output *output) {
  if (output->path == NULL) {
    forget(output);
    return cli_standard_output_finish();
  }
  errno = 0;
  bool good = fflush(output->stream) == 0 && !ferror(output->stream);
  if (good && output->temporary != NULL) good = fsync(fileno(output->stream)) == 0;
  int reason = errno;
  if (fclose(output->stream) != 0 && good) {
    good = false;
    reason = errno;
  }
  if (good && output->temporary != NULL && rename(output->temporary, output->path) != 0) {
    good = false;
    reason = errno;
  }
  if (!good) {
    cli_fail("cannot write %s: %s", output->name, reason != 0 ? strerror(reason) : "write error");
    if (output->temporary != NULL) unlink(output->temporary);
  }
  if (output->temporary != NULL) guard(NULL);
  forget(output);
  return good;
}

void cli_output_discard(cli_output *output) {
  if (output->path != NULL) {
    fclose(output->stream);
    if (output->temporary != NULL) {
      unlink(output->temporary);
      guard(NULL);
    }
  }
  forget(output);
}

bool cli_standard_output_finish(void) {
  static bool reported;
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout)) return true;
  if (!reported) {
    cli_fail("cannot write to standard output: %s", errno != 0 ? strerror(errno) : "write error");
  }
  reported = true;
  return false;
}
