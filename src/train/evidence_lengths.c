#include "train/evidence_lengths.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gp/lbfgs.h"
#include "linalg/blas.h"
#include "train/minimize.h"

/* Of the normal prior on each log length, about that of kernel_scale: a column may be a few
   thousand times less relevant than another, but not on a whim of few rows. */
static const double PRIOR_DEVIATION = 2;

/* Of the objective, a log density: less than this is nothing. */
static const double TOLERANCE = 0.01;

/* Each start is followed for so many iterations, the best of them to the end: the evidence has
   several maxima. */
enum { SCOUTING_ITERATIONS = 8 };

/* Multiples of the length that kernel_scale stands for, in factors of two. */
static const double STARTS[] = {-1, 0, 1, 2, 3};
enum { NUM_STARTS = sizeof STARTS / sizeof *STARTS };

/* The range of lambda at a start, relative to |Phi|^2, and how finely it is looked for there. */
static const double LEAST_LAMBDA = 1e-9, MOST_LAMBDA = 1, LAMBDA_TOLERANCE = 0.25;

/* Sufficient decrease (Nocedal and Wright, 2006, section 3.1), and how much of the objective may
   be rounding. */
static const double SUFFICIENT = 1e-4, ROUNDING = 1e-9;
enum { MOST_REDUCTIONS = 12 };

/* Of a parameter, all of them logarithms: of the first step and of any. */
static const double FIRST_STEP = 0.3, LONGEST_STEP = 2;

typedef struct {
  sngp_length_evidence evidence;
  sngp_lbfgs history;
  const sngp_evidence_lengths_settings *settings;
  sngp_evidence_lengths_result *result;
  int64_t num_lengths, count; /* parameters: log lengths, log lambda */
  double *memory;
  double *at, *next, *gradient, *next_gradient, *step; /* (count) each */
  double *best;                                        /* (count): of the starts so far */
  double *noise, *next_noise;                          /* (T) each */
  double value, next_value;                            /* minimised */
} search;

static double prior(const search *s, const double *log_length) {
  double sum = 0;
  for (int64_t j = 0; j < s->num_lengths; j++) sum += log_length[j] * log_length[j];
  return 0.5 * sum / (PRIOR_DEVIATION * PRIOR_DEVIATION);
}

/* The objective at s->next, noise included. */
static void evaluate(search *s) {
  sngp_length_evidence_set(&s->evidence, s->next);
  s->next_value =
      prior(s, s->next) - sngp_length_evidence_value(&s->evidence, s->settings->noise_mode,
                                                     s->next[s->num_lengths], s->next_noise);
}

/* Its gradient there. */
static sngp_status differentiate(search *s) {
  SNGP_TRY(sngp_length_evidence_gradient(&s->evidence, s->next_gradient));
  for (int64_t j = 0; j < s->count; j++) s->next_gradient[j] = -s->next_gradient[j];
  for (int64_t j = 0; j < s->num_lengths; j++)
    s->next_gradient[j] += s->next[j] / (PRIOR_DEVIATION * PRIOR_DEVIATION);
  return SNGP_OK;
}

static void swap(double **a, double **b) {
  double *other = *a;
  *a = *b;
  *b = other;
}

static void take_next(search *s) {
  swap(&s->at, &s->next);
  swap(&s->gradient, &s->next_gradient);
  swap(&s->noise, &s->next_noise);
  s->value = s->next_value;
}

static double value_at_lambda(void *context, double log_lambda) {
  search *s = context;
  return -sngp_length_evidence_value(&s->evidence, s->settings->noise_mode, log_lambda,
                                     s->next_noise);
}

/* Takes the parameters in s->next as the point to go on from. */
static sngp_status begin(search *s) {
  evaluate(s);
  if (!isfinite(s->next_value))
    return sngp_fail(SNGP_ERROR_NUMERICAL,
                     "the evidence of the lengths of the kernel is not finite");
  SNGP_TRY(differentiate(s));
  take_next(s);
  sngp_lbfgs_clear(&s->history);
  return SNGP_OK;
}

/* From the same length for all columns, with its best lambda. */
static sngp_status begin_at(search *s, double log_length) {
  for (int64_t j = 0; j < s->num_lengths; j++) s->next[j] = log_length;
  sngp_length_evidence_set(&s->evidence, s->next);
  double squares = s->evidence.evidence.squares;
  sngp_minimize(value_at_lambda, s, log(LEAST_LAMBDA * squares), log(MOST_LAMBDA * squares),
                LAMBDA_TOLERANCE, &s->next[s->num_lengths]);
  return begin(s);
}

static double largest(const double *x, int64_t count) {
  double most = 0;
  for (int64_t i = 0; i < count; i++) most = fmax(most, fabs(x[i]));
  return most;
}

/* The slope along the step. */
static double choose_step(search *s) {
  memcpy(s->step, s->gradient, (size_t)s->count * sizeof *s->step);
  double scale = s->history.scale;
  if (s->history.length == 0) scale = FIRST_STEP / largest(s->step, s->count);
  sngp_lbfgs_begin(&s->history, s->step);
  for (int64_t i = 0; i < s->count; i++) s->step[i] *= scale;
  sngp_lbfgs_end(&s->history, s->step);
  double most = largest(s->step, s->count), factor = most > LONGEST_STEP ? LONGEST_STEP / most : 1;
  for (int64_t i = 0; i < s->count; i++) s->step[i] *= -factor;
  return sngp_ddot(s->count, s->gradient, s->step);
}

/* The vertex of the parabola through the value, the slope and the value at `share`, within a tenth
   and a half of that. */
