/* Lists and indexes of texts, and texts quoted in messages. */
#include "data/text.h"

#include "unit/data/support.h"

static void an_index_numbers_texts_in_the_order_of_their_first_appearance(void **state) {
  (void)state;
  sngp_text_index index = {0};
  assert_int_equal(sngp_text_index_find(&index, "", 0), -1);
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < 3000; i++) {
      char text[16];
      size_t length = (size_t)snprintf(text, sizeof text, "%zu", i * 7919 % 3000), number = 0;
      assert_int_equal(sngp_text_index_find(&index, text, length), round == 0 ? -1 : (int64_t)i);
      assert_true(sngp_text_index_add(&index, text, length, &number));
      assert_int_equal(number, i);
    }
  assert_int_equal(index.texts.count, 3000);
  sngp_text_index_clear(&index);
  assert_int_equal(index.texts.count, 0);
}

static void texts_differ_by_length_and_every_byte(void **state) {
  (void)state;
  const struct {
    const char *text;
    size_t length;
  } texts[] = {{"", 0}, {"a", 1}, {"a\0", 2}, {"a\0b", 3}, {"\0", 1}, {"A", 1}, {"aa", 2}};
  sngp_text_index index = {0};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    size_t number = 0, length = 0;
    assert_true(sngp_text_index_add(&index, texts[i].text, texts[i].length, &number));
    assert_int_equal(number, i);
    const char *kept = sngp_text_list_get(&index.texts, i, &length);
    assert_int_equal(length, texts[i].length);
    assert_memory_equal(kept, texts[i].text, length + 1); /* with a NUL behind */
  }
  sngp_text_index_clear(&index);
}

static void quoted_texts_are_shortened_between_characters_and_printable(void **state) {
  (void)state;
  assert_string_equal(sngp_quote("", 0).text, "\"\"");
  assert_string_equal(sngp_quote("a\nb\0c\x7f", 6).text, "\"a?b?c?\"");
  char text[80], expected[80];
  memset(text, 'x', sizeof text);
  snprintf(expected, sizeof expected, "\"%.50s\"", text);
  assert_string_equal(sngp_quote(text, 50).text, expected);
  strcat(expected, "...");
  assert_string_equal(sngp_quote(text, 51).text, expected);
  memcpy(text + 48, "\xe2\x82\xac", 3); /* a character of three bytes across the limit */
  snprintf(expected, sizeof expected, "\"%.48s\"...", text);
  assert_string_equal(sngp_quote(text, 60).text, expected);
  assert_string_equal(sngp_quote("th\xc3\xa9", 4).text, "\"th\xc3\xa9\"");
  assert_string_equal(sngp_quote("th\xe9", 3).text, "\"th?\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_index_numbers_texts_in_the_order_of_their_first_appearance),
      cmocka_unit_test(texts_differ_by_length_and_every_byte),
      cmocka_unit_test(quoted_texts_are_shortened_between_characters_and_printable),
  };
  return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
