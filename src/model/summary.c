#include "model/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/sizes.h"

sngp_parameter_counts sngp_model_count(const sngp_model *model) {
  const sngp_posterior_matrices matrices = model->posterior.matrices;
  sngp_parameter_counts counts = {matrices.count * matrices.side * matrices.side, 0};
  for (size_t i = 0; i < model->table.count; i++) {
    const sngp_parameter *tensor = &model->table.items[i];
    int64_t count = tensor->rows * tensor->cols;
    if (tensor->counted) counts.total += count;
    if (tensor->trainable) counts.trainable += count;
  }
  return counts;
}

typedef struct {
  char *buffer;
  int64_t size, length;
} text;

static void append(text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(text *to, const char *format, ...) {
  int64_t left = to->size - to->length;
  va_list arguments;
  va_start(arguments, format);
  to->length += vsnprintf(left > 0 ? to->buffer + to->length : NULL, left > 0 ? (size_t)left : 0,
                          format, arguments);
  va_end(arguments);
}

/* 1,283,714 */
static const char *with_commas(int64_t value, char out[32]) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRId64, value), used = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) out[used++] = ',';
    out[used++] = digits[i];
  }
  out[used] = '\0';
  return out;
}

static void rule(text *to, char line) {
  for (int i = 0; i < 72; i++) append(to, "%c", line);
  append(to, "\n");
}

static void layer(text *to, const char *name, const char *kind, int64_t in, int64_t out,
                  int64_t count, const char *note) {
  char shape[48], number[32];
  snprintf(shape, sizeof shape, "%" PRId64 " x %" PRId64, in, out);
  append(to, "%-12s %-26s %-14s %12s%s%s\n", name, kind, shape, with_commas(count, number),
         note[0] != '\0' ? "  " : "", note);
}

static const char *feature_kind(int32_t kernel) {
  switch (kernel) {
    case SNGP_KERNEL_MATERN_32: return "Matern-3/2 features";
    case SNGP_KERNEL_MATERN_52: return "Matern-5/2 features";
    case SNGP_KERNEL_ARC_COSINE: return "arc-cosine features";
    case SNGP_KERNEL_LINEAR: return "linear features";
    default: return "random features";
  }
}

static const char *posterior_kind(int32_t kind) {
  switch (kind) {
    case SNGP_POSTERIOR_PER_OUTPUT: return "precision of each output";
    case SNGP_POSTERIOR_JOINT: return "joint precision matrix";
    default: return "precision matrix";
  }
}

int64_t sngp_model_summarize(const sngp_model *model, char *buffer, int64_t size) {
  const sngp_model_config *c = &model->config;
  const sngp_model_sizes sizes = sngp_model_sizes_of(c);
  const int64_t hidden = sizes.hidden, outputs = sizes.num_outputs;
  const bool bounded = c->spectral_norm_bound > 0;
  text to = {buffer, size, 0};
  char name[32], kind[48], number[32];

  append(&to, "%-12s %-26s %-14s %12s\n", "layer", "kind", "shape", "parameters");
  rule(&to, '=');
  if (sizes.input_layer)
    layer(&to, "input", c->standardize_inputs ? "standardise, dense" : "dense", sizes.inputs,
          hidden, (sizes.inputs + 1) * hidden, c->train_input_layer ? "" : "frozen");
  else
    layer(&to, "input", c->standardize_inputs ? "standardise" : "as it is", sizes.inputs, hidden, 0,
          "no backbone");
  for (int64_t i = 0; i < sizes.num_layers; i++) {
    snprintf(name, sizeof name, "block.%" PRId64, i);
    if (bounded)
      snprintf(kind, sizeof kind, "residual, norm <= %g", c->spectral_norm_bound);
    else
      snprintf(kind, sizeof kind, "residual");
    layer(&to, name, kind, hidden, hidden, (hidden + 1 + (bounded ? 2 : 0)) * hidden, "");
  }
  if (c->head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    const int64_t features = sizes.num_features, width = sizes.head_inputs;
    const int64_t head_width = sizes.head_width;
    if (sizes.projection > 0)
      layer(&to, "projection", "random projection", hidden, head_width, hidden * head_width,
            "frozen");
    if (c->normalize_input == SNGP_NORMALIZE_LAYER_NORM)
      layer(&to, "layer_norm", "layer norm", head_width, head_width, 2 * head_width, "");
    if (sizes.num_lengths > 0)
      layer(&to, "kernel", sizes.num_lengths > 1 ? "length of each input" : "length", 1,
            sizes.num_lengths, sizes.num_lengths, "");
    snprintf(kind, sizeof kind, "%s%s", feature_kind(c->kernel),
             c->normalize_input == SNGP_NORMALIZE_RADIUS ? ", radius" : "");
    if (c->kernel == SNGP_KERNEL_LINEAR)
      layer(&to, "features", kind, width, features, 0, "");
    else
      layer(&to, "features", kind, width, features, (width + 1) * features, "frozen");
    layer(&to, "output", "dense", features, outputs, (features + 1) * outputs,
          c->train_output_bias ? "" : "frozen bias");
    const sngp_posterior_matrices matrices = model->posterior.matrices;
    layer(&to, "posterior", posterior_kind(model->posterior.kind), matrices.side, matrices.side,
          matrices.count * matrices.side * matrices.side, "frozen");
  } else {
    layer(&to, "output", "dense", hidden, outputs, (hidden + 1) * outputs, "");
  }
  rule(&to, '=');
  sngp_parameter_counts counts = sngp_model_count(model);
  append(&to, "total parameters:     %s\n", with_commas(counts.total, number));
  append(&to, "trainable parameters: %s\n", with_commas(counts.trainable, number));
  append(&to, "other parameters:     %s\n", with_commas(counts.total - counts.trainable, number));
  return to.length;
}
