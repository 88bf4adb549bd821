/* Options on the command line: tables from which both the parser and --help work. */
#ifndef SNGP_CLI_OPTIONS_H
#define SNGP_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum {
  CLI_KIND_FLAG,    /* no value; target: bool */
  CLI_KIND_TEXT,    /* target: const char *, an array of max_values of them, or of most_times */
  CLI_KIND_INTEGER, /* target: int64_t */
  CLI_KIND_REAL,    /* target: double */
  CLI_KIND_CHOICE   /* target: int32_t, the place among `choices` */
};

/* What a count holds whose option was not given, where there is no default to hold. */
enum { CLI_NOT_GIVEN = -1 };

/* The library's limit of epochs, blocks, units and random features. */
enum { CLI_LARGEST_SIZE = 1 << 24 };

/* Values from `minimum` or `lower` on; a maximum or upper limit of 0 means none. */
typedef struct cli_option {
  const char *name;  /* without the dashes */
  const char *value; /* as --help calls it; NULL for a flag */
  const char *help;  /* lines separated by newlines */
  int kind;
  void *target;
  int min_values, max_values; /* of text; 0: 1 */
  int most_times;             /* that a text of one value may be given; 0: 1 */
  const char *const *choices; /* ends with NULL */
  int64_t minimum, maximum;   /* of an integer */
  double lower, upper;        /* of a real number */
  bool open;                  /* the limits of a real number are excluded */
  int given;                  /* how many times; set by the parser */
} cli_option;

/* The rows of a table of options; what they lack is set afterwards. */
cli_option cli_flag_option(const char *name, bool *target, const char *help);
cli_option cli_text_option(const char *name, const char *value, const char **target,
                           const char *help);
cli_option cli_choice_option(const char *name, const char *const *choices, int32_t *target,
                             const char *help);
cli_option cli_integer_option(const char *name, int64_t minimum, int64_t maximum, int64_t *target,
                              const char *help);
/* A number above 0; a share, which is between 0 and 1. */
cli_option cli_positive_option(const char *name, double *target, const char *help);
cli_option cli_share_option(const char *name, double *target, const char *help);

typedef struct cli_option_group {
  const char *heading;
  cli_option *options;
  int count;
} cli_option_group;

typedef struct cli_command {
  const char *name;     /* "train" */
  const char *usage;    /* what follows the name */
  const char *purpose;  /* paragraphs */
  const char *examples; /* lines of two blanks and a command */
  const char *argument; /* name of the one argument that is no option; NULL: there is none */
  cli_option_group *groups;
  int num_groups;
} cli_command;

typedef enum { CLI_PARSE_OK, CLI_PARSE_HELP, CLI_PARSE_ERROR } cli_parse_result;

/* Whether an option of that name is among those of a table, and was given. */
bool cli_option_given(const cli_option *options, int count, const char *name);

/* The exit status of a command that ends with its command line. */
int cli_parse_status(cli_parse_result result);

/* Reads argv[0 ... argc - 1], which follow the command's name. --help prints the help on standard
   output; an error has been reported. `argument` is NULL when the command has none. */
cli_parse_result cli_options_parse(const cli_command *command, int argc, char **argv,
                                   const char **argument);

typedef enum {
  CLI_NUMBER_GOOD,
  CLI_NUMBER_MALFORMED,
  CLI_NUMBER_TOO_LARGE /* a number, but beyond what the type holds, of either sign */
} cli_number_result;

/* Whole decimal numbers; no blanks, no hexadecimal digits, no infinities, '.' before decimals
   whatever the environment. */
cli_number_result cli_parse_integer(const char *text, int64_t *value);
cli_number_result cli_parse_real(const char *text, double *value);

/* The one of `words` (ends with NULL) that `word` was probably meant to be: the only one that
   begins with it, else the nearest one; NULL: none is near. */
const char *cli_nearest(const char *word, const char *const *words);

#endif
