/**
 * @file model.h
 * @brief The model: configuration, creation, parameters, summary.
 *
 * A model is a residual network with a dense or a Gaussian process head:
 *
 *     h_0     = x W_in + b_in
 *     h_{l+1} = h_l + dropout(relu(h_l W_l + b_l)),     W_l spectrally normalised
 *     dense:    logits = h_L W + b
 *     GP:       logits = phi(h_L) beta + bias,           phi(h) = s cos(g(h) W_r + b_r)
 *
 * or such a head alone, over embeddings of another network (SNGP_BACKBONE_NONE: h_L = x). The
 * cosine is that of the default kernel; others have other features (SNGP_KERNEL_*).
 *
 * (Liu et al., "Simple and Principled Uncertainty Estimation with Deterministic Deep Learning via
 * Distance Awareness", arXiv 2006.10108; "A Simple Approach to Improve Single-Model Deep
 * Uncertainty via Distance-Awareness", arXiv 2205.00403.) Matrices are row-major, weights are
 * (in, out).
 *
 * Functions that take a const model run concurrently on one model, without locks; the others need
 * the model exclusively.
 */
#ifndef SNGP_MODEL_H
#define SNGP_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "sngp/dataset.h"
#include "sngp/preset.h"
#include "sngp/status.h"

SNGP_BEGIN_DECLS

/** An opaque model; from sngp_model_create() or sngp_model_load(), freed by sngp_model_free(). */
typedef struct sngp_model sngp_model;

/** Values of sngp_model_config::task: what a row's outputs say. */
enum {
  SNGP_TASK_CLASSIFICATION = 0, /**< which of num_classes classes it is; datasets with labels */
  SNGP_TASK_REGRESSION = 1,     /**< num_targets numbers; datasets with targets */
  SNGP_TASK_MULTI_LABEL = 2     /**< which of num_targets labels it has, none to all of them, each
                                     with a probability of its own; datasets whose targets are 0
                                     or 1 */
};

/** Values of sngp_model_config::backbone. */
enum {
  SNGP_BACKBONE_RESIDUAL = 0, /**< an input layer and residual blocks */
  SNGP_BACKBONE_NONE = 1      /**< none: the head sits on the inputs themselves, h_L = x, as a user
                                   of embeddings wants it. num_layers, num_hidden, dropout_rate,
                                   spectral_norm_bound, power_iterations and train_input_layer are
                                   ignored. A dense head is then multinomial logistic regression.
                                   Embeddings are as a rule best taken as they are:
                                   SNGP_NORMALIZE_NONE */
};

/** Values of sngp_model_config::head. */
enum {
  SNGP_HEAD_DENSE = 0,           /**< a deterministic network */
  SNGP_HEAD_GAUSSIAN_PROCESS = 1 /**< random features with a Laplace posterior */
};

/** Values of sngp_model_config::normalize_input: the input g of the random features. */
enum {
  SNGP_NORMALIZE_NONE = 0,       /**< g = h / sqrt(kernel_scale) */
  SNGP_NORMALIZE_LAYER_NORM = 1, /**< g = layer_norm(h) / sqrt(kernel_scale), with trainable scale
                                      and offset */
  SNGP_NORMALIZE_RADIUS = 2,     /**< g = [n, radius_scale r] / sqrt(kernel_scale), with
                                      r = sqrt(var(h) + 1e-3), n = (h - mean(h)) / r over the units:
                                      layer norm that keeps the length it divides by */
  SNGP_NORMALIZE_STANDARD = 3    /**< g = n / sqrt(kernel_scale): layer norm without trainable scale
                                      and offset */
};

/**
 * Values of sngp_model_config::kernel: what phi(x) . phi(y) approximates where features are scaled
 * (scale_random_features), M / 2 times that elsewhere, with r = |x - y| of the head's normalised
 * inputs, l^2 = kernel_scale / random_feature_std^2, and t the angle between x and y.
 */
