/* What commands have to say: JSON documents and words. */
#ifndef SNGP_CLI_REPORT_H
#define SNGP_CLI_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "sngp/sngp.h"

/* A number; null for a NaN or an infinity, which JSON lacks. */
json_t *cli_json_real(double value);

typedef struct cli_json_number {
  const char *key;
  double value;
} cli_json_number;

/* An object of numbers, each as by cli_json_real(); NULL: out of memory. */
json_t *cli_json_numbers(const cli_json_number *numbers, int count);

/* Puts "name" before what an object holds: names[index], or null where there are no names. Takes
   the object; NULL: out of memory. */
json_t *cli_json_named(const char *const *names, int64_t index, json_t *object);

/* {"total", "trainable"} of a model's parameters. */
json_t *cli_json_parameters(const sngp_model *model);

/* The variances of the noise of a regression's targets, in the squares of their units. */
json_t *cli_json_noise(const sngp_model *model);

/* The epochs of a history as an array of objects. */
json_t *cli_json_history(const sngp_history *history);

/* A document as text, owned by the caller; NULL without memory, which has been reported. */
char *cli_json_text(const json_t *document);

/* Prints a document on standard output and releases it; NULL is a failure to take memory.
   False: the reason has been reported. */
bool cli_json_print(json_t *document);

enum { CLI_COUNT_SIZE = 32 };

/* Writes a count with a comma between thousands; returns `text`. */
const char *cli_format_count(int64_t count, char text[CLI_COUNT_SIZE]);

/* A number in a column of ten places, of four decimals; '-' for a NaN. And a line of a table of
   measures. */
void cli_print_column(double value);
void cli_print_measure(const char *title, double value);

/* "SNGP, 1,283,714 parameters (101,120 trainable)" and a newline. */
void cli_print_model_line(const sngp_model *model, const char *heading);

#endif
