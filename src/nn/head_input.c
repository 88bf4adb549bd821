#include "nn/head_input.h"

#include <math.h>
#include <string.h>

#include "linalg/kernels.h"

static const float EPSILON = 1e-3f;

int64_t sngp_head_input_width(int32_t normalize, int64_t hidden) {
  return normalize == SNGP_NORMALIZE_RADIUS ? hidden + 1 : hidden;
}

static float length_factor(const sngp_head_input *input) {
  return (float)(1 / sqrt(input->kernel_scale));
}

/* The mean and r of a row. Rows far from all data can have squares beyond single precision, though
   not r itself: they are added up once more in double precision. */
static void find_moments(size_t hidden, const float *h, float *mean, float *radius) {
  *mean = sngp_kernel_sum(hidden, h) / (float)hidden;
  *radius = sqrtf(sngp_kernel_sum_squares(hidden, h, *mean) / (float)hidden + EPSILON);
  if (isfinite(*radius)) return;
  double sum = 0, squares = 0;
  for (size_t j = 0; j < hidden; j++) sum += (double)h[j];
  double center = sum / (double)hidden;
  for (size_t j = 0; j < hidden; j++) squares += ((double)h[j] - center) * ((double)h[j] - center);
  *mean = (float)center;
  *radius = (float)sqrt(squares / (double)hidden);
}

void sngp_head_input_forward(const sngp_head_input *input, const float *h, int64_t rows, float *g,
                             float *moments) {
  size_t hidden = (size_t)input->hidden;
  float factor = length_factor(input);
  if (input->normalize == SNGP_NORMALIZE_NONE) {
    sngp_kernel_affine((size_t)rows * hidden, h, factor, 0, g);
    return;
  }
  size_t width = (size_t)sngp_head_input_width(input->normalize, input->hidden);
  for (int64_t i = 0; i < rows; i++, h += hidden, g += width, moments += 2) {
    find_moments(hidden, h, &moments[0], &moments[1]);
    float mean = moments[0], radius = moments[1];
    if (input->normalize == SNGP_NORMALIZE_LAYER_NORM) {
      sngp_kernel_affine(hidden, h, 1 / radius, -mean / radius, g);
      for (size_t j = 0; j < hidden; j++)
        g[j] = (g[j] * input->scale[j] + input->offset[j]) * factor;
      continue;
    }
    sngp_kernel_affine(hidden, h, factor / radius, -mean * factor / radius, g);
    if (input->normalize == SNGP_NORMALIZE_RADIUS)
      g[hidden] = (float)input->radius_scale * radius * factor;
  }
}

/* One row, in place: dh holds dn, the gradient of n; dr is that of r.
     dh = (dn - mean(dn) - n mean(dn n)) / r + dr n / H */
static void backward_row(size_t hidden, const float *h, float mean, float radius, float dr,
                         float *dh) {
  float mean_dn = sngp_kernel_sum(hidden, dh) / (float)hidden;
  float mean_dn_h = sngp_kernel_dot(hidden, dh, h) / (float)hidden;
  float mean_dn_n = (mean_dn_h - mean * mean_dn) / radius;
  float slope = (dr / (float)hidden - mean_dn_n / radius) / radius; /* times h - mean */
  for (size_t j = 0; j < hidden; j++) dh[j] = (dh[j] - mean_dn) / radius + slope * (h[j] - mean);
}

void sngp_head_input_backward(const sngp_head_input *input, const float *h, const float *moments,
                              const float *dg, int64_t rows, float *dh, float *dscale,
                              float *doffset) {
  size_t hidden = (size_t)input->hidden;
  float factor = length_factor(input);
  if (input->normalize == SNGP_NORMALIZE_NONE) {
    sngp_kernel_affine((size_t)rows * hidden, dg, factor, 0, dh);
    return;
  }
  bool layer_norm = input->normalize == SNGP_NORMALIZE_LAYER_NORM;
  size_t width = (size_t)sngp_head_input_width(input->normalize, input->hidden);
  if (layer_norm) {
    memset(dscale, 0, hidden * sizeof *dscale);
    memset(doffset, 0, hidden * sizeof *doffset);
  }
  for (int64_t i = 0; i < rows; i++, h += hidden, dg += width, dh += hidden, moments += 2) {
    float mean = moments[0], radius = moments[1];
    sngp_kernel_affine(hidden, dg, factor, 0, dh);
    if (layer_norm)
      for (size_t j = 0; j < hidden; j++) {
        doffset[j] += dh[j];
        dscale[j] += dh[j] * (h[j] - mean) / radius;
        dh[j] *= input->scale[j];
      }
    bool has_radius = input->normalize == SNGP_NORMALIZE_RADIUS;
    float dr = has_radius ? dg[hidden] * (float)input->radius_scale * factor : 0;
    backward_row(hidden, h, mean, radius, dr, dh);
  }
}
