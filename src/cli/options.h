/* Options on the command line: tables from which both the parser and --help work. */
#ifndef SNGP_CLI_OPTIONS_H
#define SNGP_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum {
  CLI_KIND_FLAG,    /* no value; target: bool */
  CLI_KIND_TEXT,    /* target: const char *, an array of max_values of them */
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
  const char *const *choices; /* ends with NULL */
  int64_t minimum, maximum;   /* of an integer */
  double lower, upper;        /* of a real number */
  bool open;                  /* the limits of a real number are excluded */
  bool given;                 /* set by the parser */
} cli_option;

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
