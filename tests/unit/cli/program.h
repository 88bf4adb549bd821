/* Runs the program of the build as a child, for the tests here. */
#ifndef UNIT_CLI_PROGRAM_H
#define UNIT_CLI_PROGRAM_H

#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder of this process under the build folder. */
static inline const char *scratch_folder(void) {
  static char folder[512];
  if (folder[0] == '\0') {
    snprintf(folder, sizeof folder, "%s/cli-XXXXXX", SNGP_TEST_SCRATCH);
    if (mkdtemp(folder) == NULL) abort();
    if (chdir(folder) != 0) abort();
  }
  return folder;
}

/* Removes the files named (NULL ends the list) and the folder. */
static inline void remove_scratch(const char *const *files) {
  for (int i = 0; files[i] != NULL; i++) unlink(files[i]);
  if (chdir("/") != 0) abort();
  rmdir(scratch_folder());
}

/* Starts the program with words separated by single blanks; what it writes to `stream`,
   STDOUT_FILENO or STDERR_FILENO, goes to the file `output`. */
static inline pid_t start_program_with(const char *words, int stream, const char *output) {
  pid_t child = fork();
  if (child != 0) return child;
  char text[1024];
  char *arguments[64] = {(char[]){"sngp"}};
  int count = 1;
  snprintf(text, sizeof text, "%s", words);
  for (char *word = strtok(text, " "); word != NULL && count < 63; word = strtok(NULL, " "))
    arguments[count++] = word;
  int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || dup2(file, stream) < 0) _exit(99);
  execv(SNGP_PROGRAM, arguments);
  _exit(98);
}

static inline pid_t start_program(const char *words, const char *output) {
  return start_program_with(words, STDOUT_FILENO, output);
}

static inline int end_of_program(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int run_program(const char *words, const char *output) {
  return end_of_program(start_program(words, output));
}

/* The whole of a file as the one JSON document that it must be. */
static inline json_t *read_document(const char *path) {
  json_error_t error;
  json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
  if (document == NULL) fprintf(stderr, "%s: %d: %s\n", path, error.line, error.text);
  return document;
}

static inline double number(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

/* Whether an object has exactly the keys, in this order, separated by single blanks. */
static inline bool has_keys(const json_t *object, const char *keys) {
  char found[1024] = "";
  const char *key;
  json_t *value;
  if (!json_is_object(object)) return false;
  json_object_foreach((json_t *)object, key, value) {
    size_t length = strlen(found);
    snprintf(found + length, sizeof found - length, "%s%s", length > 0 ? " " : "", key);
  }
  if (strcmp(found, keys) == 0) return true;
  fprintf(stderr, "keys are '%s' in place of '%s'\n", found, keys);
  return false;
}

#endif
