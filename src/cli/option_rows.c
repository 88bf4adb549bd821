/* The rows of tables of options. */
#include "cli/options.h"

cli_option cli_flag_option(const char *name, bool *target, const char *help) {
  return (cli_option){.name = name, .kind = CLI_KIND_FLAG, .target = target, .help = help};
}

cli_option cli_text_option(const char *name, const char *value, const char **target,
                           const char *help) {
  return (cli_option){
      .name = name, .value = value, .kind = CLI_KIND_TEXT, .target = target, .help = help};
}

cli_option cli_choice_option(const char *name, const char *const *choices, int32_t *target,
                             const char *help) {
  return (cli_option){.name = name,
                      .value = "NAME",
                      .kind = CLI_KIND_CHOICE,
                      .target = target,
                      .choices = choices,
                      .help = help};
}

cli_option cli_integer_option(const char *name, int64_t minimum, int64_t maximum, int64_t *target,
                              const char *help) {
  return (cli_option){.name = name,
                      .value = "N",
                      .kind = CLI_KIND_INTEGER,
                      .target = target,
                      .minimum = minimum,
                      .maximum = maximum,
                      .help = help};
}

cli_option cli_positive_option(const char *name, double *target, const char *help) {
  return (cli_option){.name = name,
                      .value = "X",
                      .kind = CLI_KIND_REAL,
                      .target = target,
                      .open = true,
                      .help = help};
}

cli_option cli_share_option(const char *name, double *target, const char *help) {
  cli_option option = cli_positive_option(name, target, help);
  option.value = "FRACTION";
  option.upper = 1;
  return option;
}
