#include "train/minimize.h"

#include <math.h>
#include <stdbool.h>

/* The smaller part of a golden section, (3 - sqrt 5) / 2. */
static const double SMALLER_PART = 0.38196601125010515;

/* More than any range in double precision takes. */
enum { MOST_STEPS = 200 };

typedef struct {
  double x, value;
} point;

/* The function at x; a NaN counts as larger than all. */
static point look(sngp_function f, void *context, double x) {
  double value = f(context, x);
  return (point){x, isnan(value) ? (double)INFINITY : value};
}

typedef struct {
  double low, high;          /* the minimum lies between */
  point best, second, third; /* of the points seen; third was second before */
  double step, step_before;
} bracket;

/* The step from the best point to the vertex of the parabola through the three, where it lies in
   the bracket and is less than half the step before the last one (so that steps shrink). */
static bool parabola_step(const bracket *b, double *step) {
  double to_second = b->second.x - b->best.x, to_third = b->third.x - b->best.x;
  double rise_second = b->second.value - b->best.value, rise_third = b->third.value - b->best.value;
  double numerator = to_second * to_second * rise_third - to_third * to_third * rise_second;
  double denominator = 2 * (to_second * rise_third - to_third * rise_second);
  *step = numerator / denominator;
  double x = b->best.x + *step;
  return isfinite(*step) && x > b->low && x < b->high && fabs(*step) < fabs(b->step_before) / 2;
}

static double next_step(bracket *b, double tolerance) {
  double middle = (b->low + b->high) / 2, step = 0;
  if (parabola_step(b, &step)) {
    double x = b->best.x + step; /* not too near the ends, either */
    if (x - b->low < 2 * tolerance || b->high - x < 2 * tolerance)
      step = b->best.x < middle ? tolerance : -tolerance;
    b->step_before = b->step;
  } else { /* into the larger part */
    b->step_before = (b->best.x < middle ? b->high : b->low) - b->best.x;
    step = SMALLER_PART * b->step_before;
  }
  b->step = step;
  return fabs(step) >= tolerance ? step : copysign(tolerance, step);
}

static void take(bracket *b, point seen) {
  if (seen.value <= b->best.value) {
    *(seen.x < b->best.x ? &b->high : &b->low) = b->best.x;
    b->third = b->second;
    b->second = b->best;
    b->best = seen;
    return;
  }
  *(seen.x < b->best.x ? &b->low : &b->high) = seen.x;
  if (seen.value <= b->second.value || b->second.x == b->best.x) {
    b->third = b->second;
    b->second = seen;
  } else if (seen.value <= b->third.value || b->third.x == b->best.x || b->third.x == b->second.x) {
    b->third = seen;
  }
}

double sngp_minimize(sngp_function f, void *context, double low, double high, double tolerance,
                     double *x) {
  point first = look(f, context, low + SMALLER_PART * (high - low));
  bracket b = {low, high, first, first, first, 0, 0};
  for (int i = 0; i < MOST_STEPS; i++) {
    double middle = (b.low + b.high) / 2;
    if (fabs(b.best.x - middle) <= 2 * tolerance - (b.high - b.low) / 2) break;
    take(&b, look(f, context, b.best.x + next_step(&b, tolerance)));
  }
  *x = b.best.x;
  return b.best.value;
}
