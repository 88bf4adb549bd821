#include "cli/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/message.h"

enum { MAX_OPTIONS = 64 };

static cli_option *find_option(const cli_command *command, const char *name, size_t length) {
  for (int g = 0; g < command->num_groups; g++) {
    for (int i = 0; i < command->groups[g].count; i++) {
      cli_option *option = &command->groups[g].options[i];
      if (strlen(option->name) == length && memcmp(option->name, name, length) == 0) return option;
    }
  }
  return NULL;
}

static int fail_unknown(const cli_command *command, const char *name, size_t length) {
  const char *names[MAX_OPTIONS + 1] = {NULL};
  char word[64] = "";
  int count = 0;
  for (int g = 0; g < command->num_groups; g++) {
    for (int i = 0; i < command->groups[g].count && count < MAX_OPTIONS; i++) {
      names[count++] = command->groups[g].options[i].name;
    }
  }
  if (length < sizeof word) memcpy(word, name, length);
  const char *nearest = cli_nearest(word, names);
  if (nearest == NULL) {
    return cli_fail_usage(command->name, "unknown option --%.*s", (int)length, name);
  }
  return cli_fail_usage(command->name, "unknown option --%.*s; did you mean --%s?", (int)length,
                        name, nearest);
}

static int store_integer(const cli_command *command, const cli_option *option, const char *text) {
  int64_t value;
  int64_t maximum = option->maximum != 0 ? option->maximum : INT64_MAX;
  cli_number_result result = cli_parse_integer(text, &value);
  if (result == CLI_NUMBER_MALFORMED) {
    return cli_fail_usage(command->name, "--%s: '%s' is not a whole number", option->name, text);
  }
  if (result == CLI_NUMBER_TOO_LARGE || value < option->minimum || value > maximum) {
    return cli_fail_usage(command->name,
                          "--%s: %s is out of range: it must be from %" PRId64 " to %" PRId64,
                          option->name, text, option->minimum, maximum);
  }
  *(int64_t *)option->target = value;
  return CLI_EXIT_OK;
}

static int store_real(const cli_command *command, const cli_option *option, const char *text) {
  double value;
  cli_number_result result = cli_parse_real(text, &value);
  if (result == CLI_NUMBER_MALFORMED) {
    return cli_fail_usage(command->name, "--%s: '%s' is not a number", option->name, text);
  }
  if (result == CLI_NUMBER_TOO_LARGE) {
    return cli_fail_usage(command->name, "--%s: %s is out of range", option->name, text);
  }
  bool low = option->open ? value <= option->lower : value < option->lower;
  bool high = option->upper > 0 && (option->open ? value >= option->upper : value > option->upper);
  if (low || high) {
    if (option->upper > 0) {
      return cli_fail_usage(command->name, "--%s: %s is not between %g and %g%s", option->name,
                            text, option->lower, option->upper, option->open ? " (exclusive)" : "");
    }
    return cli_fail_usage(command->name, "--%s: %s is not %s%g%s", option->name, text,
                          option->open ? "greater than " : "", option->lower,
                          option->open ? "" : " or more");
  }
  *(double *)option->target = value;
  return CLI_EXIT_OK;
}

static int store_choice(const cli_command *command, const cli_option *option, const char *text) {
  char known[256] = "";
  size_t length = 0;
  for (int i = 0; option->choices[i] != NULL; i++) {
    if (strcmp(option->choices[i], text) == 0) {
      *(int32_t *)option->target = i;
      return CLI_EXIT_OK;
    }
    int written = snprintf(known + length, sizeof known - length, "%s%s", i > 0 ? ", " : "",
                           option->choices[i]);
    if (written > 0 && length + (size_t)written < sizeof known) length += (size_t)written;
  }
  return cli_fail_usage(command->name, "--%s: '%s' is not one of: %s", option->name, text, known);
}