enum {
  SNGP_KERNEL_RBF = 0,        /**< exp(-r^2 / (2 l^2)): cosines, normal frequencies */
  SNGP_KERNEL_MATERN_32 = 1,  /**< (1 + sqrt(3) r / l) exp(-sqrt(3) r / l): cosines, frequencies of
                                   a Student-t distribution with 3 degrees of freedom */
  SNGP_KERNEL_MATERN_52 = 2,  /**< (1 + sqrt(5) r / l + 5 r^2 / (3 l^2)) exp(-sqrt(5) r / l):
                                   cosines, 5 degrees of freedom */
  SNGP_KERNEL_ARC_COSINE = 3, /**< |x| |y| (sin t + (pi - t) cos t) / (pi l^2): relu, no phase (Cho
                                   and Saul, NIPS 2009, order 1). It grows with x and y: variances
                                   far from the data have no ceiling */
  SNGP_KERNEL_LINEAR = 4      /**< x . y / kernel_scale, exactly: phi = g. M is then the number of
                                   columns of g, whatever num_random_features;
                                   scale_random_features, random_feature_std and
                                   orthogonal_features are ignored. No ceiling either */
};

/**
 * Values of sngp_model_config::kernel_scaling: whether training moves the kernel's length scale.
 * The columns of the features' input, divided by sqrt(kernel_scale), are then divided by
 * exp("kernel.log_length") too, which starts at 0 and has no weight decay; kernel_scale is the
 * start, given or chosen by sngp_model_prepare(), and stays.
 */
enum {
  SNGP_KERNEL_SCALING_FIXED = 0,   /**< it does not */
  SNGP_KERNEL_SCALING_TRAINED = 1, /**< one length for all columns */
  SNGP_KERNEL_SCALING_ARD = 2      /**< one length for each column of the features' input: columns
                                        of no use get long ones (automatic relevance
                                        determination) */
};

/**
 * Values of sngp_model_config::likelihood: the weight w of a row in the precision matrix of a GP
 * head, and the loss that training minimises. f are a row's outputs.
 */
enum {
  /** w = 1: one covariance for all outputs, that of the references, which keeps distances to the
      data best. Classification: softmax cross-entropy; multi-label: sum of sigmoid cross-entropies;
      regression: half the sum of squared errors, in units of the scaled targets. */
  SNGP_LIKELIHOOD_GAUSSIAN = 0,
  /** w = p (1 - p) with p = 1 / (1 + exp(-f)). Classification with num_classes 2 has one output
      then, the logit of class 1; multi-label. */
  SNGP_LIKELIHOOD_BINARY_LOGISTIC = 1,
  /** Regression of counts: exp(f) - y f, the rate is exp(f), and w = exp(f), f clamped to
      [-30, 20] in both. Targets are 0 to exp(20), about 4.85e8, and are not scaled. */
  SNGP_LIKELIHOOD_POISSON = 2,
  /** Classification: softmax cross-entropy, with the weights of its Hessian, p_k ([k = l] - p_l).
      Rows that are sure of their class hardly count, so that variances tell less of the distance
      to the data than with SNGP_LIKELIHOOD_GAUSSIAN. */
  SNGP_LIKELIHOOD_SOFTMAX = 3
};

/**
 * Values of sngp_model_config::posterior: the precision matrices of a GP head with O outputs.
 * Where there is one output, or the likelihood is SNGP_LIKELIHOOD_GAUSSIAN, all are the same. What
 * they take, and what factoring takes for its time, is compared with the machine's memory before it
 * is taken: SNGP_ERROR_OUT_OF_MEMORY says how much is wanted and how much is there.
 */
enum {
  SNGP_POSTERIOR_AUTOMATIC = 0,  /**< SHARED for SNGP_LIKELIHOOD_GAUSSIAN and for one output; for
                                      SNGP_LIKELIHOOD_SOFTMAX JOINT while M K is at most 4,096; else
                                      PER_OUTPUT */
  SNGP_POSTERIOR_SHARED = 1,     /**< one (M, M) for all outputs, the mean of their weights: takes
                                    12 M^2 bytes, and 8 M^2 more while it is factored */
  SNGP_POSTERIOR_PER_OUTPUT = 2, /**< one for each output, w_k its own (Liu et al., arXiv
                                    2006.10108, equation 9): takes 12 O M^2 bytes, and 4 O M^2 +
                                    8 M^2 more while they are factored */
  SNGP_POSTERIOR_JOINT = 3 /**< SNGP_LIKELIHOOD_SOFTMAX: one (O M, O M), the Hessian itself, with
                                what classes have in common: takes 12 (O M)^2 bytes, and
                                8 (O M)^2 more while it is factored */
};

