/* Model files that are not right: the status and the reason, and never a crash or a model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/safetensors.h"
#include "sngp/io.h"
#include "unit/io/models.h"

/* A file taken apart, to be changed and put together again. */
enum { MOST_TENSORS = 40, MOST_METADATA = 5, TEXT_SIZE = 4096 };
typedef struct {
  void *bytes;
  int64_t size;
  sngp_safetensors file;
  sngp_tensor tensors[MOST_TENSORS];
  size_t count;
  sngp_metadata_entry metadata[MOST_METADATA];
  size_t metadata_count;
} parts;

static const char *const KEYS[] = {"format", "format_version", "config", "training"};

static parts take_apart(int32_t head) {
  parts p = {0};
  sngp_model *model = make_model(head, 3);
  assert_int_equal(sngp_model_save_buffer(model, &p.bytes, &p.size), SNGP_OK);
  sngp_model_free(model);
  assert_int_equal(sngp_safetensors_open(p.bytes, (size_t)p.size, &p.file), SNGP_OK);
  p.count = p.file.count;
  assert_true(p.count < MOST_TENSORS);
  memcpy(p.tensors, p.file.tensors, p.count * sizeof *p.tensors);
  p.metadata_count = sizeof KEYS / sizeof *KEYS;
  for (size_t i = 0; i < p.metadata_count; i++)
    p.metadata[i] = (sngp_metadata_entry){KEYS[i], sngp_safetensors_metadata(&p.file, KEYS[i])};
  return p;
}

static sngp_tensor *tensor(parts *p, const char *name) {
  for (size_t i = 0; i < p->count; i++)
    if (strcmp(p->tensors[i].name, name) == 0) return &p->tensors[i];
  fail_msg("no tensor %s", name);
  return NULL;
}

/* Replaces the first occurrence of a text in a piece of metadata; `text` takes the result. */
static void change_text(parts *p, size_t key, const char *from, const char *to, char *text) {
  const char *value = p->metadata[key].value, *place = strstr(value, from);
  if (place == NULL) fail_msg("no %s in %s", from, value);
  snprintf(text, TEXT_SIZE, "%.*s%s%s", (int)(place - value), value, to, place + strlen(from));
  p->metadata[key].value = text;
}

static sngp_status load(parts *p) {
  unsigned char *bytes = NULL;
  size_t size = 0;
  sngp_model *model = (sngp_model *)(uintptr_t)1;
  assert_int_equal(
      sngp_safetensors_write(p->metadata, p->metadata_count, p->tensors, p->count, &bytes, &size),
      SNGP_OK);
  sngp_status status = sngp_model_load_buffer(bytes, (int64_t)size, &model);
  assert_true((status == SNGP_OK) == (model != NULL));
  sngp_model_free(model);
  sngp_release(bytes);
  return status;
}

static void assert_refused(parts *p, sngp_status expected, const char *message) {
  sngp_status status = load(p);
  if (status != expected || strstr(sngp_last_error(), message) == NULL)
    fail_msg("expected \"%s\", got %d: %s", message, status, sngp_last_error());
}

static void put_away(parts *p) {
  sngp_safetensors_close(&p->file);
  sngp_buffer_free(p->bytes);
}

static void parts_put_together_again_load(void **state) {
  (void)state;
  for (int32_t head = 0; head < 2; head++) {
    parts p = take_apart(head);
    p.metadata[p.metadata_count++] = (sngp_metadata_entry){"comment", "other tools may add keys"};
    if (load(&p) != SNGP_OK) fail_msg("%s", sngp_last_error());
    put_away(&p);
  }
}

