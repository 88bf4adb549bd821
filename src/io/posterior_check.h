/* Does a posterior's root belong to its precision? */
#ifndef SNGP_IO_POSTERIOR_CHECK_H
#define SNGP_IO_POSTERIOR_CHECK_H

#include "base/status.h"
#include "gp/posterior.h"

/* Checks that the data term A is symmetric without negative diagonal, that the root R is lower
   triangular, and that R P R^T = ridge I with P = (ridge + jitter) I + A, of each of its matrices.
   All entries are finite. SNGP_ERROR_FORMAT says what is wrong, and of which output where there are
   several matrices. */
sngp_status sngp_posterior_check(const sngp_posterior *posterior, double ridge);

#endif
