/* Random orthonormal columns. */
#ifndef SNGP_LINALG_ORTHOGONAL_H
#define SNGP_LINALG_ORTHOGONAL_H

#include <stdint.h>

#include "base/status.h"

/* In place: A (n, n), normal draws, becomes the Q of its QR factorisation, with the signs that make
   it uniformly (Haar) distributed: rows and columns are orthonormal. */
sngp_status sngp_orthonormalize(int64_t n, double *a);

#endif