/** A model's configuration; fill with sngp_model_config_init() or sngp_model_config_preset(). */
typedef struct sngp_model_config {
  uint32_t struct_size;          /**< set by sngp_model_config_init() */
  int32_t task;                  /**< SNGP_TASK_*; default SNGP_TASK_CLASSIFICATION */
  int64_t input_dim;             /**< D, number of features; must be set; 2 or more where they are
                                      themselves the head's normalised input */
  int64_t num_classes;           /**< K, 2 or more, of classification; must be set; 0 else */
  int32_t backbone;              /**< SNGP_BACKBONE_*; default SNGP_BACKBONE_RESIDUAL */
  int32_t head;                  /**< SNGP_HEAD_*; default SNGP_HEAD_GAUSSIAN_PROCESS */
  int64_t num_layers;            /**< L, residual blocks, 0 or more; default 6 */
  int64_t num_hidden;            /**< H, units of each block, 1 or more, 2 where the head's input is
                                      normalised; default 128 */
  double dropout_rate;           /**< in [0, 1); default 0.1 */
  double spectral_norm_bound;    /**< bound on each block's largest singular value; default 0.9;
                                      0: no spectral normalisation */
  int64_t power_iterations;      /**< per training step, 1 or more; default 1 */
  int32_t train_input_layer;     /**< 0: the input layer stays as drawn (tutorial); default 1 */
  int32_t standardize_inputs;    /**< 1: the model subtracts each column's mean and divides by its
                                      standard deviation, found by sngp_model_prepare() and kept in
                                      the file; default 1, tutorial 0 */
  int64_t num_random_features;   /**< M; default 1024; ignored by SNGP_KERNEL_LINEAR */
  double kernel_scale;           /**< squared length scale of the kernel, exp(-|x-y|^2 / (2
                                      kernel_scale)) for one (SNGP_KERNEL_*), in [1e-30, 1e30]; 0,
                                      the default: chosen by sngp_model_prepare() */
  double radius_scale;           /**< weight of the length under SNGP_NORMALIZE_RADIUS, in
                                      [1e-15, 1e15]; 0, the default: chosen from the data */
  double random_feature_std;     /**< standard deviation of W_r, in [1e-15, 1e15]; 0: sqrt(2 / G), G
                                      the number of columns of g; default 1 */
  int32_t orthogonal_features;   /**< 1: orthogonal random features (Yu et al., arXiv 1610.09072) in
                                      place of independent ones; default 0 */
  int32_t normalize_input;       /**< SNGP_NORMALIZE_*; default SNGP_NORMALIZE_RADIUS */
  int32_t scale_random_features; /**< 1: s = sqrt(2 / M); 0, the default: s = 1. The variance's
                                      ceiling is about 1 with and M / 2 without */
  int32_t likelihood;            /**< SNGP_LIKELIHOOD_*; default SNGP_LIKELIHOOD_GAUSSIAN */
  double ridge;                  /**< added to the precision's diagonal, in [1e-12, 1e12];
                                      default 1 */
  double covariance_momentum;    /**< in (0, 1): moving average; 0 or less: exact sum; default -1 */
  double l2_regularization;      /**< times the sum of squares of the output weights, added to the
                                      loss; default 1e-6 (GP head), ignored by a dense head */
  double mean_field_factor;      /**< of prediction: softmax(logits / sqrt(1 + factor variance));
                                      default pi / 8; negative: no adjustment */
  int64_t seed;                  /**< of every random draw, 0 or more; default 0 */
  const char *const *class_names;   /**< num_classes different names in UTF-8, copied; NULL, the
                                         default: plain numbers */
  const char *const *feature_names; /**< input_dim different names in UTF-8, copied; NULL, the
                                         default: none */
  double temperature; /**< of prediction: the softmax is of logits / temperature, with mean field of
                           logits / (temperature sqrt(1 + factor variance)); in [1e-6, 1e6];
                           default 1 */
  int32_t kernel;     /**< SNGP_KERNEL_*; default SNGP_KERNEL_RBF */
  int32_t kernel_scaling;    /**< SNGP_KERNEL_SCALING_*; default SNGP_KERNEL_SCALING_FIXED */
  int64_t gp_input_dim;      /**< P: a frozen random projection h W_p of h to P columns comes before
                                  the normalisation and the features, W_p (H, P) ~ N(0, 1 / P), which
                                  keeps distances on average; of use where h is wide. 1 or more, 2
                                  where the head's input is normalised; 0, the default: none. Ignored
                                  by a dense head */
  double output_bias;        /**< what a GP head's output bias starts as, the same for each class,
                                  in [-1e15, 1e15]; default 0 */
  int32_t train_output_bias; /**< 1: a GP head's output bias is trained; 0, the default: it stays.
                                  A dense head's always is */
  int64_t num_targets;   /**< T, 1 or more, of regression and multi-label; must be set; 0 else */
  double noise_variance; /**< Gaussian regression: variance of the noise of every target, in the
                              square of their own units, in [1e-30, 1e30]; 0, the default:
                            estimated, one for each target, by the fits */
  double prior_variance; /**< of the output weights: the variance of an output is prior_variance
                              ridge phi P^-1 phi^T with P = ridge I + A, in [1e-15, 1e15]. Default
                            1, the references' convention. Ignored by Gaussian regression, where it
                              is noise / ridge, so that it is noise phi P^-1 phi^T */
  int32_t posterior;     /**< SNGP_POSTERIOR_*; default SNGP_POSTERIOR_AUTOMATIC, which
                              sngp_model_create() replaces by what it means */
  int32_t standardize_targets; /**< Gaussian regression, 1, the default: targets less their mean,
                                    divided by their standard deviation, are what is trained; both
                                    are found by sngp_model_prepare() and kept in the file, and
                                    predictions are in the targets' own units */
  const char *const *target_names; /**< num_targets different names in UTF-8, copied; NULL, the
                                        default: none */
} sngp_model_config;

