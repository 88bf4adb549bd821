#include "data/synthetic.h"

#include <inttypes.h>
#include <math.h>

#include "base/random.h"

static const double PI = 3.14159265358979323846;

/* Streams of SNGP_RANDOM_DATA, by index. */
enum { STREAM_MOONS = 0, STREAM_BLOB = 1 };

/* Point i of n on a half circle, both ends included. */
static double half_circle_angle(int64_t i, int64_t n) {
  return n > 1 ? PI * (double)i / (double)(n - 1) : 0.0;
}

sngp_status sngp_make_two_moons(int64_t rows, double noise, int64_t seed, sngp_dataset **dataset) {
  *dataset = NULL;
  sngp_dataset *moons = NULL;
  SNGP_TRY(sngp_dataset_allocate(rows, 2, true, &moons));
  moons->num_classes = 2;
  float *points = moons->owned_features; /* holds the noise first */
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, STREAM_MOONS);
  sngp_random_fill_normal(&stream, noise, points, 2 * (size_t)rows);
  int64_t second = (rows + 1) / 2; /* where class 1 starts */
  for (int64_t i = 0; i < rows; i++) {
    bool upper = i < second;
    double t = upper ? half_circle_angle(i, second) : half_circle_angle(i - second, rows - second);
    double x = upper ? cos(t) - 0.1 : 1.0 - cos(t) + 0.1;
    double y = upper ? sin(t) + 0.2 : 0.5 - sin(t) - 0.2;
    points[2 * i] = (float)(x + (double)points[2 * i]);
    points[2 * i + 1] = (float)(y + (double)points[2 * i + 1]);
    moons->owned_labels[i] = upper ? 0 : 1;
  }
  return sngp_dataset_finish(moons, SNGP_OK, dataset);
}

/* Point i of n equally spaced ones, exact at both ends. */
static float grid_point(double low, double high, int64_t i, int64_t n) {
  double part = (double)i / (double)(n - 1);
  return (float)(low * (1.0 - part) + high * part);
}

sngp_status sngp_make_grid(double min_x, double max_x, double min_y, double max_y,
                           int64_t resolution, sngp_dataset **dataset) {
  *dataset = NULL;
  int64_t rows = 0;
  if (__builtin_mul_overflow(resolution, resolution, &rows))
    return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY,
                     "a grid of %" PRId64 " x %" PRId64 " points is more than memory can address",
                     resolution, resolution);
  sngp_dataset *grid = NULL;
  SNGP_TRY(sngp_dataset_allocate(rows, 2, false, &grid));
  float *point = grid->owned_features;
  for (int64_t row = 0; row < resolution; row++)
    for (int64_t col = 0; col < resolution; col++) {
      *point++ = grid_point(min_x, max_x, col, resolution);
      *point++ = grid_point(min_y, max_y, row, resolution);
    }
  return sngp_dataset_finish(grid, SNGP_OK, dataset);
}

sngp_status sngp_make_blob(int64_t rows, double center_x, double center_y, double std, int64_t seed,
                           sngp_dataset **dataset) {
  *dataset = NULL;
  sngp_dataset *blob = NULL;
  SNGP_TRY(sngp_dataset_allocate(rows, 2, false, &blob));
  float *points = blob->owned_features; /* holds the noise first */
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_DATA, 0, STREAM_BLOB);
  sngp_random_fill_normal(&stream, std, points, 2 * (size_t)rows);
  for (int64_t i = 0; i < rows; i++) {
    points[2 * i] = (float)(center_x + (double)points[2 * i]);
    points[2 * i + 1] = (float)(center_y + (double)points[2 * i + 1]);
  }
  return sngp_dataset_finish(blob, SNGP_OK, dataset);
}
