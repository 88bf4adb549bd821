/* The configuration of a network by its arrays. */
#ifndef SNGP_IO_IMPORT_CONFIG_H
#define SNGP_IO_IMPORT_CONFIG_H

#include "io/import_state.h"
#include "sngp/model.h"

/* Finds sizes and parts from the arrays, and takes everything else from the settings and the
   preset. SNGP_ERROR_FORMAT lists the tensors that no array was found for, and the arrays that are
   left over. The configuration is checked; its names are released by
   sngp_model_config_release_names(), on failure too. */
sngp_status sngp_import_find_config(sngp_import_state *state, sngp_model_config *config);

#endif
