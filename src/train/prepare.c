#include "train/prepare.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "linalg/blas.h"
#include "train/snapshot.h"

/* Found in trials on two moons and Fashion-MNIST (docs/numerics.md). */
const double SNGP_KERNEL_FACTOR = 0.25;
static const double RADIUS_FACTOR = 0.1;
enum { SUBSAMPLE = 1000, PROJECTION_ITERATIONS = 20 };

/* A column's scale is at least its range over this: a pixel that is nearly always black would
   otherwise be blown up where it is not. A normal column of 10,000 rows has a range of about 8
   deviations. */
static const double MOST_DEVIATIONS = 20;

/* The value of rank count / 2, by partitioning around a middle element (Hoare's selection). */
static double median(double *values, int64_t count) {
  int64_t low = 0, high = count - 1, rank = count / 2;
  while (low < high) {
    double pivot = values[low + (high - low) / 2];
    int64_t i = low, j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      double swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (rank <= j)
      high = j;
    else if (rank >= i)
      low = i;
    else
      break;
  }
  return values[rank];
}

static double median_or_mean(double *distances, int64_t count) {
  if (count == 0) return 1;
  double middle = median(distances, count), sum = 0;
  if (middle > 0) return middle;
  int64_t positive = 0;
  for (int64_t i = 0; i < count; i++)
    if (distances[i] > 0) {
      sum += distances[i];
      positive++;
    }
  return positive > 0 ? sum / (double)positive : 1;
}

/* |x_i - x_j|^2 = G_ii + G_jj - 2 G_ij with the Gram matrix G. */
sngp_status sngp_median_square_distance(const double *x, int64_t count, int64_t width,
                                        double *result) {
  size_t area = (size_t)(count * count);
  double *gram = sngp_allocate(area, sizeof *gram);
  double *distances = sngp_allocate(area / 2 + 1, sizeof *distances);
  sngp_status status = SNGP_OK;
  if (gram == NULL || distances == NULL) {
    status = sngp_fail_memory("the distances of training rows");
  } else {
    sngp_dsyrk(count, width, x, width, gram, count);
    int64_t pairs = 0;
    bool finite = true;
    for (int64_t i = 0; i < count; i++)
      for (int64_t j = 0; j < i; j++) {
        double square = gram[i * count + i] + gram[j * count + j] - 2 * gram[i * count + j];
        finite = finite && isfinite(square);
        distances[pairs++] = square > 0 ? square : 0;
      }
    *result = finite ? median_or_mean(distances, pairs) : (double)NAN;
  }
  sngp_release(distances);
  sngp_release(gram);
  return status;
}

/* Columns of numbers: inputs, or targets. */
typedef struct {
  const float *values;
  int64_t rows, cols, stride;
} columns;

/* Means and standard deviations, two passes in double precision. */
static sngp_status choose_scaling(const columns *data, float *mean, float *scale) {
  int64_t cols = data->cols;
  double *means = sngp_allocate((size_t)cols * 4, sizeof *means); /* sums first */
  if (means == NULL) return sngp_fail_memory("the scaling of inputs");
  double *squares = means + cols, *lowest = squares + cols, *highest = lowest + cols;
  for (int64_t j = 0; j < cols; j++) lowest[j] = highest[j] = (double)data->values[j];
  for (int64_t i = 0; i < data->rows; i++)
    for (int64_t j = 0; j < cols; j++) {
      double value = (double)data->values[i * data->stride + j];
      means[j] += value;
      lowest[j] = value < lowest[j] ? value : lowest[j];
      highest[j] = value > highest[j] ? value : highest[j];
    }
  for (int64_t j = 0; j < cols; j++) means[j] /= (double)data->rows;
  for (int64_t i = 0; i < data->rows; i++)
    for (int64_t j = 0; j < cols; j++) {
      double offset = (double)data->values[i * data->stride + j] - means[j];
      squares[j] += offset * offset;
    }
  for (int64_t j = 0; j < cols; j++) {
    double deviation = sqrt(squares[j] / (double)data->rows);
    float chosen = (float)fmax(deviation, (highest[j] - lowest[j]) / MOST_DEVIATIONS);
    mean[j] = (float)means[j];
    scale[j] = highest[j] > lowest[j] && isnormal(chosen) ? chosen : 1;
  }
  sngp_release(means);
  return SNGP_OK;
}

/* The input of the random features with both scales 1, for `count` rows of the data, in double
   precision; `g` holds count * width. */
static sngp_status head_inputs(const sngp_model *model, const sngp_dataset *data,
                               const int64_t *rows, int64_t count, double *g) {
  sngp_network network = model->network;
  network.head_input.kernel_scale = network.head_input.radius_scale = 1;
  sngp_pass pass;
  SNGP_TRY(sngp_pass_create(&network, count, false, 0, &pass));
  for (int64_t i = 0; i < count; i++)
    sngp_pass_set_row(&network, &pass, i, data->features + rows[i] * data->row_stride);
  sngp_network_head_input(&network, &pass, count);
  for (int64_t i = 0; i < count * network.features.in; i++) g[i] = (double)pass.g[i];
  sngp_pass_destroy(&pass);
  return SNGP_OK;
}

