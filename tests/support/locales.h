/* Locales for tests, compiled where the machine has none. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_LOCALES_H
#define SNGP_TESTS_SUPPORT_LOCALES_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOCALE_PATH_SIZE = 512 };

/* Sets the process's locale, for example to de_DE. What it takes is compiled into a folder, whose
   path is written and which leave_locale() removes. */
static inline void enter_locale(const char *name, char folder[LOCALE_PATH_SIZE]) {
  char full_name[64], command[2 * LOCALE_PATH_SIZE];
  const char *parent = getenv("TMPDIR");
  snprintf(folder, LOCALE_PATH_SIZE, "%s/sngp-locale-XXXXXX", parent != NULL ? parent : "/tmp");
  assert_non_null(mkdtemp(folder));
  snprintf(full_name, sizeof full_name, "%s.UTF-8", name);
  snprintf(command, sizeof command, "localedef -i %s -f UTF-8 '%s/%s'", name, folder, full_name);
  if (system(command) != 0) fail_msg("no locale %s: Debian's package locales is needed", full_name);
  setenv("LOCPATH", folder, 1);
  if (setlocale(LC_ALL, full_name) == NULL) fail_msg("locale %s cannot be set", full_name);
}

static inline void leave_locale(const char *folder) {
  char command[2 * LOCALE_PATH_SIZE];
  setlocale(LC_ALL, "C");
  unsetenv("LOCPATH");
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  assert_int_equal(system(command), 0);
}

#endif
