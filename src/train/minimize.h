/* The minimum of a function of one variable. */
#ifndef SNGP_TRAIN_MINIMIZE_H
#define SNGP_TRAIN_MINIMIZE_H

typedef double (*sngp_function)(void *context, double x);

/* Looks for a minimum of f within (low, high), to about `tolerance` in x: golden sections, with a
   parabola through the three best points in their place where that converges (Brent, "Algorithms
   for Minimization without Derivatives", 1973, chapter 5). Finds the minimum of a function that has
   one, a local one else; where f falls towards an end, a point next to that end. A NaN counts as
   larger than all. Returns the smallest value seen, and where in `x`. */
double sngp_minimize(sngp_function f, void *context, double low, double high, double tolerance,
                     double *x);

#endif
