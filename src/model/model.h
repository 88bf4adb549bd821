/* The model: configuration, parameter blocks, network, posterior. */
#ifndef SNGP_MODEL_MODEL_H
#define SNGP_MODEL_MODEL_H

#include "gp/posterior.h"
#include "gp/statistics.h"
#include "model/network.h"
#include "model/parameters.h"
#include "sngp/model.h"

/* What a model has once it was given data. */
typedef struct {
  bool input_scaling;  /* where inputs are standardised */
  bool target_scaling; /* where targets are */
  bool statistics; /* sums of a head in closed form, which are the weights' and the posterior's */
} sngp_model_holds;

struct sngp_model {
  sngp_model_config config; /* scales chosen from data in place of the zeros; names owned below */
  char **class_names;       /* one block each, or NULL */
  char **feature_names;
  char **target_names;
  sngp_parameter_table table;
  float *trainable; /* the blocks that `table` describes */
  float *frozen;
  sngp_model_holds holds;
  sngp_network network;       /* views into the blocks */
  sngp_posterior posterior;   /* GP head only; size 0 otherwise */
  sngp_statistics statistics; /* over the posterior's precision, where the model holds them; size 0
                                 otherwise */
  float *moments[2];          /* the optimizer's, each trainable_size; NULL before the first step */
  int32_t moments_algorithm;
  sngp_training_record training;
  bool being_fitted; /* within sngp_fit(): its callback must not change the model */
};

/* A model of a configuration that is checked here, with zeros for parameters (input scaling 0 and
   1), and the posterior of no data. */
sngp_status sngp_model_allocate(const sngp_model_config *config, sngp_model **model);

/* Draws the initial parameters and projects them once. */
sngp_status sngp_model_draw(sngp_model *model);

/* Projects the normalised blocks; pool NULL: in this thread. */
sngp_status sngp_model_project(sngp_model *model, int64_t iterations, sngp_pool *pool);

/* Sets the chosen scales in configuration and network. */
void sngp_model_set_scales(sngp_model *model, double kernel_scale, double radius_scale);

/* Sets the variance of an output's noise, in units of the scaled targets, as far as single
   precision goes. */
void sngp_model_set_noise(sngp_model *model, int64_t output, double variance);

/* The same for all outputs where the configuration gives it, in the targets' own units: to be
   called when the scaling of targets changes. */
void sngp_model_set_given_noise(sngp_model *model);

/* SNGP_ERROR_POSTERIOR_STALE, naming the call to make, where a GP head's posterior is out of date.
 */
sngp_status sngp_model_check_posterior(const sngp_model *model);

/* A configuration that differs in numbers only, where its ranges hold. */
sngp_status sngp_model_take_config(sngp_model *model, const sngp_model_config *changed);

/* Takes memory for the sums of a head in closed form, of no rows yet but for what the posterior's
   precision has; the model holds them from then on. */
sngp_status sngp_model_take_statistics(sngp_model *model);

/* They are not those of weights and posterior any more. */
void sngp_model_drop_statistics(sngp_model *model);

/* All of `from` but its names moves into the model, which has the same ones, and `from` is freed:
   the end of work on a copy. */
void sngp_model_replace(sngp_model *model, sngp_model *from);

/* Makes sure that the first `count` moment blocks exist. */
sngp_status sngp_model_take_moments(sngp_model *model, int count);

/* Sets the moments that exist to zero. */
void sngp_model_clear_moments(sngp_model *model);

/* An independent copy, posterior and moments included. */
sngp_status sngp_model_copy(const sngp_model *model, sngp_model **copy);

/* The record of the last fit, with the posterior's own account of itself: rows and jitter. */
sngp_training_record sngp_model_record(const sngp_model *model);

/* Where a tensor's values lie. */
float *sngp_model_values(const sngp_model *model, const sngp_parameter *parameter);

/* The same for the tensor of that name, which the model has. */
float *sngp_model_tensor(const sngp_model *model, const char *name);

/* Sets the output weights (M, O) and, behind them in `parameters`, the biases (O). */
void sngp_model_set_output(sngp_model *model, const double *parameters);

/* What the model still has to choose from data, in words; NULL: nothing. */
const char *sngp_model_still_to_choose(const sngp_model *model);

/* SNGP_ERROR_NOT_PREPARED, naming it, where something is still to be chosen. */
sngp_status sngp_model_check_prepared(const sngp_model *model);

/* Checks a configuration (of this library's own size). */
sngp_status sngp_model_config_check(const sngp_model_config *config);

/* Whether a configuration may have this ridge. */
bool sngp_model_is_ridge(double value);

/* The ridge nearest to a value that a configuration may have. */
double sngp_model_nearest_ridge(double value);

/* The same for the prior variance. */
double sngp_model_nearest_prior(double value);

/* The defaults of a preset; input_dim and num_classes 0. */
sngp_model_config sngp_model_config_default(int32_t preset);

#endif
