#include "train/ridge_search.h"

#include <math.h>
#include <stdlib.h>

const double SNGP_MULTIPLES[SNGP_NUM_MULTIPLES] = {0.25, 0.5, 1, 2};

enum { MOST_DECADES = 6 };
static const double USUAL_SQUARE = 512;

double sngp_usual_ridge(double mean_square) {
  return sngp_model_nearest_ridge(mean_square / USUAL_SQUARE);
}

static double decades_from(double usual, int decades) {
  return sngp_model_nearest_ridge(usual * pow(10, decades));
}

sngp_status sngp_ridge_search(sngp_ridge_judge judge, void *context, double usual, double *ridge,
                              double *loss) {
  int best = 0;
  SNGP_TRY(judge(context, usual, loss));
  for (int direction = -1; direction <= 1 && best == 0; direction += 2)
    for (int decade = direction; abs(decade) <= MOST_DECADES; decade += direction) {
      double found = 0;
      SNGP_TRY(judge(context, decades_from(usual, decade), &found));
      if (!(found < *loss)) break;
      *loss = found;
      best = decade;
    }
  *ridge = decades_from(usual, best);
  return SNGP_OK;
}