/**
 * Fills a configuration with the defaults (the preset SNGP_PRESET_DEFAULT).
 *
 * @param size  sizeof(sngp_model_config), so that a program built against an older header works.
 * @return SNGP_ERROR_INVALID_ARGUMENT for NULL or a size that no version had.
 */
SNGP_API sngp_status sngp_model_config_init(sngp_model_config *config, size_t size);

/**
 * Fills an initialised configuration with a preset's values. task, input_dim, num_classes,
 * num_targets, head, likelihood, posterior, seed and the names are left as they are.
 *
 * @param preset  SNGP_PRESET_*.
 */
SNGP_API sngp_status sngp_model_config_preset(sngp_model_config *config, int32_t preset);

/**
 * Checks every field, as sngp_model_create() does.
 *
 * @return SNGP_ERROR_INVALID_ARGUMENT, with a message that names the field, its value and its
 *         range; SNGP_ERROR_UNSUPPORTED; SNGP_ERROR_OUT_OF_MEMORY where sizes overflow.
 */
SNGP_API sngp_status sngp_model_config_validate(const sngp_model_config *config);

/**
 * Creates a model with freshly drawn parameters: Glorot-uniform weights, zero biases (but
 * output_bias), W_r normal
 * with random_feature_std (by the kernel: SNGP_KERNEL_*), b_r uniform over [0, 2 pi); spectral
 * normalisation is applied once.
 *
 * @param config       checked and copied, names included.
 * @param[out] model   owned by the caller; its posterior is that of no data: variances are those
 *                     of the prior.
 * @return as sngp_model_config_validate(); SNGP_ERROR_OUT_OF_MEMORY. Thread-safe.
 */
SNGP_API sngp_status sngp_model_create(const sngp_model_config *config, sngp_model **model);

/**
 * Makes an independent copy of a model, posterior and optimizer moments included.
 *
 * @param[out] clone  owned by the caller.
 */
SNGP_API sngp_status sngp_model_clone(const sngp_model *model, sngp_model **clone);

/**
 * Writes the model's configuration, with what was chosen in place of the zeros.
 *
 * @param[out] config  initialised by sngp_model_config_init(); its names are then borrowed from the
 *                     model and live as long as it.
 * @return SNGP_ERROR_INVALID_ARGUMENT.
 */
SNGP_API sngp_status sngp_model_get_config(const sngp_model *model, sngp_model_config *config);

