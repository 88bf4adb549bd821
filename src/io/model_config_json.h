/* The configuration of a model as JSON text: the keys are the struct's fields. */
#ifndef SNGP_IO_MODEL_CONFIG_JSON_H
#define SNGP_IO_MODEL_CONFIG_JSON_H

#include "base/status.h"
#include "sngp/model.h"

/* `config` has been checked. The caller releases the text. */
sngp_status sngp_model_config_to_json(const sngp_model_config *config, char **text);

/* Keys that are missing take the default preset's values; input_dim and num_classes must be there.
   The values are not checked, but there are num_classes and input_dim names. The names belong to
   the configuration until sngp_model_config_release_names(). */
sngp_status sngp_model_config_from_json(const char *text, sngp_model_config *config);
void sngp_model_config_release_names(sngp_model_config *config);

#endif
