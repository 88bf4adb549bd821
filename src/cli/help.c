#include "cli/help.h"

#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 27 };

static void print_option(const cli_option *option) {
  int width = printf("  --%s", option->name);
  if (option->value != NULL) width += printf(" %s", option->value);
  if (width > HELP_COLUMN - 2) {
    putchar('\n');
    width = 0;
  }
  for (const char *line = option->help; line != NULL;) {
    const char *end = strchr(line, '\n');
    int length = (int)(end != NULL ? (size_t)(end - line) : strlen(line));
    printf("%*s%.*s\n", HELP_COLUMN - width, "", length, line);
    width = 0;
    line = end != NULL ? end + 1 : NULL;
  }
}

void cli_help_print(const cli_command *command) {
  printf("Usage: sngp %s %s\n\n%s\n", command->name, command->usage, command->purpose);
  for (int g = 0; g < command->num_groups; g++) {
    const cli_option_group *group = &command->groups[g];
    printf("\n%s\n", group->heading);
    for (int i = 0; i < group->count; i++) print_option(&group->options[i]);
  }
  printf("\nExamples\n%s\n", command->examples);
}