static void metadata_that_is_missing_or_wrong_is_named(void **state) {
  (void)state;
  const struct {
    size_t key;
    const char *from, *to;
    sngp_status status;
    const char *message;
  } cases[] = {
      {0, "sngp", "pt", SNGP_ERROR_FORMAT, "its format is \"pt\""},
      {1, "1", "2", SNGP_ERROR_UNSUPPORTED, "format_version is 2"},
      {1, "1", "99999999999999999999", SNGP_ERROR_UNSUPPORTED, "format_version is 9999"},
      {1, "1", "0", SNGP_ERROR_FORMAT, "format_version is \"0\""},
      {1, "1", "-1", SNGP_ERROR_FORMAT, "format_version is \"-1\""},
      {1, "1", " 1", SNGP_ERROR_FORMAT, "format_version is \" 1\""},
      {1, "1", "1.0", SNGP_ERROR_FORMAT, "format_version is \"1.0\""},
      {1, "1", "", SNGP_ERROR_FORMAT, "format_version is \"\""},
      {2, "{", "", SNGP_ERROR_FORMAT, "config: not valid JSON"},
      {2, "\"seed\":3", "\"seed\":-3", SNGP_ERROR_FORMAT, "seed is -3"},
      {2, "\"seed\":3", "\"seeds\":3", SNGP_ERROR_FORMAT, "\"seeds\""},
      {2, "\"ridge\":0.1", "\"ridge\":0", SNGP_ERROR_FORMAT, "ridge is 0"},
      {2, "\"ridge\":0.1", "\"ridge\":0.2", SNGP_ERROR_FORMAT, "does not belong"},
      {2, "\"ridge\":0.1", "\"ridge\":1.0", SNGP_ERROR_FORMAT, "does not belong"},
      {2, "\"num_layers\":2", "\"num_layers\":3", SNGP_ERROR_FORMAT,
       "\"block.2.weight\" is missing"},
      {2, "\"num_layers\":2", "\"num_layers\":1", SNGP_ERROR_FORMAT,
       "\"block.1.bias\" does not belong"},
      {2, "\"num_layers\":2", "\"num_layers\":16000000", SNGP_ERROR_FORMAT,
       "num_layers is 16000000, but there are"},
      {2, "\"num_hidden\":5", "\"num_hidden\":6", SNGP_ERROR_FORMAT,
       "\"input.weight\": shape is [3, 5], but the configuration asks for [3, 6]"},
      {2, "\"num_hidden\":5", "\"num_hidden\":16000000", SNGP_ERROR_FORMAT, "shape is"},
      {2, "\"num_random_features\":12", "\"num_random_features\":16000000", SNGP_ERROR_FORMAT,
       "\"posterior.precision\": shape is [12, 12]"},
      {2, "gaussian_process", "dense", SNGP_ERROR_FORMAT, "\"output.weight\": shape is [12, 4]"},
      {2, "\"radius\"", "\"none\"", SNGP_ERROR_FORMAT, "\"features.weight\": shape is [6, 12]"},
      {2, "\"radius\"", "\"layer_norm\"", SNGP_ERROR_FORMAT, "\"layer_norm.scale\" is missing"},
      {2, "\"standardize_inputs\":true", "\"standardize_inputs\":false", SNGP_ERROR_FORMAT,
       "\"input_scaling.mean\" does not belong"},
      {2, "\"iris\",", "", SNGP_ERROR_FORMAT, "config.class_names has 3 names"},
      {3, "{", "[", SNGP_ERROR_FORMAT, "training: not valid JSON"},
      {3, "\"covariance_rows\":40", "\"covariance_rows\":41", SNGP_ERROR_FORMAT,
       "training.covariance_rows is 41, but posterior.rows is 40"},
      {3, "\"covariance_jitter\":0.0", "\"covariance_jitter\":-1.0", SNGP_ERROR_FORMAT,
       "covariance_jitter is -1"},
      {3, "\"covariance_jitter\":0.0", "\"covariance_jitter\":0.1", SNGP_ERROR_FORMAT,
       "does not belong"},
  };
  parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[TEXT_SIZE];
    const char *kept = p.metadata[cases[i].key].value;
    /* 0.1 is written with all its digits */
    const char *from = strcmp(cases[i].from, "\"ridge\":0.1") == 0 ? "\"ridge\":0.10000000000000001"
                                                                   : cases[i].from;
    change_text(&p, cases[i].key, from, cases[i].to, text);
    assert_refused(&p, cases[i].status, cases[i].message);
    p.metadata[cases[i].key].value = kept;
  }
  for (size_t i = 0; i < p.metadata_count; i++) {
    char message[64];
    snprintf(message, sizeof message, "__metadata__ has no \"%s\"", KEYS[i]);
    p.metadata[i].key = "renamed";
    assert_refused(&p, SNGP_ERROR_FORMAT, message);
    p.metadata[i].key = KEYS[i];
  }
  p.metadata_count = 0;
  assert_refused(&p, SNGP_ERROR_FORMAT, "not a model of libsngp");
  put_away(&p);
}

