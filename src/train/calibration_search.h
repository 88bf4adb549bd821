/* The factor and the temperature that fit held-out rows best. */
#ifndef SNGP_TRAIN_CALIBRATION_SEARCH_H
#define SNGP_TRAIN_CALIBRATION_SEARCH_H

#include <stdbool.h>

#include "train/held_out.h"

/* The factor kept where held-out rows do not tell one: pi / 8 (MacKay, "The Evidence Framework
   Applied to Classification Networks", Neural Computation 4, 1992). */
extern const double SNGP_USUAL_FACTOR;

typedef struct {
  bool factor_at_border; /* the best factor lay at an end of its range; the usual one was kept */
  double objective;      /* NLL and priors */
} sngp_calibration_found;

/* Minimises the NLL of held-out rows, plus the weak priors that weigh as one row,

       (log temperature)^2 / (2 n)   and   log10(factor / (pi / 8))^2 / (2 n)

   over what is to be tuned. `settings` are those of the members: at first how they predict now, in
   the end the best, the same for all; what is not tuned stays each member's own. Where all members
   have one setting, within the ranges, and nothing better is found, it is kept. */
sngp_calibration_found sngp_calibration_search(sngp_held_out *held_out, bool tune_factor,
                                               bool tune_temperature,
                                               sngp_prediction_setting *settings,
                                               int64_t num_settings);

#endif