static int store(const cli_command *command, const cli_option *option, int place,
                 const char *text) {
  switch (option->kind) {
    case CLI_KIND_INTEGER: return store_integer(command, option, text);
    case CLI_KIND_REAL: return store_real(command, option, text);
    case CLI_KIND_CHOICE: return store_choice(command, option, text);
    default: break;
  }
  if (text[0] == '\0') return cli_fail_usage(command->name, "--%s: empty value", option->name);
  ((const char **)option->target)[place] = text;
  return CLI_EXIT_OK;
}

static bool looks_like_option(const char *text) { return strncmp(text, "--", 2) == 0; }

/* Reads the option argv[*index] and its values; leaves *index at the last word read. */
static int parse_option(const cli_command *command, int argc, char **argv, int *index) {
  const char *name = argv[*index] + 2;
  const char *equals = strchr(name, '=');
  size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
  cli_option *option = find_option(command, name, length);
  if (option == NULL) return fail_unknown(command, name, length);
  int place = option->given++, most_times = option->most_times > 0 ? option->most_times : 1;
  if (place >= most_times && most_times == 1)
    return cli_fail_usage(command->name, "--%s is given twice", option->name);
  if (place >= most_times)
    return cli_fail_usage(command->name, "--%s is given more than %d times", option->name,
                          most_times);
  if (option->kind == CLI_KIND_FLAG) {
    if (equals != NULL) return cli_fail_usage(command->name, "--%s takes no value", option->name);
    *(bool *)option->target = true;
    return CLI_EXIT_OK;
  }
  int least = option->min_values > 0 ? option->min_values : 1;
  int most = option->max_values > least ? option->max_values : least;
  int count = 0;
  if (equals != NULL) {
    int status = store(command, option, place + count++, equals + 1);
    if (status != CLI_EXIT_OK) return status;
  }
  while (count < most && *index + 1 < argc && !looks_like_option(argv[*index + 1])) {
    int status = store(command, option, place + count++, argv[++*index]);
    if (status != CLI_EXIT_OK) return status;
  }
  if (count >= least) return CLI_EXIT_OK;
  return cli_fail_usage(command->name, "--%s needs %s: %s", option->name,
                        least == 1 ? "a value" : "two values", option->value);
}

static bool asks_for_help(int argc, char **argv) {
  for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
  }
  return false;
}

cli_parse_result cli_options_parse(const cli_command *command, int argc, char **argv,
                                   const char **argument) {
  if (argument != NULL) *argument = NULL;
  if (asks_for_help(argc, argv)) {
    cli_help_print(command);
    return CLI_PARSE_HELP;
  }
  bool options_ended = false;
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i];
    if (!options_ended && strcmp(word, "--") == 0) {
      options_ended = true;
    } else if (!options_ended && looks_like_option(word)) {
      if (parse_option(command, argc, argv, &i) != CLI_EXIT_OK) return CLI_PARSE_ERROR;
    } else if (!options_ended && word[0] == '-' && word[1] != '\0') {
      cli_fail_usage(command->name, "unknown option %s", word);
      return CLI_PARSE_ERROR;
    } else if (argument != NULL && *argument == NULL) {
      if (word[0] == '\0') {
        cli_fail_usage(command->name, "%s is empty", command->argument);
        return CLI_PARSE_ERROR;
      }
      *argument = word;
    } else {
      cli_fail_usage(command->name, "unexpected argument '%s'", word);
      return CLI_PARSE_ERROR;
    }
  }
  if (argument != NULL && *argument == NULL) {
    cli_fail_usage(command->name, "%s is missing (it comes first)", command->argument);
    return CLI_PARSE_ERROR;
  }
  return CLI_PARSE_OK;
}

int cli_parse_status(cli_parse_result result) {
  return result == CLI_PARSE_ERROR ? CLI_EXIT_USAGE : CLI_EXIT_OK;
}

bool cli_option_given(const cli_option *options, int count, const char *name) {
  int i = 0;
  while (i < count && (options[i].name == NULL || strcmp(options[i].name, name) != 0)) i++;
  return i < count && options[i].given > 0;
}
