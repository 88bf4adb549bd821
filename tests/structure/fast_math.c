/* A library linked with -ffast-math, which host_state must find guilty. */
extern double sngp_fast_math_sum(double a, double b);
double sngp_fast_math_sum(double a, double b) { return a + b; }
