/* Direct fits of GP heads. */
#ifndef SNGP_TRAIN_HEAD_FIT_H
#define SNGP_TRAIN_HEAD_FIT_H

#include "train/row_source.h"

sngp_head_fit_config sngp_head_fit_config_default(void);
sngp_status sngp_head_fit_config_check(const sngp_head_fit_config *config);

/* sngp_head_fit_batches() of a checked configuration. */
sngp_status sngp_head_fit_run(sngp_model *model, const sngp_row_source *source,
                              const sngp_head_fit_config *config, sngp_head_fit_result *result);

#endif
