/* Ensembles saved and loaded, and files of ensembles that are not right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "io/safetensors.h"
#include "sngp/sngp.h"
#include "support/check.h"
#include "unit/io/models.h"
#include "unit/io/scratch.h"

enum { MEMBERS = 3, MOST_TENSORS = 80, MOST_METADATA = 12, TEXT_SIZE = 4096, NAME_SIZE = 64 };

static sngp_ensemble *make_ensemble(int32_t head) {
  sngp_model *models[MEMBERS];
  sngp_ensemble *ensemble = NULL;
  for (int i = 0; i < MEMBERS; i++) models[i] = make_model(head, 3 + i);
  assert_ok(sngp_ensemble_from_models((const sngp_model *const *)models, MEMBERS, &ensemble));
  for (int i = 0; i < MEMBERS; i++) sngp_model_free(models[i]);
  return ensemble;
}

typedef struct {
  void *bytes;
  int64_t size;
} file;

static file file_of_model(const sngp_model *model) {
  file saved = {NULL, 0};
  assert_ok(sngp_model_save_buffer(model, &saved.bytes, &saved.size));
  return saved;
}

static file file_of_ensemble(const sngp_ensemble *ensemble) {
  file saved = {NULL, 0};
  assert_ok(sngp_ensemble_save_buffer(ensemble, &saved.bytes, &saved.size));
  return saved;
}

static void assert_same_files(file a, file b) {
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.bytes, b.bytes, (size_t)a.size);
  sngp_buffer_free(a.bytes);
  sngp_buffer_free(b.bytes);
}

static void every_member_comes_back_bit_by_bit(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "ensemble.safetensors");
  for (int32_t head = SNGP_HEAD_DENSE; head <= SNGP_HEAD_GAUSSIAN_PROCESS; head++) {
    sngp_ensemble *ensemble = make_ensemble(head), *loaded = NULL, *from_file = NULL;
    file saved = file_of_ensemble(ensemble);
    assert_ok(sngp_ensemble_save(ensemble, path));
    assert_file_holds(path, saved.bytes, (size_t)saved.size);
    assert_ok(sngp_ensemble_load_buffer(saved.bytes, saved.size, &loaded));
    assert_ok(sngp_ensemble_load(path, &from_file));
    assert_int_equal(sngp_ensemble_num_members(loaded), MEMBERS);
    for (int i = 0; i < MEMBERS; i++) /* a model's file has all of it */
      assert_same_files(file_of_model(sngp_ensemble_member(ensemble, i)),
                        file_of_model(sngp_ensemble_member(loaded, i)));
    assert_same_files(file_of_ensemble(from_file), saved);
    sngp_ensemble_free(from_file);
    sngp_ensemble_free(loaded);
    sngp_ensemble_free(ensemble);
  }
  remove_folder(folder);
}

static const char *metadata_of(const sngp_safetensors *opened, const char *key) {
  const char *value = sngp_safetensors_metadata(opened, key);
  if (value == NULL) fail_msg("no %s", key);
  return value;
}

