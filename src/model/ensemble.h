/* Ensembles: models of one shape. */
#ifndef SNGP_MODEL_ENSEMBLE_H
#define SNGP_MODEL_ENSEMBLE_H

#include "model/model.h"
#include "sngp/ensemble.h"

/* Far more than anybody trains: to catch slips. Seeds count members in so many bits. */
enum { SNGP_MEMBER_BITS = 12, SNGP_MOST_MEMBERS = 1 << SNGP_MEMBER_BITS };

struct sngp_ensemble {
  sngp_model **members;
  int64_t num_members;
  bool being_fitted; /* a callback of its fit must not change the ensemble */
};

/* An ensemble with room for its members, all NULL. */
sngp_status sngp_ensemble_take(int64_t num_members, sngp_ensemble **ensemble);

/* The seed of a member, from the ensemble's: not negative, and a whole number in double precision
   too. Different for all members of an ensemble. */
int64_t sngp_ensemble_seed(int64_t seed, int64_t member);

/* Whether `model` has the shape of `first`, member 0: one workspace serves both, and their classes
   and columns mean the same. SNGP_ERROR_DIMENSION names the member and the field. */
sngp_status sngp_ensemble_check_shape(const sngp_model *model, int64_t member,
                                      const sngp_model *first);

#endif
