#include "model/ensemble.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"

sngp_status sngp_ensemble_take(int64_t num_members, sngp_ensemble **out) {
  *out = NULL;
  sngp_ensemble *ensemble = sngp_allocate(1, sizeof *ensemble);
  if (ensemble == NULL) return sngp_fail_memory("an ensemble");
  ensemble->num_members = num_members;
  ensemble->members = sngp_allocate((size_t)num_members, sizeof *ensemble->members);
  if (ensemble->members == NULL) {
    sngp_release(ensemble);
    return sngp_fail_memory("an ensemble");
  }
  *out = ensemble;
  return SNGP_OK;
}

void sngp_ensemble_free(sngp_ensemble *ensemble) {
  if (ensemble == NULL) return;
  for (int64_t i = 0; i < ensemble->num_members; i++) sngp_model_free(ensemble->members[i]);
  sngp_release(ensemble->members);
  sngp_release(ensemble);
}

/* Turning bits over by the member's number keeps the seeds of an ensemble apart, where independent
   draws would only do so as a rule. */
int64_t sngp_ensemble_seed(int64_t seed, int64_t member) {
  enum { WORD_BITS = 32, SEED_BITS = 53 }; /* as many as a double has */
  uint32_t words[4];
  sngp_random_stream stream = sngp_random_open(seed, SNGP_RANDOM_MEMBER, 0, 0);
  sngp_random_block(&stream, 0, words);
  uint64_t bits = ((uint64_t)words[0] << WORD_BITS | words[1]) >> (2 * WORD_BITS - SEED_BITS);
  return (int64_t)(bits ^ (uint64_t)member);
}

static sngp_status check_equal(const char *field, int64_t value, int64_t member, int64_t expected) {
  if (value == expected) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_DIMENSION, "member %lld: %s is %lld, but member 0 has %lld",
                   (long long)member, field, (long long)value, (long long)expected);
}

static sngp_status check_names(const char *field, const char *const *names, int64_t member,
                               const char *const *expected, int64_t count) {
  if (names == NULL && expected == NULL) return SNGP_OK;
  if (names == NULL || expected == NULL)
    return sngp_fail(SNGP_ERROR_DIMENSION, "member %lld has %s %s, but member 0 has %s",
                     (long long)member, names == NULL ? "no" : "its", field,
                     names == NULL ? "some" : "none");
  for (int64_t i = 0; i < count; i++)
    if (strcmp(names[i], expected[i]) != 0)
      return sngp_fail(SNGP_ERROR_DIMENSION,
                       "member %lld: %s[%lld] is \"%s\", but member 0 has \"%s\"",
                       (long long)member, field, (long long)i, names[i], expected[i]);
  return SNGP_OK;
}

sngp_status sngp_ensemble_check_shape(const sngp_model *model, int64_t member,
                                      const sngp_model *first) {
  const sngp_model_config *own = &model->config, *expected = &first->config;
#define CHECK(field) SNGP_TRY(check_equal(#field, own->field, member, expected->field))
  CHECK(input_dim);
  CHECK(task);
  CHECK(num_classes);
  CHECK(num_targets);
  CHECK(head);
  CHECK(backbone);
  if (own->backbone == SNGP_BACKBONE_RESIDUAL) {
    CHECK(num_layers);
    CHECK(num_hidden);
  }
  if (own->head == SNGP_HEAD_GAUSSIAN_PROCESS) {
    CHECK(likelihood);
    CHECK(posterior);
    CHECK(kernel);
    if (own->kernel != SNGP_KERNEL_LINEAR) CHECK(num_random_features);
    CHECK(normalize_input);
    CHECK(gp_input_dim);
    CHECK(kernel_scaling);
  }
#undef CHECK
  SNGP_TRY(check_names("class_names", own->class_names, member, expected->class_names,
                       own->num_classes));
  SNGP_TRY(check_names("target_names", own->target_names, member, expected->target_names,
                       own->num_targets));
  return check_names("feature_names", own->feature_names, member, expected->feature_names,
                     own->input_dim);
}
