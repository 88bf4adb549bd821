/* What info says of one model: its configuration and its training. */
#ifndef SNGP_CLI_INFO_FACTS_H
#define SNGP_CLI_INFO_FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "sngp/sngp.h"

/* Of a model, or of a member of an ensemble. */
typedef struct cli_model_facts {
  const sngp_model *model;
  sngp_model_config config;
  sngp_training_record record;
} cli_model_facts;

/* False: the reason has been reported. */
bool cli_model_facts_read(const sngp_model *model, cli_model_facts *facts);

/* As tables, on standard output. */
void cli_config_print(const cli_model_facts *facts);
void cli_record_print(const cli_model_facts *facts);

/* As documents; NULL: out of memory. The record of a model that was not trained is null. */
json_t *cli_config_json(const cli_model_facts *facts);
json_t *cli_record_json(const cli_model_facts *facts);

#endif
