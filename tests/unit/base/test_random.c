/* Counter-based random streams: known answers, distributions, independence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/check.h"

static sngp_random_stream stream_of(int64_t step, int64_t index) {
  return sngp_random_open(42, SNGP_RANDOM_DATA, step, index);
}

/* Known answers of the Random123 distribution (tests/kat_vectors, philox4x32 with 10 rounds). */
static void words_are_philox4x32_10(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], words[4];
  } known[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const sngp_random_stream stream = {.key = {known[i].key[0], known[i].key[1]},
                                       .index = known[i].counter[1],
                                       .step = known[i].counter[2],
                                       .purpose_step = known[i].counter[3]};
    uint32_t words[4];
    sngp_random_block(&stream, known[i].counter[0], words);
    assert_memory_equal(words, known[i].words, sizeof words);
  }
}

/* Where seed, purpose, step and index go: all of their bits count. */
static void every_bit_of_a_streams_name_has_its_place(void **state) {
  (void)state;
  sngp_random_stream stream =
      sngp_random_open(0x7123456789abcdef, SNGP_RANDOM_SPLIT, 0xfedcba98765432, 0x89abcdef);
  assert_int_equal(stream.key[0], 0x89abcdef);
  assert_int_equal(stream.key[1], 0x71234567);
  assert_int_equal(stream.purpose_step, 0x04fedcba);
  assert_int_equal(stream.step, 0x98765432);
  assert_int_equal(stream.index, 0x89abcdef);
}

enum { COUNT = 1 << 18 };
static float values[COUNT];

/* Mean, variance, neighbours and 256 equal cells; five standard deviations each. */
static void uniform_numbers_are_uniform(void **state) {
  (void)state;
  sngp_random_stream stream = stream_of(1, 2);
  sngp_random_fill_uniform(&stream, 0, 1, values, COUNT);
  double mean = 0, square = 0, product = 0, cells[256] = {0}, chi_squared = 0;
  for (int i = 0; i < COUNT; i++) {
    double x = (double)values[i] - 0.5;
    assert_true(values[i] >= 0 && values[i] < 1);
    mean += x / COUNT;
    square += x * x / COUNT;
    product += x * ((double)values[(i + 1) % COUNT] - 0.5) / COUNT;
    cells[(int)(256 * values[i])]++;
  }
  for (int c = 0; c < 256; c++) chi_squared += pow(cells[c] - COUNT / 256.0, 2) / (COUNT / 256.0);
  assert_close(mean, 0, 5 * sqrt(1 / 12.0 / COUNT));
  assert_close(square, 1 / 12.0, 5 * sqrt(1 / 180.0 / COUNT));
  assert_close(product, 0, 5 / 12.0 / sqrt(COUNT));
  assert_close(chi_squared, 255, 5 * sqrt(2 * 255.0));
}

static void an_element_does_not_depend_on_what_else_is_drawn(void **state) {
  (void)state;
  sngp_random_stream stream = stream_of(3, 4);
  float all[40], few[40];
  sngp_random_fill_uniform(&stream, 0, 1, all, 40);
  for (int64_t i = 39; i >= 0; i--) assert_true(all[i] == (float)sngp_random_uniform(&stream, i));
  sngp_random_fill_normal(&stream, 1, all, 40);
  for (size_t n = 0; n <= 40; n++) {
    few[n < 40 ? n : 0] = 12;
    sngp_random_fill_normal(&stream, 1, few, n);
    assert_memory_equal(few, all, n * sizeof *few);
    if (n > 0 && n < 40) assert_true(few[n] == 12);
  }
}

/* [low, high) of the doubles given, though single precision would round some draws to the ends or
   beyond: between these two lie 3 floats, and high rounds up. */
static void a_range_is_kept_in_single_precision_too(void **state) {
  (void)state;
  const double low = 1 - 0x1p-30, high = 1 + 2.6 * 0x1p-23;
  sngp_random_stream stream = stream_of(5, 6);
  int counts[3] = {0};
  sngp_random_fill_uniform(&stream, low, high, values, 3000);
  for (int i = 0; i < 3000; i++) {
    assert_true((double)values[i] >= low && (double)values[i] < high);
    counts[(int)(((double)values[i] - 1) * 0x1p23)]++;
  }
  assert_true(counts[0] > 0 && counts[1] > 0 && counts[2] > 0);
}

/* Moments of N(0, 1): 0, 1, 0, 3, with variances 1, 2, 15, 96; P(|x| > 3) = 0.0027. */
static void normal_numbers_are_normal(void **state) {
  (void)state;
  sngp_random_stream stream = stream_of(7, 8);
  sngp_random_fill_normal(&stream, 2, values, COUNT);
  double moments[5] = {0}, product = 0, tail = 0;
  for (int i = 0; i < COUNT; i++) {
    double x = (double)values[i] / 2, power = 1;
    for (int k = 1; k <= 4; k++) moments[k] += (power *= x) / COUNT;
    product += x * (double)values[(i + 1) % COUNT] / 2 / COUNT;
    tail += (fabs(x) > 3) / (double)COUNT;
  }
  const double expected[] = {0, 0, 1, 0, 3}, variances[] = {0, 1, 2, 15, 96};
  for (int k = 1; k <= 4; k++)
    assert_close(moments[k], expected[k], 5 * sqrt(variances[k] / COUNT));
  assert_close(product, 0, 5 / sqrt(COUNT)); /* cosine and sine of one pair among them */
  assert_close(tail, 0.0026998, 5 * sqrt(0.0027 / COUNT));
}