/* What docs/model-format.md says: each model's tensors and metadata under "member.N.". */
static void a_file_holds_the_members_files_under_their_prefixes(void **state) {
  (void)state;
  sngp_ensemble *ensemble = make_ensemble(SNGP_HEAD_GAUSSIAN_PROCESS);
  file saved = file_of_ensemble(ensemble);
  sngp_safetensors whole, lone;
  assert_ok(sngp_safetensors_open(saved.bytes, (size_t)saved.size, &whole));
  assert_string_equal(metadata_of(&whole, "format"), "sngp");
  assert_string_equal(metadata_of(&whole, "format_version"), "1");
  assert_string_equal(metadata_of(&whole, "ensemble"), "{\"num_members\":3}");
  assert_null(sngp_safetensors_metadata(&whole, "config"));
  size_t count = 0;
  const char *last_long = NULL, *first_short = NULL; /* by the size of elements */
  for (int i = 0; i < MEMBERS; i++) {
    file own = file_of_model(sngp_ensemble_member(ensemble, i));
    char name[NAME_SIZE];
    assert_ok(sngp_safetensors_open(own.bytes, (size_t)own.size, &lone));
    snprintf(name, sizeof name, "member.%d.config", i);
    assert_string_equal(metadata_of(&whole, name), metadata_of(&lone, "config"));
    snprintf(name, sizeof name, "member.%d.training", i);
    assert_string_equal(metadata_of(&whole, name), metadata_of(&lone, "training"));
    for (size_t t = 0; t < lone.count; t++) {
      const sngp_tensor *expected = &lone.tensors[t];
      snprintf(name, sizeof name, "member.%d.%s", i, expected->name);
      const sngp_tensor *found = sngp_safetensors_find(&whole, name);
      if (found == NULL) fail_msg("no tensor %s", name);
      assert_string_equal(found->dtype, expected->dtype);
      assert_int_equal(found->rank, expected->rank);
      assert_memory_equal(found->shape, expected->shape, expected->rank * sizeof *found->shape);
      assert_int_equal(found->size, expected->size);
      assert_memory_equal(found->data, expected->data, expected->size);
      const char **border = sngp_dtype_size(found->dtype) == 8 ? &last_long : &first_short;
      if (*border == NULL || (*border < (const char *)found->data) == (border == &last_long))
        *border = found->data;
    }
    count += lone.count;
    sngp_safetensors_close(&lone);
    sngp_buffer_free(own.bytes);
  }
  assert_int_equal(whole.count, count);
  assert_true(last_long < first_short); /* so that all are aligned */
  sngp_safetensors_close(&whole);
  sngp_buffer_free(saved.bytes);
  sngp_ensemble_free(ensemble);
}

static void an_ensemble_of_one_and_a_model_have_the_same_file(void **state) {
  (void)state;
  sngp_model *model = make_model(SNGP_HEAD_GAUSSIAN_PROCESS, 3), *again = NULL;
  const sngp_model *const models[] = {model};
  sngp_ensemble *ensemble = NULL, *loaded = NULL;
  assert_ok(sngp_ensemble_from_models(models, 1, &ensemble));
  file saved = file_of_ensemble(ensemble);
  assert_ok(sngp_model_load_buffer(saved.bytes, saved.size, &again));
  assert_ok(sngp_ensemble_load_buffer(saved.bytes, saved.size, &loaded));
  assert_int_equal(sngp_ensemble_num_members(loaded), 1);
  assert_same_files(file_of_model(sngp_ensemble_member(loaded, 0)), file_of_model(again));
  assert_same_files(saved, file_of_model(model));
  sngp_ensemble_free(loaded);
  sngp_ensemble_free(ensemble);
  sngp_model_free(again);
  sngp_model_free(model);
}

static void loading_an_ensemble_as_a_model_names_the_function_to_call(void **state) {
  (void)state;
  char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
  make_folder(folder);
  path_in(path, folder, "ensemble.safetensors");
  sngp_ensemble *ensemble = make_ensemble(SNGP_HEAD_DENSE);
  sngp_model *model = (sngp_model *)ensemble;
  assert_ok(sngp_ensemble_save(ensemble, path));
  assert_fails(sngp_model_load(path, &model), SNGP_ERROR_UNSUPPORTED, path, "ensemble",
               "sngp_ensemble_load()");
  assert_null(model);
  remove_folder(folder);
  sngp_ensemble_free(ensemble);
}

static void what_could_not_be_loaded_is_not_saved_and_its_member_named(void **state) {
  (void)state;
  sngp_ensemble *ensemble = make_ensemble(SNGP_HEAD_GAUSSIAN_PROCESS);
  sngp_model *member = (sngp_model *)(uintptr_t)sngp_ensemble_member(ensemble, 2);
  void *data = &data;
  int64_t size = 0;
  member->posterior.current = false;
  assert_fails(sngp_ensemble_save_buffer(ensemble, &data, &size), SNGP_ERROR_POSTERIOR_STALE,
               "member 2: ", "sngp_model_fit_covariance()");
  assert_null(data);
  member->posterior.current = true;
  sngp_model_values(member, sngp_parameter_find(&member->table, "input.bias"))[0] = NAN;
  assert_fails(sngp_ensemble_save_buffer(ensemble, &data, &size), SNGP_ERROR_NOT_FINITE,
               "member 2: \"input.bias\" holds a NaN");
  sngp_ensemble_free(ensemble);
}