/**
 * Chooses from training rows what the configuration left to the data, once: input scaling
 * (standardize_inputs; a constant column gets scale 1, and scales have a floor), radius_scale and
 * kernel_scale (each from a seeded subsample of 1,000 rows through the network as created,
 * projected, without dropout; without a backbone of the scaled inputs themselves):
 *
 *     radius_scale^2 = 0.1 median |n_i - n_j|^2 / median (r_i - r_j)^2
 *     kernel_scale   = 0.25 median |g_i - g_j|^2
 *
 * The first sngp_fit() calls it; a model that has chosen, or has nothing to choose, is left as it
 * is. Call it yourself before a lone sngp_train_step().
 *
 * @param training_rows  cols = input_dim; labels are not used.
 * @return SNGP_ERROR_DIMENSION, SNGP_ERROR_NO_ROWS, SNGP_ERROR_NUMERICAL where distances overflow,
 *         SNGP_ERROR_OUT_OF_MEMORY.
 */
SNGP_API sngp_status sngp_model_prepare(sngp_model *model, const sngp_dataset *training_rows);

/**
 * Counts the model's numbers as the tutorial's summary does: u and v of spectral normalisation and
 * the precision matrix count as parameters that are not trainable.
 *
 * @param[out] total      may be NULL.
 * @param[out] trainable  may be NULL.
 */
SNGP_API sngp_status sngp_model_parameter_count(const sngp_model *model, int64_t *total,
                                                int64_t *trainable);

/** One named tensor of a model. */
typedef struct sngp_parameter_info {
  uint32_t struct_size; /**< sizeof(sngp_parameter_info), set by the caller */
  int32_t trainable;    /**< 1: moved by training */
  const char *name;     /**< for example "block.0.weight"; borrowed from the model */
  int64_t rows;         /**< 1 for vectors */
  int64_t cols;         /**< so that there are rows * cols values */
} sngp_parameter_info;

/** @return D, the number of features of a row; 0 for NULL. Thread-safe. */
SNGP_API int64_t sngp_model_input_dim(const sngp_model *model);
/** @return K, the number of classes; 0 for NULL and for other tasks. Thread-safe. */
SNGP_API int64_t sngp_model_num_classes(const sngp_model *model);
/** @return T, the number of targets; 0 for NULL and for classification. Thread-safe. */
SNGP_API int64_t sngp_model_num_targets(const sngp_model *model);
/** @return O, the number of columns of `logits`: K, 1 for a classifier with
    SNGP_LIKELIHOOD_BINARY_LOGISTIC, else T; 0 for NULL. Thread-safe. */
SNGP_API int64_t sngp_model_num_outputs(const sngp_model *model);
/** @return V, the number of columns of `variance`: T for regression; for the other tasks 1 where
    all outputs have the same one, else O; 0 for NULL and for dense heads. Thread-safe. */
SNGP_API int64_t sngp_model_num_variances(const sngp_model *model);

/** @return the number of named float tensors (the posterior is not among them); 0 for NULL. */
SNGP_API int64_t sngp_model_num_tensors(const sngp_model *model);

/**
 * Describes tensor `index`, in [0, sngp_model_num_tensors()). docs/model-format.md lists them.
 *
 * @param[out] info  struct_size set by the caller.
 * @return SNGP_ERROR_INVALID_ARGUMENT naming the index.
 */
SNGP_API sngp_status sngp_model_parameter_info(const sngp_model *model, int64_t index,
                                               sngp_parameter_info *info);

/**
 * Copies a tensor's values, row-major.
 *
 * @param count  length of `values`; must be rows * cols.
 * @return SNGP_ERROR_NOT_FOUND, SNGP_ERROR_DIMENSION.
 */
SNGP_API sngp_status sngp_model_get_parameter(const sngp_model *model, const char *name,
                                              float *values, int64_t count);

/**
 * Sets a tensor's values. The posterior then counts as out of date, but for "noise.variance". A
 * scaling of inputs or of targets whose scale was set is no longer chosen by sngp_model_prepare().
 *
 * @return SNGP_ERROR_NOT_FOUND, SNGP_ERROR_DIMENSION, SNGP_ERROR_NOT_FINITE,
 *         SNGP_ERROR_INVALID_ARGUMENT for a value of "input_scaling.scale", "target_scaling.scale"
 * or "noise.variance" that is not positive.
 */