static void streams_of_other_names_hold_other_numbers(void **state) {
  (void)state;
  const sngp_random_stream streams[] = {
      sngp_random_open(1, SNGP_RANDOM_DATA, 2, 3),
      sngp_random_open(2, SNGP_RANDOM_DATA, 2, 3),
      sngp_random_open(1 + (1LL << 32), SNGP_RANDOM_DATA, 2, 3),
      sngp_random_open(1, SNGP_RANDOM_SPLIT, 2, 3),
      sngp_random_open(1, SNGP_RANDOM_DATA, 3, 3),
      sngp_random_open(1, SNGP_RANDOM_DATA, 2 + (1LL << 32), 3),
      sngp_random_open(1, SNGP_RANDOM_DATA, 2, 4),
  };
  enum { STREAMS = sizeof streams / sizeof *streams, EACH = 100 };
  float drawn[STREAMS][EACH];
  for (int s = 0; s < STREAMS; s++) sngp_random_fill_uniform(&streams[s], 0, 1, drawn[s], EACH);
  for (int a = 0; a < STREAMS; a++)
    for (int b = 0; b < a; b++)
      for (int i = 0; i < EACH; i++) assert_true(drawn[a][i] != drawn[b][i]);
}

/* As many rows as 2^32 blocks hold are counted on; the next ones begin again under another key. */
static void rows_beyond_the_blocks_of_a_key_have_keys_of_their_own(void **state) {
  (void)state;
  const int64_t widths[] = {1, 3, 64, INT64_C(1) << 22}, most = INT64_C(1) << 32;
  const sngp_random_stream plain = stream_of(1, 2);
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
    int64_t blocks = widths[w], rows = sngp_random_rows_of_key(blocks);
    assert_true(rows * blocks <= most && (rows + 1) * blocks > most);
    const int64_t within[] = {0, 1, rows / 2, rows - 1};
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
      sngp_random_stream stream = plain;
      assert_int_equal(sngp_random_seek_row(&stream, within[i], blocks), within[i] * blocks);
      assert_memory_equal(&stream, &plain, sizeof plain);
    }
    enum { PARTS = 5 };
    const int64_t parts[PARTS] = {0, 1, 2, 1000, (INT64_C(1) << 30) - 1};
    uint32_t keys[PARTS];
    for (int i = 0; i < PARTS; i++) {
      sngp_random_stream stream = plain;
      assert_int_equal(sngp_random_seek_row(&stream, parts[i] * rows, blocks), 0);
      keys[i] = stream.key[1];
      for (int j = 0; j < i; j++) assert_true(keys[i] != keys[j]);
    }
  }
}

static void a_permutation_holds_every_number_once_and_depends_on_the_step(void **state) {
  (void)state;
  int64_t order[2][1000];
  for (int64_t count = 0; count <= 1000; count += count < 5 ? 1 : 199) {
    for (int64_t step = 0; step < 2; step++) {
      sngp_random_stream stream = stream_of(step, 0);
      int seen[1000] = {0};
      order[step][count < 1000 ? count : 0] = -12;
      sngp_random_permutation(&stream, order[step], count);
      for (int64_t i = 0; i < count; i++) {
        assert_in_range(order[step][i], 0, count - 1);
        assert_int_equal(seen[order[step][i]]++, 0);
      }
      if (count < 1000) assert_int_equal(order[step][count], -12);
    }
    if (count >= 100) assert_memory_not_equal(order[0], order[1], (size_t)count * sizeof(int64_t));
  }
}

/* All 24 orders of 4 things, 1,000 expected of each: chi-squared with 23 degrees of freedom. */
static void all_orders_are_equally_likely(void **state) {
  (void)state;
  int counts[256] = {0}, orders = 0;
  for (int64_t step = 0; step < 24000; step++) {
    sngp_random_stream stream = stream_of(step, 1);
    int64_t order[4];
    sngp_random_permutation(&stream, order, 4);
    counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
  }
  double chi_squared = 0;
  for (int i = 0; i < 256; i++) {
    if (counts[i] == 0) continue;
    orders++;
    chi_squared += pow(counts[i] - 1000, 2) / 1000;
  }
  assert_int_equal(orders, 24);
  assert_close(chi_squared, 23, 5 * sqrt(2 * 23.0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_philox4x32_10),
      cmocka_unit_test(every_bit_of_a_streams_name_has_its_place),
      cmocka_unit_test(uniform_numbers_are_uniform),
      cmocka_unit_test(an_element_does_not_depend_on_what_else_is_drawn),
      cmocka_unit_test(a_range_is_kept_in_single_precision_too),
      cmocka_unit_test(normal_numbers_are_normal),
      cmocka_unit_test(streams_of_other_names_hold_other_numbers),
      cmocka_unit_test(rows_beyond_the_blocks_of_a_key_have_keys_of_their_own),
      cmocka_unit_test(a_permutation_holds_every_number_once_and_depends_on_the_step),
      cmocka_unit_test(all_orders_are_equally_likely),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