static double shorten(double share, double slope, double rise) {
  double vertex = -0.5 * slope * share * share / (rise - slope * share);
  return isfinite(vertex) ? fmin(fmax(vertex, 0.1 * share), 0.5 * share) : 0.25 * share;
}

static bool search_line(search *s, double slope) {
  double share = 1;
  for (int i = 0; i < MOST_REDUCTIONS; i++) {
    memcpy(s->next, s->at, (size_t)s->count * sizeof *s->next);
    sngp_daxpy(s->count, share, s->step, s->next);
    evaluate(s);
    if (s->next_value <= s->value + SUFFICIENT * share * slope + ROUNDING * fabs(s->value)) {
      for (int64_t j = 0; j < s->count; j++) s->step[j] *= share;
      return true;
    }
    share = shorten(share, slope, s->next_value - s->value);
  }
  return false;
}

static sngp_status iterate(search *s, bool *goes_on) {
  double slope = choose_step(s);
  *goes_on = -0.5 * slope > TOLERANCE;
  if (!*goes_on) return SNGP_OK;
  *goes_on = search_line(s, slope);
  if (!*goes_on) {
    *goes_on = s->history.length > 0;
    sngp_lbfgs_clear(&s->history);
    return SNGP_OK;
  }
  SNGP_TRY(differentiate(s));
  double fall = s->value - s->next_value;
  take_next(s);
  *goes_on = fall > TOLERANCE;
  for (int64_t i = 0; i < s->count; i++) /* what was the old gradient is free now */
    s->next_gradient[i] = s->gradient[i] - s->next_gradient[i];
  sngp_lbfgs_add(&s->history, s->step, s->next_gradient, s->next_gradient);
  s->result->iterations++;
  return SNGP_OK;
}

static sngp_status go_on(search *s, int64_t most) {
  const sngp_evidence_lengths_settings *settings = s->settings;
  bool goes_on = true;
  for (int64_t i = 0; goes_on && i < most; i++) {
    SNGP_TRY(iterate(s, &goes_on));
    double evidence = prior(s, s->at) - s->value;
    if (settings->progress != NULL &&
        settings->progress(settings->context, s->result->iterations, evidence) != 0)
      return sngp_fail(SNGP_ERROR_CANCELLED, "the choice of lengths was cancelled");
  }
  return SNGP_OK;
}

/* The best of several starts, followed to the end. */
static sngp_status run(search *s) {
  const size_t bytes = (size_t)s->count * sizeof *s->at;
  double best = INFINITY;
  for (int i = 0; i < NUM_STARTS; i++) {
    SNGP_TRY(begin_at(s, STARTS[i] * log(2)));
    SNGP_TRY(go_on(s, SCOUTING_ITERATIONS));
    if (!(s->value < best)) continue;
    best = s->value;
    memcpy(s->best, s->at, bytes);
  }
  memcpy(s->next, s->best, bytes);
  SNGP_TRY(begin(s));
  return go_on(s, s->settings->max_iterations);
}

static sngp_status take_memory(search *s, int64_t num_targets) {
  s->memory = sngp_allocate((size_t)(6 * s->count + 2 * num_targets), sizeof *s->memory);
  if (s->memory == NULL) return sngp_fail_memory("the search for lengths of the kernel");
  s->at = s->memory;
  s->next = s->at + s->count;
  s->gradient = s->next + s->count;
  s->next_gradient = s->gradient + s->count;
  s->step = s->next_gradient + s->count;
  s->best = s->step + s->count;
  s->noise = s->best + s->count;
  s->next_noise = s->noise + num_targets;
  return sngp_lbfgs_create(&s->history, s->count);
}

/* Into the model. */
static void write_lengths(const search *s, sngp_model *model) {
  const sngp_parameter *parameter = sngp_parameter_find(&model->table, "kernel.log_length");
  if (parameter == NULL) {
    if (s->settings->choose_scale)
      sngp_model_set_scales(model, model->config.kernel_scale * exp(2 * s->at[0]),
                            model->config.radius_scale);
    return;
  }
  float *values = sngp_model_values(model, parameter);
  for (int64_t j = 0; j < s->num_lengths; j++) values[j] = (float)s->at[j];
}

sngp_status sngp_evidence_choose_lengths(sngp_model *model, const sngp_evidence_rows *rows,
                                         const sngp_evidence_lengths_settings *settings,
                                         sngp_pool *pool, double *noise,
                                         sngp_evidence_lengths_result *result) {
  *result = (sngp_evidence_lengths_result){0};
  int64_t trained = model->network.length.count;
  search s = {.settings = settings, .result = result};
  s.num_lengths = trained > 0 ? trained : 1;
  s.count = s.num_lengths + 1;
  sngp_status status =
      sngp_length_evidence_create(&s.evidence, &model->network, rows, s.num_lengths, pool);
  if (status == SNGP_OK) status = take_memory(&s, rows->num_targets);
  if (status == SNGP_OK) {
    memcpy(s.noise, noise, (size_t)rows->num_targets * sizeof *noise);
    memcpy(s.next_noise, noise, (size_t)rows->num_targets * sizeof *noise);
    status = run(&s);
  }
  if (status == SNGP_OK) {
    write_lengths(&s, model);
    memcpy(noise, s.noise, (size_t)rows->num_targets * sizeof *noise);
    result->lambda = exp(s.at[s.num_lengths]);
    result->log_evidence = prior(&s, s.at) - s.value;
  }
  sngp_lbfgs_destroy(&s.history);
  sngp_release(s.memory);
  sngp_length_evidence_destroy(&s.evidence);
  return status;
}
