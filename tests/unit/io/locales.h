/* Locales for tests, made where the machine has none; include cmocka.h first. */
#ifndef SNGP_TESTS_IO_LOCALES_H
#define SNGP_TESTS_IO_LOCALES_H

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>

#include "unit/io/scratch.h"

/* Sets the process's locale, for example de_DE; false where the machine has neither the locale nor
   what it is made from. leave_locale() goes back and removes what was made. */
static inline bool enter_locale(const char *name, char folder[SCRATCH_PATH_SIZE]) {
  char full_name[64], command[2 * SCRATCH_PATH_SIZE];
  make_folder(folder);
  snprintf(full_name, sizeof full_name, "%s.UTF-8", name);
  if (setlocale(LC_ALL, full_name) != NULL) return true;
  snprintf(command, sizeof command, "localedef -i %s -f UTF-8 '%s/%s' 2>/dev/null", name, folder,
           full_name);
  if (system(command) != 0) return false;
  setenv("LOCPATH", folder, 1);
  return setlocale(LC_ALL, full_name) != NULL;
}

static inline void leave_locale(const char *folder) {
  char command[2 * SCRATCH_PATH_SIZE];
  setlocale(LC_ALL, "C");
  unsetenv("LOCPATH");
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  assert_int_equal(system(command), 0);
}

#endif
