/* The network once more, in double precision, row by row, straight from its definition and from the
   values that sngp_model_get_parameter() gives. Include after <cmocka.h>. */
#ifndef SNGP_TESTS_SUPPORT_REFERENCE_H
#define SNGP_TESTS_SUPPORT_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

#include "support/small_model.h"

typedef struct {
  char name[40];
  int64_t rows, cols;
  int32_t trainable;
  double *values;
} reference_tensor;

typedef struct {
  sngp_model_config config;
  double focal_gamma;          /* 0: the loss is the cross-entropy */
  const double *class_weights; /* borrowed; NULL: all 1 */
  int64_t num_tensors;
  reference_tensor *tensors;
} reference;

static inline reference read_reference(const sngp_model *model) {
  reference r = {.config = small_config(), .num_tensors = sngp_model_num_tensors(model)};
  assert_ok(sngp_model_get_config(model, &r.config));
  r.tensors = take((size_t)r.num_tensors, sizeof *r.tensors);
  for (int64_t i = 0; i < r.num_tensors; i++) {
    reference_tensor *tensor = &r.tensors[i];
    sngp_parameter_info info = {.struct_size = sizeof info};
    assert_ok(sngp_model_parameter_info(model, i, &info));
    strncpy(tensor->name, info.name, sizeof tensor->name - 1);
    tensor->rows = info.rows;
    tensor->cols = info.cols;
    tensor->trainable = info.trainable;
    int64_t count = 0;
    float *values = parameter_of(model, info.name, &count);
    tensor->values = take((size_t)count, sizeof *tensor->values);
    for (int64_t k = 0; k < count; k++) tensor->values[k] = (double)values[k];
    free(values);
  }
  return r;
}

static inline void free_reference(reference *r) {
  for (int64_t i = 0; i < r->num_tensors; i++) free(r->tensors[i].values);
  free(r->tensors);
}

static inline double *tensor_values(const reference *r, const char *name) {
  for (int64_t i = 0; i < r->num_tensors; i++)
    if (strcmp(r->tensors[i].name, name) == 0) return r->tensors[i].values;
  fail_msg("no tensor %s", name);
  return NULL;
}

static inline double *block_values(const reference *r, int64_t block, const char *part) {
  char name[40];
  snprintf(name, sizeof name, "block.%d.%s", (int)block, part);
  return tensor_values(r, name);
}

/* y = x W + b */
static inline void reference_affine(const double *x, int64_t in, const double *w, const double *b,
                                    int64_t out, double *y) {
  for (int64_t j = 0; j < out; j++) {
    y[j] = b[j];
    for (int64_t i = 0; i < in; i++) y[j] += x[i] * w[i * out + j];
  }
}

/* Columns of the hidden representation: H, or D where the head sits on the inputs. */
static inline int64_t reference_hidden_width(const reference *r) {
  return r->config.backbone == SNGP_BACKBONE_NONE ? r->config.input_dim : r->config.num_hidden;
}

/* Columns of what a GP head normalises: P, or the hidden width without a projection. */
static inline int64_t reference_head_width(const reference *r) {
  return r->config.gp_input_dim > 0 ? r->config.gp_input_dim : reference_hidden_width(r);
}

/* M, or the columns of g where these are the features. */
static inline int64_t reference_num_features(const reference *r) {
  int64_t radius = r->config.normalize_input == SNGP_NORMALIZE_RADIUS;
  return r->config.kernel == SNGP_KERNEL_LINEAR ? reference_head_width(r) + radius
                                                : r->config.num_random_features;
}

static inline void reference_hidden(const reference *r, const float *x, double *h) {
  int64_t inputs = r->config.input_dim, hidden = reference_hidden_width(r);
  double *scaled = take((size_t)inputs, sizeof *scaled), *z = take((size_t)hidden, sizeof *z);
  for (int64_t j = 0; j < inputs; j++) {
    scaled[j] = (double)x[j];
    if (r->config.standardize_inputs)
      scaled[j] = (scaled[j] - tensor_values(r, "input_scaling.mean")[j]) /
                  tensor_values(r, "input_scaling.scale")[j];
  }
  bool residual = r->config.backbone == SNGP_BACKBONE_RESIDUAL;
  if (residual)
    reference_affine(scaled, inputs, tensor_values(r, "input.weight"),
                     tensor_values(r, "input.bias"), hidden, h);
  else
    memcpy(h, scaled, (size_t)inputs * sizeof *h);
  for (int64_t l = 0; residual && l < r->config.num_layers; l++) {
    reference_affine(h, hidden, block_values(r, l, "weight"), block_values(r, l, "bias"), hidden,
                     z);
    for (int64_t j = 0; j < hidden; j++) h[j] += fmax(z[j], 0);
  }
  free(z);
  free(scaled);
}