static void the_set_of_tensors_is_exact(void **state) {
  (void)state;
  parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
  for (size_t i = 0; i < p.count; i++) { /* each one missing, in the order of names */
    char message[80];
    sngp_tensor kept = p.tensors[i];
    snprintf(message, sizeof message, "\"%s\" is missing", kept.name);
    p.tensors[i] = p.tensors[--p.count];
    assert_refused(&p, SNGP_ERROR_FORMAT, message);
    p.tensors[p.count++] = p.tensors[i];
    p.tensors[i] = kept;
  }
  p.tensors[p.count++] = (sngp_tensor){.name = "more", .dtype = "U8", .rank = 1, .shape = {0}};
  assert_refused(&p, SNGP_ERROR_FORMAT, "\"more\" does not belong to this configuration");
  put_away(&p);
}

static void shapes_and_dtypes_are_exact(void **state) {
  (void)state;
  parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
  sngp_tensor *weight = tensor(&p, "input.weight"), kept = *weight;
  weight->shape[0] = 5;
  weight->shape[1] = 3;
  assert_refused(&p, SNGP_ERROR_FORMAT,
                 "\"input.weight\": shape is [5, 3], but the configuration asks for [3, 5]");
  weight->rank = 1;
  weight->shape[0] = 15;
  assert_refused(&p, SNGP_ERROR_FORMAT, "shape is [15]");
  *weight = kept;
  weight->dtype = "I32";
  assert_refused(&p, SNGP_ERROR_FORMAT, "\"input.weight\": dtype is I32, but must be F32");
  *weight = kept;
  sngp_tensor *bias = tensor(&p, "input.bias");
  bias->rank = 2;
  bias->shape[0] = 1;
  bias->shape[1] = 5;
  assert_refused(&p, SNGP_ERROR_FORMAT, "\"input.bias\": shape is [1, 5]");
  put_away(&p);
}

static void values_that_can_not_be_are_named(void **state) {
  (void)state;
  const struct {
    const char *name;
    size_t index;
    double value;
    const char *message;
  } cases[] = {
      {"input.weight", 14, NAN, "\"input.weight\": element 14 is NaN or infinite"},
      {"features.bias", 0, -INFINITY, "\"features.bias\": element 0"},
      {"block.0.u", 4, INFINITY, "\"block.0.u\": element 4"},
      {"input_scaling.mean", 1, NAN, "\"input_scaling.mean\": element 1"},
      {"input_scaling.scale", 1, 0.0, "\"input_scaling.scale\": element 1 is 0"},
      {"input_scaling.scale", 2, -1.0, "\"input_scaling.scale\": element 2 is -1"},
      {"posterior.precision", 143, NAN, "\"posterior.precision\": element 143"},
      {"posterior.precision", 1, 1.0, "posterior.precision: not symmetric"},
      {"posterior.precision", 13, -1.0, "posterior.precision: element (1, 1)"},
      {"posterior.precision", 13, 1.0, "does not belong"},
      {"posterior.root", 3, NAN, "\"posterior.root\": element 3"},
      {"posterior.root", 1, 1.0, "posterior.root: element (0, 1)"},
      {"posterior.root", 12, 1.0, "does not belong"},
      {"posterior.rows", 0, -40.0, "posterior.rows is -40"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
    unsigned char *data = (unsigned char *)(uintptr_t)tensor(&p, cases[i].name)->data;
    const char *dtype = tensor(&p, cases[i].name)->dtype;
    double wide = cases[i].value;
    float narrow = (float)wide;
    int64_t integer = isfinite(wide) ? (int64_t)wide : 0;
    const void *value = strcmp(dtype, "F64") == 0   ? (const void *)&wide
                        : strcmp(dtype, "F32") == 0 ? (const void *)&narrow
                                                    : (const void *)&integer;
    size_t size = sngp_dtype_size(dtype);
    memcpy(data + cases[i].index * size, value, size);
    assert_refused(&p, SNGP_ERROR_FORMAT, cases[i].message);
    put_away(&p);
  }
}

static void the_posterior_of_another_model_is_refused(void **state) {
  (void)state;
  parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
  sngp_model *other = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 4);
  tensor(&p, "posterior.root")->data = other->posterior.root;
  assert_refused(&p, SNGP_ERROR_FORMAT, "posterior.root does not belong to posterior.precision");
  tensor(&p, "posterior.precision")->data = other->posterior.precision;
  assert_int_equal(load(&p), SNGP_OK); /* both of the other belong together */
  sngp_model_free(other);
  put_away(&p);
}

