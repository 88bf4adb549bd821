#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "base/random.h"
#include "linalg/blas.h"
#include "linalg/kernels.h"
#include "predict/draws.h"

enum {
  NUMBERS_PER_BLOCK = 4,
  /* Blocks of a feature that enter a matrix product at once: 16 classes. */
  JOINT_BLOCKS = 4,
  JOINT_CLASSES = JOINT_BLOCKS * NUMBERS_PER_BLOCK
};

static int64_t blocks_per_row(int64_t num_classes) {
  return (num_classes + NUMBERS_PER_BLOCK - 1) / NUMBERS_PER_BLOCK;
}

bool sngp_draws_sizes(int64_t rows, int64_t num_classes, int64_t num_features, size_t *numbers,
                      size_t *products) {
  size_t independent = 0, joint = 0;
  int64_t per_row = blocks_per_row(num_classes) * NUMBERS_PER_BLOCK;
  if (!sngp_size_multiply((size_t)rows, (size_t)per_row, &independent) ||
      !sngp_size_multiply((size_t)num_features, JOINT_CLASSES, &joint) ||
      !sngp_size_multiply((size_t)rows, JOINT_CLASSES, products))
    return false;
  *numbers = independent > joint ? independent : joint;
  return true;
}

static void fill(const sngp_draws *draws, const sngp_random_stream *stream, uint32_t first_block,
                 int64_t blocks) {
  sngp_kernel_random_words(stream, first_block, (size_t)blocks, draws->words);
  sngp_kernel_normal((size_t)blocks, draws->words, draws->normals);
}

/* How far rows deviate from their centre: by a variance, or one for each class, or by a factor. */
typedef struct {
  const float *variance; /* (rows, V) */
  int64_t num_variances;
  const float *factors; /* (rows, K, K); else NULL */
} spread;

/* Number `k` of row i among the normals of `blocks` blocks. */
static float normal_at(const sngp_draws *draws, int64_t blocks, int64_t i, int64_t k) {
  int64_t block = i * blocks_per_row(draws->num_classes) + k / NUMBERS_PER_BLOCK;
  return draws->normals[k % NUMBERS_PER_BLOCK * blocks + block];
}

static float deviate(const sngp_draws *draws, const spread *by, int64_t blocks, int64_t row,
                     int64_t i, int64_t k) {
  const int64_t classes = draws->num_classes;
  if (by->factors == NULL)
    return sqrtf(by->variance[row * by->num_variances + (by->num_variances > 1 ? k : 0)]) *
           normal_at(draws, blocks, i, k);
  const float *of_class = by->factors + (row * classes + k) * classes;
  float sum = 0;
  for (int64_t l = 0; l <= k; l++) sum += of_class[l] * normal_at(draws, blocks, i, l);
  return sum;
}

/* Rows that share a key, from row `done` of the call on. */
static void draw_rows(const sngp_draws *draws, int64_t first_row, int64_t done, int64_t rows,
                      const float *center, const spread *by, float *logits) {
  int64_t classes = draws->num_classes, per_row = blocks_per_row(classes), blocks = rows * per_row;
  sngp_random_stream stream =
      sngp_random_open(draws->seed, SNGP_RANDOM_MONTE_CARLO, draws->step, 0);
  uint32_t first_block = sngp_random_seek_row(&stream, first_row + done, per_row);
  fill(draws, &stream, first_block, blocks);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < classes; k++) {
      int64_t at = (done + i) * classes + k;
      logits[at] = center[at] + deviate(draws, by, blocks, done + i, i, k);
    }
}

static void draw_all(const sngp_draws *draws, int64_t first_row, const float *center,
                     const spread *by, float *logits) {
  int64_t classes = draws->num_classes;
  int64_t rows_of_key = sngp_random_rows_of_key(blocks_per_row(classes));
  for (int64_t done = 0, count = 0; done < draws->rows; done += count) {
    int64_t left = rows_of_key - (first_row + done) % rows_of_key;
    count = draws->rows - done < left ? draws->rows - done : left;
    draw_rows(draws, first_row, done, count, center, by, logits);
  }
}

void sngp_draw_independent(const sngp_draws *draws, int64_t first_row, const float *center,
                           const float *variance, int64_t num_variances, float *logits) {
  const spread by = {.variance = variance, .num_variances = num_variances};
  draw_all(draws, first_row, center, &by, logits);
}

void sngp_draw_correlated(const sngp_draws *draws, int64_t first_row, const float *center,
                          const float *factors, float *logits) {
  const spread by = {.factors = factors};
  draw_all(draws, first_row, center, &by, logits);
}

/* What is left of a variance once the classes before are known is rounding below this share. */
static double least_share(int64_t n) { return 4 * (double)n * (double)FLT_EPSILON; }

/* What is left of element (i, j) beside columns 0 ... j - 1 of L. */
static double remainder_of(const float *lower, int64_t n, int64_t i, int64_t j) {
  double left = (double)lower[i * n + j];
  for (int64_t k = 0; k < j; k++) left -= (double)lower[i * n + k] * (double)lower[j * n + k];
  return left;
}

void sngp_draws_factor(int64_t n, float *covariance) {
  for (int64_t j = 0; j < n; j++) {
    double variance = (double)covariance[j * n + j], left = remainder_of(covariance, n, j, j);
    double pivot = left > least_share(n) * variance ? sqrt(left) : 0;
    covariance[j * n + j] = (float)pivot;
    for (int64_t i = j + 1; i < n; i++) {
      covariance[i * n + j] = pivot > 0 ? (float)(remainder_of(covariance, n, i, j) / pivot) : 0.0f;
      covariance[j * n + i] = 0;
    }
  }
}

/* Blocks are counted by (class / 4, feature), so the normals of a few of them, drawn at once, are
   the rows of a matrix (plane, class / 4) by features: Z transposed, its classes out of order. */
void sngp_draw_joint(const sngp_draws *draws, int64_t num_features, const float *projected,
                     const float *center, float *logits) {
  int64_t classes = draws->num_classes, rows = draws->rows;
  int64_t all_blocks = blocks_per_row(classes);
  sngp_random_stream stream = sngp_random_open(draws->seed, SNGP_RANDOM_JOINT, draws->step, 0);
  for (int64_t first = 0; first < all_blocks; first += JOINT_BLOCKS) {
    int64_t blocks = all_blocks - first < JOINT_BLOCKS ? all_blocks - first : JOINT_BLOCKS;
    int64_t drawn = blocks * NUMBERS_PER_BLOCK;
    fill(draws, &stream, (uint32_t)(first * num_features), blocks * num_features);
    sngp_sgemm(false, true, rows, drawn, num_features, projected, num_features, draws->normals,
               num_features, 0, draws->products, drawn);
    int64_t begin = first * NUMBERS_PER_BLOCK,
            end = begin + drawn < classes ? begin + drawn : classes;
    for (int64_t i = 0; i < rows; i++)
      for (int64_t k = begin; k < end; k++) {
        int64_t block = (k - begin) / NUMBERS_PER_BLOCK, plane = k % NUMBERS_PER_BLOCK;
        logits[i * classes + k] =
            center[i * classes + k] + draws->products[i * drawn + plane * blocks + block];
      }
  }
}
