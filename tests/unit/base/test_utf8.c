#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above */
#include <cmocka.h>

#include "base/utf8.h"
#include "sngp/sngp.h"

/* Stray continuation, cut off, longer than needed, surrogate, beyond U+10FFFF, Latin-1. */
static void utf8_is_told_from_what_is_not(void **state) {
  (void)state;
  const char *const bad[] = {"\x80",
                             "a\xe2\x82",
                             "\xc0\xaf",
                             "\xe0\x9f\xbf",
                             "\xed\xa0\x80",
                             "\xf4\x90\x80\x80",
                             "\xf8\x88\x80\x80\x80",
                             "ros\xe9"};
  const char *const good[] = {
      "\x7f",         "\xc2\x80",         "\xe0\xa0\x80",     "\xed\x9f\xbf",
      "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xc3\xa9"};
  for (size_t i = 0; i < 8; i++) {
    assert_false(sngp_is_utf8(bad[i]));
    assert_true(sngp_is_utf8(good[i]));
  }
}

static void a_name_that_is_not_utf8_is_refused_before_training(void **state) {
  (void)state;
  const char *const names[] = {"rose", "ros\xe9"};
  sngp_model_config config;
  assert_int_equal(sngp_model_config_init(&config, sizeof config), SNGP_OK);
  config.input_dim = config.num_classes = 2;
  config.class_names = names;
  sngp_model *model = NULL;
  assert_int_equal(sngp_model_create(&config, &model), SNGP_ERROR_INVALID_ARGUMENT);
  assert_string_equal(sngp_last_error(),
                      "model config: class_names[1] is not valid UTF-8, as model files need it");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf8_is_told_from_what_is_not),
      cmocka_unit_test(a_name_that_is_not_utf8_is_refused_before_training),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
