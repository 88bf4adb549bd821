#include "train/calibration_search.h"

#include <math.h>

#include "train/minimize.h"

#define PI 3.14159265358979323846
const double SNGP_USUAL_FACTOR = PI / 8;

/* Below a tenth of pi / 8 the distance is all but switched off; a hundred times as much is beyond
   the factors of published models (0.1 to 30), and there factor and temperature can hardly be told
   apart. */
static const double SMALLEST_FACTOR = PI / 80, LARGEST_FACTOR = 100 * PI / 8;
static const double SMALLEST_TEMPERATURE = 0.05, LARGEST_TEMPERATURE = 20;

/* Points of the coarse grids, half a decade of the factor and one unit of log temperature apart. */
enum { FACTOR_POINTS = 7, TEMPERATURE_POINTS = 7 };

/* In the logarithm: of the last digits that rows by the thousand can tell. */
static const double FACTOR_TOLERANCE = 1e-3, TEMPERATURE_TOLERANCE = 1e-4;

/* A factor this close (in the logarithm) to an end of its range lies at it. */
static const double AT_BORDER = 0.01;

typedef struct {
  sngp_held_out *held_out;
  sngp_prediction_setting *settings; /* of the members */
  int64_t num_settings;
  bool sets_factor, sets_temperature; /* in the members' settings */
  bool tune_factor;                   /* not where the usual one was kept */
  sngp_prediction_setting setting;    /* what is being looked at */
  double low, high;                   /* log temperature lies between */
  sngp_prediction_setting best;
  double objective; /* of the best */
} search;

static void set_members(const search *s, sngp_prediction_setting setting) {
  for (int64_t m = 0; m < s->num_settings; m++) {
    if (s->sets_factor) s->settings[m].factor = setting.factor;
    if (s->sets_temperature) s->settings[m].temperature = setting.temperature;
  }
}

static double evaluate(search *s) {
  double log_temperature = s->sets_temperature ? log(s->setting.temperature) : 0;
  double decades = s->tune_factor ? log10(s->setting.factor / SNGP_USUAL_FACTOR) : 0;
  set_members(s, s->setting);
  double objective =
      sngp_held_out_nll(s->held_out, s->settings, s->num_settings) +
      (log_temperature * log_temperature + decades * decades) / (2 * s->held_out->num_counted);
  if (objective < s->objective) {
    s->objective = objective;
    s->best = s->setting;
  }
  return objective;
}

static double at_temperature(void *context, double log_temperature) {
  search *s = context;
  s->setting.temperature = exp(log_temperature);
  return evaluate(s);
}

/* With the best temperature between s->low and s->high. */
static double at_factor(void *context, double log_factor) {
  search *s = context;
  s->setting.factor = exp(log_factor);
  double best = 0;
  return sngp_minimize(at_temperature, s, s->low, s->high, TEMPERATURE_TOLERANCE, &best);
}

/* With the temperature as it is. */
static double at_factor_alone(void *context, double log_factor) {
  search *s = context;
  s->setting.factor = exp(log_factor);
  return evaluate(s);
}

static double grid_step(double smallest, double largest, int points) {
  return log(largest / smallest) / (points - 1);
}

static void bracket_temperature(search *s, double log_temperature, double reach) {
  s->low = fmax(log_temperature - reach, log(SMALLEST_TEMPERATURE));
  s->high = fmin(log_temperature + reach, log(LARGEST_TEMPERATURE));
}

/* The best temperature of the factor that is being looked at. */
static void look_over_temperatures(search *s) {
  double step = grid_step(SMALLEST_TEMPERATURE, LARGEST_TEMPERATURE, TEMPERATURE_POINTS);
  double least = (double)INFINITY, best = log(SMALLEST_TEMPERATURE);
  for (int i = 0; i < TEMPERATURE_POINTS; i++) {
    double log_temperature = log(SMALLEST_TEMPERATURE) + i * step;
    double objective = at_temperature(s, log_temperature);
    if (objective >= least) continue;
    least = objective;
    best = log_temperature;
  }
  bracket_temperature(s, best, step);
  sngp_minimize(at_temperature, s, s->low, s->high, TEMPERATURE_TOLERANCE, &best);
}

/* Over a grid, then between the neighbours of its best point. Where the factor moves by that much
   the temperature that makes up for it moves by half of it at most. */
static void look_over_factors(search *s) {
  double step = grid_step(SMALLEST_FACTOR, LARGEST_FACTOR, FACTOR_POINTS), at = 0;
  for (int i = 0; i < FACTOR_POINTS; i++) {
    s->setting.factor = SMALLEST_FACTOR * exp(i * step);
    if (s->sets_temperature)
      look_over_temperatures(s);
    else
      evaluate(s);
  }
  bracket_temperature(s, log(s->best.temperature), step);
  sngp_minimize(s->sets_temperature ? at_factor : at_factor_alone, s,
                fmax(log(s->best.factor) - step, log(SMALLEST_FACTOR)),
                fmin(log(s->best.factor) + step, log(LARGEST_FACTOR)), FACTOR_TOLERANCE, &at);
}

static void run(search *s) {
  s->objective = (double)INFINITY;
  if (s->tune_factor)
    look_over_factors(s);
  else if (s->sets_temperature)
    look_over_temperatures(s);
  else
    evaluate(s);
}

static bool within(double value, double smallest, double largest) {
  return value >= smallest && value <= largest;
}

static bool at_border(double factor) {
  return !within(factor, SMALLEST_FACTOR * exp(AT_BORDER), LARGEST_FACTOR * exp(-AT_BORDER));
}

/* Whether what was could be what is found. */
static bool is_candidate(const search *s, sngp_prediction_setting current, bool border) {
  for (int64_t m = 1; m < s->num_settings; m++)
    if ((s->sets_factor && s->settings[m].factor != current.factor) ||
        (s->sets_temperature && s->settings[m].temperature != current.temperature))
      return false;
  if (s->sets_temperature &&
      !within(current.temperature, SMALLEST_TEMPERATURE, LARGEST_TEMPERATURE))
    return false;
  if (border) return current.factor == SNGP_USUAL_FACTOR;
  return !s->sets_factor || !at_border(current.factor);
}

sngp_calibration_found sngp_calibration_search(sngp_held_out *held_out, bool tune_factor,
                                               bool tune_temperature,
                                               sngp_prediction_setting *settings,
                                               int64_t num_settings) {
  const sngp_prediction_setting current = settings[0];
  search s = {.held_out = held_out,
              .settings = settings,
              .num_settings = num_settings,
              .sets_factor = tune_factor,
              .sets_temperature = tune_temperature,
              .tune_factor = tune_factor,
              .setting = current,
              .best = current};
  bool kept = is_candidate(&s, current, false), kept_at_border = is_candidate(&s, current, true);
  run(&s);
  bool border = tune_factor && at_border(s.best.factor);
  if (border) {
    s.tune_factor = false;
    s.setting = (sngp_prediction_setting){SNGP_USUAL_FACTOR, current.temperature};
    run(&s);
  }
  s.setting = current;
  if (border ? kept_at_border : kept) evaluate(&s);
  set_members(&s, s.best);
  return (sngp_calibration_found){border, s.objective};
}
