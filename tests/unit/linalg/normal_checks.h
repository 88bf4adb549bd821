/* Claims about sngp_kernel_normal(): standard normals, each a function of its block. Include after
   kernel_checks.h. */
#ifndef SNGP_TESTS_UNIT_LINALG_NORMAL_CHECKS_H
#define SNGP_TESTS_UNIT_LINALG_NORMAL_CHECKS_H

#include <math.h>
#include <stdlib.h>

enum { BLOCKS = 100000, COUNT = 4 * BLOCKS };

static uint32_t words[COUNT];
static float normals[COUNT];

static void draw_normals(uint32_t first, size_t blocks, uint32_t *own_words, float *own_normals) {
  sngp_random_stream stream = sngp_random_open(3, SNGP_RANDOM_MONTE_CARLO, 5, 0);
  sngp_kernel_random_words(&stream, first, blocks, own_words);
  sngp_kernel_normal(blocks, own_words, own_normals);
}

/* The middle of one of 2^24 intervals, as single precision holds it. */
static double unit(uint32_t word) { return (double)(float)(((word >> 8) + 0.5) / 16777216); }

static void each_pair_is_box_and_mullers_transform_of_two_words(void **state) {
  (void)state;
  draw_normals(0, BLOCKS, words, normals);
  const double pi = 3.14159265358979323846;
  for (size_t plane = 0; plane < 4; plane += 2)
    for (size_t i = 0; i < BLOCKS; i++) {
      size_t a = plane * BLOCKS + i, b = a + BLOCKS;
      double u = unit(words[a]), v = unit(words[b]);
      double radius = sqrt(-2 * log(u));
      assert_close(normals[a], radius * cos(2 * pi * v), 4e-6);
      assert_close(normals[b], radius * sin(2 * pi * v), 4e-6);
    }
}

static int ascending(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return (a > b) - (a < b);
}

/* Kolmogorov and Smirnov's statistic times sqrt(n) exceeds 1.95 once in a thousand seeds. */
static void they_are_distributed_as_a_standard_normal(void **state) {
  (void)state;
  draw_normals(0, BLOCKS, words, normals);
  qsort(normals, COUNT, sizeof *normals, ascending);
  double largest = 0;
  for (size_t i = 0; i < COUNT; i++) {
    double expected = 0.5 * erfc(-(double)normals[i] / sqrt(2));
    double below = fabs(expected - (double)i / COUNT);
    double above = fabs(expected - (double)(i + 1) / COUNT);
    if (below > largest) largest = below;
    if (above > largest) largest = above;
  }
  assert_true(largest * sqrt(COUNT) < 1.95);
  assert_true(normals[0] > -5.9f && normals[COUNT - 1] < 5.9f);
}

static void a_block_gives_the_same_numbers_however_many_are_drawn(void **state) {
  (void)state;
  enum { FIRST = 40, FEW = 7 };
  uint32_t few_words[4 * FEW];
  float few[4 * FEW];
  draw_normals(0, BLOCKS, words, normals);
  draw_normals(FIRST, FEW, few_words, few);
  for (size_t plane = 0; plane < 4; plane++)
    for (size_t i = 0; i < FEW; i++) /* a vector's lanes and a loop's remainder may round apart */
      assert_close(few[plane * FEW + i], normals[plane * BLOCKS + FIRST + i], 2e-6);
}

#define NORMAL_CHECKS                                                    \
  cmocka_unit_test(each_pair_is_box_and_mullers_transform_of_two_words), \
      cmocka_unit_test(they_are_distributed_as_a_standard_normal),       \
      cmocka_unit_test(a_block_gives_the_same_numbers_however_many_are_drawn)

#endif