SNGP_API sngp_status sngp_model_set_parameter(sngp_model *model, const char *name,
                                              const float *values, int64_t count);

/**
 * Sets the factor of mean-field prediction. A dense head stores it and has no use for it.
 *
 * @param factor  finite; negative: no adjustment.
 * @return SNGP_ERROR_INVALID_ARGUMENT. The model is as it was on any error.
 */
SNGP_API sngp_status sngp_model_set_mean_field_factor(sngp_model *model, double factor);

/**
 * Sets the temperature of prediction (Guo et al., "On Calibration of Modern Neural Networks", arXiv
 * 1706.04599): above 1 it makes probabilities less sure, and leaves the classes as they are.
 *
 * @param temperature  in [1e-6, 1e6].
 * @return SNGP_ERROR_INVALID_ARGUMENT. The model is as it was on any error.
 */
SNGP_API sngp_status sngp_model_set_temperature(sngp_model *model, double temperature);

/**
 * Sets the ridge and factors the precision matrix ridge I + A again, from the kept sum A: variances
 * are then those of a model that was trained with this ridge, as the weights do not depend on it;
 * a head in closed form (head.h) is solved anew. Later fits and updates use it too. Where A is a
 * moving average (covariance_momentum above 0), that is of the size of one row's and the ridge
 * weighs accordingly more.
 *
 * Takes M x M doubles for the time of the call, M^3 operations, and factors in the calling thread.
 *
 * @param ridge  in [1e-12, 1e12].
 * @return SNGP_ERROR_INVALID_ARGUMENT, SNGP_ERROR_UNSUPPORTED for a dense head, and for
 *         a head that was fitted by other solvers of head.h with another likelihood than
 *         SNGP_LIKELIHOOD_GAUSSIAN; SNGP_ERROR_POSTERIOR_STALE where the weights or A changed since
 * the posterior was finished, SNGP_ERROR_NUMERICAL, SNGP_ERROR_OUT_OF_MEMORY. The model is as it
 * was on any error.
 */
SNGP_API sngp_status sngp_model_set_ridge(sngp_model *model, double ridge);

/** What the last fit was; all zero for a model that was not trained. */
typedef struct sngp_training_record {
  uint32_t struct_size;       /**< sizeof(sngp_training_record), set by the caller */
  int32_t stopped_early;      /**< 1: early stopping or a callback ended it */
  int64_t rows;               /**< training rows */
  int64_t epochs;             /**< epochs that were completed */
  int64_t steps;              /**< optimizer steps of that fit */
  int64_t batch_size;         /**< rows of a step; an epoch's last one may have fewer */
  double learning_rate;       /**< before the schedule */
  double loss;                /**< of the last epoch, in training mode, L2 term included; NaN where
                                   no epoch was completed, as all below */
  double accuracy;            /**< of the last epoch, in training mode */
  double validation_loss;     /**< NaN without validation rows */
  double validation_accuracy; /**< NaN without validation rows */
  int64_t covariance_rows;    /**< rows in the precision matrix, of whatever call they came from;
                                   each epoch's in a moving average */
  double covariance_jitter;   /**< added to the diagonal to factor it; 0 as a rule */
  int32_t solver;             /**< SNGP_SOLVER_* of a direct fit (head.h), which has no epochs,
                                   steps and losses; 0: trained by gradient steps */
  int32_t reserved;           /**< 0 */
} sngp_training_record;

/** Copies the record of the last fit. */
SNGP_API sngp_status sngp_model_get_training_record(const sngp_model *model,
                                                    sngp_training_record *record);

/**
 * Writes a table of the layers, with shapes and parameter counts, as text.
 *
 * @param buffer        NULL: only the length is wanted.
 * @param size          bytes in buffer, the final NUL included.
 * @param[out] length   length of the whole text without the NUL; may be NULL.
 * @return SNGP_ERROR_INVALID_ARGUMENT when the buffer is too short (nothing is written).
 */
SNGP_API sngp_status sngp_model_summary(const sngp_model *model, char *buffer, int64_t size,
                                        int64_t *length);

/** Frees a model; NULL is accepted. */
SNGP_API void sngp_model_free(sngp_model *model);

SNGP_END_DECLS

#endif