static void arguments_are_checked(void **state) {
  (void)state;
  sngp_ensemble *ensemble = make_ensemble(SNGP_HEAD_DENSE), *loaded = ensemble;
  void *data = &data;
  int64_t size = 0;
  assert_fails(sngp_ensemble_save(NULL, "x"), SNGP_ERROR_INVALID_ARGUMENT, "ensemble is NULL");
  assert_fails(sngp_ensemble_save(ensemble, ""), SNGP_ERROR_INVALID_ARGUMENT, "path is empty");
  assert_fails(sngp_ensemble_save_buffer(NULL, &data, &size), SNGP_ERROR_INVALID_ARGUMENT,
               "ensemble is NULL");
  assert_null(data);
  assert_fails(sngp_ensemble_save_buffer(ensemble, &data, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "size is NULL");
  assert_fails(sngp_ensemble_load("/nowhere/at/all", &loaded), SNGP_ERROR_READ, "/nowhere/at/all");
  assert_null(loaded);
  assert_fails(sngp_ensemble_load_buffer(&size, -1, &loaded), SNGP_ERROR_INVALID_ARGUMENT,
               "size is -1");
  assert_fails(sngp_ensemble_load_buffer("abc", 3, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "ensemble is NULL");
  sngp_ensemble_free(ensemble);
}

/* ---- files that are not right ---- */

/* A file taken apart, to be changed and put together again. */
typedef struct {
  file saved;
  sngp_safetensors opened;
  sngp_tensor tensors[MOST_TENSORS];
  size_t count;
  sngp_metadata_entry metadata[MOST_METADATA];
  size_t metadata_count;
} parts;

static const char *const KEYS[] = {"format",
                                   "format_version",
                                   "ensemble",
                                   "member.0.config",
                                   "member.0.training",
                                   "member.1.config",
                                   "member.1.training",
                                   "member.2.config",
                                   "member.2.training"};
enum { NUM_KEYS = sizeof KEYS / sizeof *KEYS, ENSEMBLE = 2, CONFIG_1 = 5 };

static parts take_apart(void) {
  sngp_ensemble *ensemble = make_ensemble(SNGP_HEAD_DENSE);
  parts p = {.saved = file_of_ensemble(ensemble)};
  sngp_ensemble_free(ensemble);
  assert_ok(sngp_safetensors_open(p.saved.bytes, (size_t)p.saved.size, &p.opened));
  p.count = p.opened.count;
  assert_true(p.count < MOST_TENSORS);
  memcpy(p.tensors, p.opened.tensors, p.count * sizeof *p.tensors);
  p.metadata_count = NUM_KEYS;
  for (size_t i = 0; i < NUM_KEYS; i++)
    p.metadata[i] = (sngp_metadata_entry){KEYS[i], metadata_of(&p.opened, KEYS[i])};
  return p;
}

static void put_away(parts *p) {
  sngp_safetensors_close(&p->opened);
  sngp_buffer_free(p->saved.bytes);
}

static sngp_status load(parts *p) {
  unsigned char *bytes = NULL;
  size_t size = 0;
  sngp_ensemble *ensemble = (sngp_ensemble *)(uintptr_t)1;
  assert_ok(
      sngp_safetensors_write(p->metadata, p->metadata_count, p->tensors, p->count, &bytes, &size));
  sngp_status status = sngp_ensemble_load_buffer(bytes, (int64_t)size, &ensemble);
  assert_true((status == SNGP_OK) == (ensemble != NULL));
  sngp_ensemble_free(ensemble);
  sngp_release(bytes);
  return status;
}

static void a_number_of_members_that_is_none_is_refused(void **state) {
  (void)state;
  const struct {
    const char *text, *message;
  } cases[] = {
      {"{\"num_members\":0}", "ensemble.num_members is 0, but must lie in [1, 4096]"},
      {"{\"num_members\":-1}", "ensemble.num_members is -1"},
      {"{\"num_members\":4097}", "ensemble.num_members is 4097"},
      {"{\"num_members\":9000000000000000000}", "ensemble.num_members is 9000000000000000000"},
      {"{\"num_members\":99999999999999999999}", "ensemble: not valid JSON"},
      {"{\"num_members\":4096}", "ensemble.num_members is 4096, but there are 42 tensors"},
      {"{\"num_members\":4}",
       "member 3: not a model of libsngp: __metadata__ has no "
       "\"member.3.config\""},
      {"{\"num_members\":2}", "tensor \"member.2.block.0.bias\" does not belong"},
      {"{\"num_members\":3.0}", "ensemble.num_members is not a whole number"},
      {"{\"num_members\":\"3\"}", "ensemble.num_members is not a whole number"},
      {"{}", "ensemble.num_members is missing"},
      {"{\"num_members\":3,\"weights\":[1,2,3]}", "ensemble has the key \"weights\""},
      {"3", "ensemble: not a JSON object"},
      {"", "ensemble: not valid JSON"},
  };
  parts p = take_apart();
  assert_ok(load(&p));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    p.metadata[ENSEMBLE].value = cases[i].text;
    assert_fails(load(&p), SNGP_ERROR_FORMAT, cases[i].message);
  }
  put_away(&p);
}

static void tensors_and_metadata_are_the_members_and_no_others(void **state) {
  (void)state;
  parts p = take_apart();
  char message[NAME_SIZE + 40];
  for (size_t i = 0; i < p.count; i++) {
    sngp_tensor kept = p.tensors[i];
    snprintf(message, sizeof message, "tensor \"%s\" is missing", kept.name);
    p.tensors[i] = p.tensors[--p.count];
    assert_fails(load(&p), SNGP_ERROR_FORMAT, message);
    p.tensors[p.count++] = p.tensors[i];
    p.tensors[i] = kept;
  }
  static const char *const strangers[] = {"member.3.input.bias", "input.bias", "member.0.more",
                                          "member.00.input.bias"};
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
    p.tensors[p.count++] =
        (sngp_tensor){.name = strangers[i], .dtype = "U8", .rank = 1, .shape = {0}};
    snprintf(message, sizeof message, "tensor \"%s\" does not belong", strangers[i]);
    assert_fails(load(&p), SNGP_ERROR_FORMAT, message);
    p.count--;
  }
  for (size_t i = 0; i < NUM_KEYS; i++) {
    if (i == ENSEMBLE) continue; /* without it, a lone model is looked for */
    snprintf(message, sizeof message, "__metadata__ has no \"%s\"", KEYS[i]);
    p.metadata[i].key = "renamed";
    assert_fails(load(&p), SNGP_ERROR_FORMAT, message);
    p.metadata[i].key = KEYS[i];
  }
  p.metadata[ENSEMBLE].key = "renamed";
  assert_fails(load(&p), SNGP_ERROR_FORMAT, "__metadata__ has no \"config\"");
  put_away(&p);
}

