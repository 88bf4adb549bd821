/* Features and weights of rows that are the same whatever rows they are computed with, so that a
   row that leaves a sum takes away what it brought. */
#ifndef SNGP_TRAIN_STEADY_ROWS_H
#define SNGP_TRAIN_STEADY_ROWS_H

#include "model/model.h"

/* Rows that a pass is to have room for. BLAS takes other ways for fewer rows, which round
   differently. */
enum { SNGP_STEADY_ROWS = 64 };

/* The features of the rows that are set in a pass; what else is in it is used up. */
void sngp_steady_features(const sngp_network *network, sngp_pass *pass, int64_t rows);

/* Then, for a likelihood that has them, the weights of these rows (rows, O) (gp/curvature.h). */
void sngp_steady_curvature(const sngp_model *model, const sngp_pass *pass, int64_t rows,
                           double *curvature);

#endif