/* Exactly `size` bytes, so that a sanitizer sees a step beyond them. */
static sngp_status load_copy(const void *bytes, size_t size) {
  unsigned char *copy = malloc(size > 0 ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  sngp_model *model = NULL;
  sngp_status status = sngp_model_load_buffer(copy, (int64_t)size, &model);
  assert_true((status == SNGP_OK) == (model != NULL));
  sngp_model_free(model);
  free(copy);
  return status;
}

static size_t header_end(const parts *p) {
  uint64_t header_size = 0;
  memcpy(&header_size, p->bytes, sizeof header_size);
  return 8 + (size_t)header_size;
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
  size_t end = header_end(&p);
  for (size_t size = 0; size <= end; size++)
    assert_int_equal(load_copy(p.bytes, size), SNGP_ERROR_FORMAT);
  for (size_t size = end; size < (size_t)p.size; size += 13)
    assert_int_equal(load_copy(p.bytes, size), SNGP_ERROR_FORMAT);
  assert_int_equal(load_copy(p.bytes, (size_t)p.size - 1), SNGP_ERROR_FORMAT);
  put_away(&p);
}

/* One bit of each byte of length and header, and every byte as a quote and as a digit. What still
   loads (a class name with another letter) is a model; all else is refused as malformed, newer or
   too large. */
static void changed_bytes_of_the_header_never_crash(void **state) {
  (void)state;
  parts p = take_apart(SNGP_HEAD_GAUSSIAN_PROCESS);
  size_t end = header_end(&p), refused = 0, total = 0;
  unsigned char *bytes = p.bytes;
  for (size_t i = 0; i < end; i++) {
    const unsigned char kept = bytes[i];
    const unsigned char changed[] = {(unsigned char)(kept ^ (1u << i % 8)), '"', '9'};
    for (size_t k = 0; k < sizeof changed; k++) {
      bytes[i] = changed[k];
      if (changed[k] == kept) continue;
      sngp_status status = load_copy(bytes, (size_t)p.size);
      assert_true(status == SNGP_OK || status == SNGP_ERROR_FORMAT ||
                  status == SNGP_ERROR_UNSUPPORTED || status == SNGP_ERROR_OUT_OF_MEMORY);
      refused += status != SNGP_OK;
      total++;
    }
    bytes[i] = kept;
  }
  assert_true(refused > total * 3 / 4);
  assert_int_equal(load_copy(bytes, (size_t)p.size), SNGP_OK);
  put_away(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_put_together_again_load),
      cmocka_unit_test(metadata_that_is_missing_or_wrong_is_named),
      cmocka_unit_test(the_set_of_tensors_is_exact),
      cmocka_unit_test(shapes_and_dtypes_are_exact),
      cmocka_unit_test(values_that_can_not_be_are_named),
      cmocka_unit_test(the_posterior_of_another_model_is_refused),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(changed_bytes_of_the_header_never_crash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
