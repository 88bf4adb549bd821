/* Mean and standard deviation of JSON documents, number by number. */
#ifndef SNGP_CLI_JSON_STATISTICS_H
#define SNGP_CLI_JSON_STATISTICS_H

#include <jansson.h>

/* The numbers of the documents in the array `documents`, one or more of the same form, each
   replaced by the mean over the documents, or by the sample standard deviation (divisor n - 1).
   Objects and arrays keep their nesting; what is no number in every document is left out, and what
   is left empty by that too. A null counts as a number that is not defined: the result is null, as
   is the deviation of one document. NULL: out of memory, or there is no number at all. */
json_t *cli_json_mean(const json_t *documents);
json_t *cli_json_standard_deviation(const json_t *documents);

#endif