/* Medians of the squared distances of the normalised part and of the radius give the latter's
 * weight. */
static sngp_status choose_radius_scale(const double *g, int64_t count, int64_t width, double *parts,
                                       double *radius_scale) {
  int64_t hidden = width - 1;
  double direction = 1, radius = 1;
  for (int64_t i = 0; i < count; i++)
    memcpy(parts + i * hidden, g + i * width, (size_t)hidden * sizeof *g);
  SNGP_TRY(sngp_median_square_distance(parts, count, hidden, &direction));
  for (int64_t i = 0; i < count; i++) parts[i] = g[i * width + hidden];
  SNGP_TRY(sngp_median_square_distance(parts, count, 1, &radius));
  *radius_scale = sqrt(RADIUS_FACTOR * direction / radius);
  return SNGP_OK;
}

static sngp_status choose_from_head_inputs(sngp_model *model, double *g, double *parts,
                                           int64_t count) {
  int64_t width = model->network.features.in;
  double kernel_scale = model->config.kernel_scale, radius_scale = model->config.radius_scale;
  if (model->config.normalize_input == SNGP_NORMALIZE_RADIUS) {
    if (radius_scale == 0) SNGP_TRY(choose_radius_scale(g, count, width, parts, &radius_scale));
    for (int64_t i = 0; i < count; i++) g[i * width + width - 1] *= radius_scale;
  }
  if (kernel_scale == 0) {
    SNGP_TRY(sngp_median_square_distance(g, count, width, &kernel_scale));
    kernel_scale *= SNGP_KERNEL_FACTOR;
  }
  sngp_model_config chosen = model->config;
  chosen.kernel_scale = kernel_scale;
  chosen.radius_scale = radius_scale;
  chosen.class_names = chosen.feature_names = chosen.target_names = NULL; /* checked before */
  if (!(kernel_scale > 0) || sngp_model_config_check(&chosen) != SNGP_OK)
    return sngp_fail(
        SNGP_ERROR_NUMERICAL,
        "no length scale fits the training rows: kernel_scale would be %g, radius_scale "
        "%g; are the features very large or very small numbers?",
        kernel_scale, radius_scale);
  sngp_model_set_scales(model, kernel_scale, radius_scale);
  return SNGP_OK;
}

/* A seeded subsample of the rows, projected weights, then the scales. */
static sngp_status choose_scales(sngp_model *model, const sngp_dataset *data) {
  int64_t count = data->rows < SUBSAMPLE ? data->rows : SUBSAMPLE;
  size_t size = (size_t)(count * model->network.features.in);
  int64_t *order = sngp_allocate((size_t)data->rows, sizeof *order);
  double *g = sngp_allocate(size, sizeof *g);
  double *parts = sngp_allocate(size, sizeof *parts);
  sngp_status status = SNGP_OK;
  if (order == NULL || g == NULL || parts == NULL) {
    status = sngp_fail_memory("the choice of kernel_scale");
  } else {
    sngp_random_stream stream = sngp_random_open(model->config.seed, SNGP_RANDOM_SUBSAMPLE, 0, 0);
    sngp_random_permutation(&stream, order, data->rows);
    status = sngp_model_project(model, PROJECTION_ITERATIONS, NULL);
  }
  if (status == SNGP_OK) status = head_inputs(model, data, order, count, g);
  if (status == SNGP_OK) status = choose_from_head_inputs(model, g, parts, count);
  sngp_release(parts);
  sngp_release(g);
  sngp_release(order);
  return status;
}

static sngp_status choose(sngp_model *model, const sngp_dataset *rows) {
  if (model->config.standardize_inputs && !model->holds.input_scaling) {
    const columns inputs = {rows->features, rows->rows, rows->cols, rows->row_stride};
    SNGP_TRY(choose_scaling(&inputs, sngp_model_tensor(model, "input_scaling.mean"),
                            sngp_model_tensor(model, "input_scaling.scale")));
    model->holds.input_scaling = true;
  }
  if (model->network.target_scale != NULL && !model->holds.target_scaling) {
    const columns targets = {rows->targets, rows->rows, rows->num_targets, rows->num_targets};
    SNGP_TRY(choose_scaling(&targets, sngp_model_tensor(model, "target_scaling.mean"),
                            sngp_model_tensor(model, "target_scaling.scale")));
    model->holds.target_scaling = true;
    sngp_model_set_given_noise(model);
  }
  return sngp_model_still_to_choose(model) != NULL ? choose_scales(model, rows) : SNGP_OK;
}

sngp_status sngp_prepare(sngp_model *model, const sngp_dataset *rows) {
  if (sngp_model_still_to_choose(model) == NULL) return SNGP_OK;
  const sngp_model_holds held = model->holds;
  sngp_snapshot before = {0};
  sngp_status status = sngp_snapshot_create(model, &before);
  if (status == SNGP_OK) {
    sngp_snapshot_take(model, &before);
    status = choose(model, rows);
    if (status != SNGP_OK) {
      sngp_snapshot_restore(model, &before);
      model->holds = held;
    }
  }
  sngp_snapshot_destroy(&before);
  return status;
}
