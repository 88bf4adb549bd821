/* Split conformal prediction sets; see sngp/conformal.h. */
#ifndef SNGP_PREDICT_CONFORMAL_H
#define SNGP_PREDICT_CONFORMAL_H

#include "base/status.h"
#include "sngp/conformal.h"

sngp_conformal_config sngp_conformal_config_default(void);
sngp_status sngp_conformal_config_check(const sngp_conformal_config *config);

/* sngp_conformal_calibrate() and sngp_conformal_sets() of checked arguments. */
sngp_status sngp_conformal_find_threshold(const float *probabilities, int64_t rows,
                                          int64_t num_classes, const int32_t *labels,
                                          const sngp_conformal_config *config, double *threshold);
sngp_status sngp_conformal_fill_sets(const float *probabilities, int64_t rows, int64_t num_classes,
                                     const sngp_conformal_config *config, double threshold,
                                     uint8_t *sets);

#endif