/* What a GP head normalises: h, or h W_p. */
static inline void reference_project(const reference *r, const double *h, double *p) {
  int64_t hidden = reference_hidden_width(r), width = reference_head_width(r);
  for (int64_t j = 0; j < width; j++) {
    p[j] = r->config.gp_input_dim > 0 ? 0 : h[j];
    for (int64_t i = 0; r->config.gp_input_dim > 0 && i < hidden; i++)
      p[j] += h[i] * tensor_values(r, "projection.weight")[i * width + j];
  }
}

/* n = (h - mean) / radius; returns the radius sqrt(var + 1e-3). */
static inline double reference_normalize(int64_t hidden, const double *h, double *n) {
  double mean = 0, variance = 0;
  for (int64_t j = 0; j < hidden; j++) mean += h[j] / (double)hidden;
  for (int64_t j = 0; j < hidden; j++) variance += (h[j] - mean) * (h[j] - mean) / (double)hidden;
  double radius = sqrt(variance + 1e-3);
  for (int64_t j = 0; j < hidden; j++) n[j] = (h[j] - mean) / radius;
  return radius;
}

static inline void reference_features(const reference *r, const double *backbone, double *phi) {
  int64_t hidden = reference_head_width(r), width = hidden;
  int64_t features = reference_num_features(r);
  double *g = take((size_t)hidden + 1, sizeof *g), *h = take((size_t)hidden, sizeof *h);
  reference_project(r, backbone, h);
  memcpy(g, h, (size_t)hidden * sizeof *g);
  if (r->config.normalize_input == SNGP_NORMALIZE_LAYER_NORM) {
    reference_normalize(hidden, h, g);
    for (int64_t j = 0; j < hidden; j++)
      g[j] =
          g[j] * tensor_values(r, "layer_norm.scale")[j] + tensor_values(r, "layer_norm.offset")[j];
  } else if (r->config.normalize_input == SNGP_NORMALIZE_STANDARD) {
    reference_normalize(hidden, h, g);
  } else if (r->config.normalize_input == SNGP_NORMALIZE_RADIUS) {
    g[hidden] = r->config.radius_scale * reference_normalize(hidden, h, g);
    width++;
  }
  for (int64_t j = 0; j < width; j++) g[j] /= sqrt(r->config.kernel_scale);
  bool ard = r->config.kernel_scaling == SNGP_KERNEL_SCALING_ARD;
  for (int64_t j = 0; r->config.kernel_scaling != SNGP_KERNEL_SCALING_FIXED && j < width; j++)
    g[j] /= exp(tensor_values(r, "kernel.log_length")[ard ? j : 0]);
  if (r->config.kernel == SNGP_KERNEL_LINEAR) {
    memcpy(phi, g, (size_t)width * sizeof *phi);
  } else {
    reference_affine(g, width, tensor_values(r, "features.weight"),
                     tensor_values(r, "features.bias"), features, phi);
    double scale = r->config.scale_random_features ? sqrt(2 / (double)features) : 1;
    bool relu = r->config.kernel == SNGP_KERNEL_ARC_COSINE;
    for (int64_t j = 0; j < features; j++) phi[j] = scale * (relu ? fmax(phi[j], 0) : cos(phi[j]));
  }
  free(h);
  free(g);
}

