#include "gp/gram.h"

#include "linalg/blas.h"

/* Columns of X that a tile takes. */
enum { TILE = 256 };

static int64_t tiles_of(int64_t size) { return (size + TILE - 1) / TILE; }

static int64_t extent(int64_t size, int64_t begin) {
  return size - begin < TILE ? size - begin : TILE;
}

typedef struct {
  int64_t size, count, stride_rows, stride_out;
  int64_t num_targets; /* of Y */
  double decay, factor;
  const double *rows, *targets;
  double *out;
} sums;

/* Tile `index` of the lower triangle, counted row by row: (0, 0), (1, 0), (1, 1), (2, 0), ... */
static void add_gram_tile(void *context, int index) {
  const sums *all = context;
  int64_t row = 0, column = index;
  while (column > row) column -= ++row;
  int64_t i = row * TILE, j = column * TILE, height = extent(all->size, i);
  double *tile = all->out + i * all->stride_out + j;
  if (row == column)
    sngp_dsyrk_transposed(height, all->count, all->factor, all->rows + i, all->stride_rows,
                          all->decay, tile, all->stride_out);
  else
    sngp_dgemm(true, false, height, TILE, all->count, all->factor, all->rows + i, all->stride_rows,
               all->rows + j, all->stride_rows, all->decay, tile, all->stride_out);
}

void sngp_gram_add(int64_t size, double decay, double *gram, int64_t stride_gram, double factor,
                   const double *rows, int64_t count, int64_t stride_rows, sngp_pool *pool) {
  sums all = {.size = size,
              .count = count,
              .stride_rows = stride_rows,
              .stride_out = stride_gram,
              .decay = decay,
              .factor = factor,
              .rows = rows,
              .out = gram};
  int64_t num_rows = tiles_of(size);
  sngp_pool_run(pool, add_gram_tile, &all, (int)(num_rows * (num_rows + 1) / 2));
}

static void add_cross_tile(void *context, int index) {
  const sums *all = context;
  int64_t i = (int64_t)index * TILE, width = all->num_targets, height = extent(all->size, i);
  if (width == 1)
    sngp_dgemv(true, all->count, height, all->factor, all->rows + i, all->stride_rows, all->targets,
               1, all->out + i);
  else
    sngp_dgemm(true, false, height, width, all->count, all->factor, all->rows + i, all->stride_rows,
               all->targets, width, 1, all->out + i * width, width);
}

void sngp_cross_add(int64_t size, int64_t num_targets, double *cross, double factor,
                    const double *rows, int64_t count, int64_t stride_rows, const double *targets,
                    sngp_pool *pool) {
  sums all = {.size = size,
              .count = count,
              .stride_rows = stride_rows,
              .num_targets = num_targets,
              .factor = factor,
              .rows = rows,
              .targets = targets,
              .out = cross};
  sngp_pool_run(pool, add_cross_tile, &all, (int)tiles_of(size));
}