static void a_member_that_is_wrong_is_named(void **state) {
  (void)state;
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"\"dropout_rate\":", "\"dropout_rate\":-", "member 1: model config: dropout_rate is -0.1"},
      {"\"num_hidden\":5", "\"num_hidden\":6", "member 1: tensor \"member.1.input.weight\": shape"},
      {"\"num_layers\":2", "\"num_layers\":16000000", "member 1: config.num_layers is 16000000"},
      {"\"iris\"", "\"iri\"", "member 1: class_names[0] is \"iri\", but member 0 has \"iris\""},
      {"{", "", "member 1: config: not valid JSON"},
  };
  parts p = take_apart();
  const char *kept = p.metadata[CONFIG_1].value;
  assert_string_equal(p.metadata[CONFIG_1].key, "member.1.config");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[TEXT_SIZE];
    const char *place = strstr(kept, cases[i].from);
    assert_non_null(place);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - kept), kept, cases[i].to,
             place + strlen(cases[i].from));
    p.metadata[CONFIG_1].value = text;
    assert_fails(load(&p), SNGP_ERROR_FORMAT, cases[i].message);
  }
  put_away(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_member_comes_back_bit_by_bit),
      cmocka_unit_test(a_file_holds_the_members_files_under_their_prefixes),
      cmocka_unit_test(an_ensemble_of_one_and_a_model_have_the_same_file),
      cmocka_unit_test(loading_an_ensemble_as_a_model_names_the_function_to_call),
      cmocka_unit_test(what_could_not_be_loaded_is_not_saved_and_its_member_named),
      cmocka_unit_test(arguments_are_checked),
      cmocka_unit_test(a_number_of_members_that_is_none_is_refused),
      cmocka_unit_test(tensors_and_metadata_are_the_members_and_no_others),
      cmocka_unit_test(a_member_that_is_wrong_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