/* The logits of a row; its features go to `phi` where that is not NULL. */
static inline void reference_logits(const reference *r, const float *x, double *phi,
                                    double *logits) {
  int64_t hidden = reference_hidden_width(r), features = reference_num_features(r);
  double *h = take((size_t)hidden, sizeof *h), *own = take((size_t)features, sizeof *own);
  reference_hidden(r, x, h);
  const double *last = h;
  int64_t width = hidden;
  if (r->config.head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    reference_features(r, h, own);
    if (phi != NULL) memcpy(phi, own, (size_t)features * sizeof *phi);
    last = own;
    width = features;
  }
  reference_affine(last, width, tensor_values(r, "output.weight"), tensor_values(r, "output.bias"),
                   r->config.num_classes, logits);
  free(own);
  free(h);
}

/* A row's sample weight times its class's. */
static inline double reference_weight(const reference *r, const sngp_dataset *data, int64_t row) {
  const float *weights = sngp_dataset_sample_weights(data);
  double weight = weights != NULL ? (double)weights[row] : 1;
  if (r->class_weights != NULL) weight *= r->class_weights[sngp_dataset_labels(data)[row]];
  return weight;
}

/* Mean loss over the rows, each times its weight, plus the L2 term. */
static inline double reference_loss(const reference *r, const sngp_dataset *data) {
  int64_t rows = sngp_dataset_rows(data), classes = r->config.num_classes;
  double *logits = take((size_t)classes, sizeof *logits), loss = 0;
  for (int64_t i = 0; i < rows; i++) {
    reference_logits(r, sngp_dataset_features(data) + i * sngp_dataset_row_stride(data), NULL,
                     logits);
    double sum = 0;
    for (int64_t k = 0; k < classes; k++) sum += exp(logits[k]);
    double minus_log_p = log(sum) - logits[sngp_dataset_labels(data)[i]];
    loss += reference_weight(r, data, i) * pow(1 - exp(-minus_log_p), r->focal_gamma) *
            minus_log_p / (double)rows;
  }
  free(logits);
  if (r->config.head != SNGP_HEAD_GAUSSIAN_PROCESS) return loss;
  for (int64_t i = 0; i < reference_num_features(r) * classes; i++) {
    double weight = tensor_values(r, "output.weight")[i];
    loss += r->config.l2_regularization * weight * weight;
  }
  return loss;
}

/* a += weight * phi(row)^T phi(row) over the rows of the data: (M, M). */
static inline void reference_add_rows(const reference *r, const sngp_dataset *data, double weight,
                                      double *a) {
  int64_t m = reference_num_features(r);
  double *phi = take((size_t)m, sizeof *phi);
  double *logits = take((size_t)r->config.num_classes, sizeof *logits);
  for (int64_t i = 0; i < sngp_dataset_rows(data); i++) {
    reference_logits(r, sngp_dataset_features(data) + i * sngp_dataset_row_stride(data), phi,
                     logits);
    double w = weight * reference_weight(r, data, i);
    for (int64_t j = 0; j < m; j++)
      for (int64_t k = 0; k < m; k++) a[j * m + k] += w * phi[j] * phi[k];
  }
  free(logits);
  free(phi);
}

/* ridge (ridge I + a)^-1 by Gauss and Jordan's elimination (the matrix is positive definite); `a`
   is overwritten. To be freed. */
static inline double *reference_weight_covariance(const reference *r, double *a) {
  int64_t m = reference_num_features(r);
  double *inverse = take((size_t)(m * m), sizeof *inverse);
  for (int64_t i = 0; i < m; i++) {
    a[i * m + i] += r->config.ridge;
    inverse[i * m + i] = r->config.ridge;
  }
  for (int64_t i = 0; i < m; i++) {
    double pivot = a[i * m + i];
    for (int64_t k = 0; k < m; k++) {
      a[i * m + k] /= pivot;
      inverse[i * m + k] /= pivot;
    }
    for (int64_t j = 0; j < m; j++) {
      double factor = a[j * m + i];
      if (j == i || factor == 0) continue;
      for (int64_t k = 0; k < m; k++) {
        a[j * m + k] -= factor * a[i * m + k];
        inverse[j * m + k] -= factor * inverse[i * m + k];
      }
    }
  }
  return inverse;
}

/* x^T A y */
static inline double bilinear(int64_t m, const double *x, const double *a, const double *y) {
  double sum = 0;
  for (int64_t j = 0; j < m; j++)
    for (int64_t k = 0; k < m; k++) sum += x[j] * a[j * m + k] * y[k];
  return sum;
}

#endif
