/* Ensembles: their members, seeds and shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/ensemble.h"
#include "support/small_model.h"

enum { MEMBERS = 10 };

static sngp_ensemble *create_ensemble(const sngp_model_config *config, int64_t num_members) {
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_create(config, num_members, &ensemble));
  assert_int_equal(sngp_ensemble_num_members(ensemble), num_members);
  return ensemble;
}

static int64_t seed_of(const sngp_ensemble *ensemble, int64_t member) {
  sngp_model_config config = small_config();
  assert_ok(sngp_model_get_config(sngp_ensemble_member(ensemble, member), &config));
  return config.seed;
}

static void ensembles_of_neighbouring_seeds_share_no_member(void **state) {
  (void)state;
  enum { ENSEMBLES = 3 };
  sngp_ensemble *ensembles[ENSEMBLES];
  int64_t seeds[ENSEMBLES * MEMBERS];
  for (int e = 0; e < ENSEMBLES; e++) {
    sngp_model_config config = small_config();
    config.seed = e;
    ensembles[e] = create_ensemble(&config, MEMBERS);
    for (int i = 0; i < MEMBERS; i++) seeds[e * MEMBERS + i] = seed_of(ensembles[e], i);
  }
  for (int a = 0; a < ENSEMBLES * MEMBERS; a++) {
    assert_true(seeds[a] >= 0 && seeds[a] < INT64_C(1) << 53);
    for (int b = 0; b < a; b++) {
      assert_true(seeds[a] != seeds[b]);
      const sngp_model *one = sngp_ensemble_member(ensembles[a / MEMBERS], a % MEMBERS);
      const sngp_model *other = sngp_ensemble_member(ensembles[b / MEMBERS], b % MEMBERS);
      assert_true(parameter_difference(one, other) > 0);
    }
  }
  for (int e = 0; e < ENSEMBLES; e++) sngp_ensemble_free(ensembles[e]);
}

static void a_member_is_the_model_of_its_seed_however_many_others_there_are(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_ensemble *few = create_ensemble(&config, 2), *many = create_ensemble(&config, MEMBERS);
  for (int i = 0; i < 2; i++) {
    config.seed = seed_of(many, i);
    sngp_model *alone = create_model(&config);
    assert_true(parameter_difference(sngp_ensemble_member(few, i), alone) == 0);
    assert_true(parameter_difference(sngp_ensemble_member(many, i), alone) == 0);
    sngp_model_free(alone);
  }
  sngp_ensemble_free(few);
  sngp_ensemble_free(many);
}

static void members_made_from_models_are_copies_down_to_the_moments(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_dataset *data = small_data(20, 1);
  sngp_optimizer *adam = create_optimizer(SNGP_OPTIMIZER_ADAM, 0.01);
  sngp_model *models[2];
  for (int i = 0; i < 2; i++) {
    config.seed = 5 + i;
    models[i] = create_model(&config);
    assert_ok(sngp_model_prepare(models[i], data));
    assert_ok(sngp_train_step(models[i], adam, data, NULL));
    assert_ok(sngp_model_fit_covariance(models[i], data, 1));
  }
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_from_models((const sngp_model *const *)models, 2, &ensemble));
  for (int i = 0; i < 2; i++) {
    const sngp_model *member = sngp_ensemble_member(ensemble, i);
    void *bytes[2] = {NULL, NULL};
    int64_t sizes[2] = {0, 0};
    assert_ok(sngp_model_save_buffer(models[i], &bytes[0], &sizes[0]));
    assert_ok(sngp_model_save_buffer(member, &bytes[1], &sizes[1]));
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], (size_t)sizes[0]);
    for (int j = 0; j < 2; j++) {
      assert_memory_equal(member->moments[j], models[i]->moments[j],
                          member->table.trainable_size * sizeof(float));
      sngp_buffer_free(bytes[j]);
    }
    assert_ok(sngp_train_step(models[i], adam, data, NULL)); /* the copy does not move along */
    assert_true(parameter_difference(member, models[i]) > 0);
    sngp_model_free(models[i]);
  }
  sngp_ensemble_free(ensemble);
  sngp_optimizer_free(adam);
  sngp_dataset_free(data);
}

static void models_of_another_shape_are_refused_by_member_and_field(void **state) {
  (void)state;
  static const char *const ab[] = {"a", "b", "c"}, *const ac[] = {"a", "c", "b"};
  sngp_model_config named = small_config();
  named.class_names = ab;
  static const char *const messages[] = {
      "member 2: input_dim is 4, but member 0 has 3",
      "member 2: num_classes is 5, but member 0 has 3",
      "member 2: head is 0, but member 0 has 1",
      "member 2: num_layers is 3, but member 0 has 2",
      "member 2: num_hidden is 9, but member 0 has 8",
      "member 2: num_random_features is 41, but member 0 has 40",
      "member 2: normalize_input is 0, but member 0 has 2",
      "member 2: class_names[1] is \"c\", but member 0 has \"b\"",
      "member 2 has no class_names, but member 0 has some",
      "member 2 has its feature_names, but member 0 has none",
      "member 2: backbone is 1, but member 0 has 0",
      "member 2: kernel is 1, but member 0 has 0",
      "member 2: gp_input_dim is 8, but member 0 has 0",
      "member 2: kernel_scaling is 2, but member 0 has 0",
  };
  sngp_model *first = create_model(&named);
  for (int i = 0; i < (int)(sizeof messages / sizeof *messages); i++) {
    sngp_model_config config = named;
    if (i == 0) config.input_dim = 4;
    if (i == 1) config.num_classes = 5, config.class_names = NULL;
    if (i == 2) config.head = SNGP_HEAD_DENSE;
    if (i == 3) config.num_layers = 3;
    if (i == 4) config.num_hidden = 9;
    if (i == 5) config.num_random_features = 41;
    if (i == 6) config.normalize_input = SNGP_NORMALIZE_NONE;
    if (i == 7) config.class_names = ac;
    if (i == 8) config.class_names = NULL;
    if (i == 9) config.feature_names = ab;
    if (i == 10) config.backbone = SNGP_BACKBONE_NONE;
    if (i == 11) config.kernel = SNGP_KERNEL_MATERN_32;
    if (i == 12) config.gp_input_dim = 8;
    if (i == 13) config.kernel_scaling = SNGP_KERNEL_SCALING_ARD;
    sngp_model *other = create_model(&config);
    const sngp_model *const models[] = {first, first, other};
    sngp_ensemble *ensemble = (sngp_ensemble *)first;
    assert_fails(sngp_ensemble_from_models(models, 3, &ensemble), SNGP_ERROR_DIMENSION,
                 messages[i]);
    assert_null(ensemble);
    sngp_model_free(other);
  }
  sngp_model_free(first);
}

static void check_one_ensemble(const sngp_model *first, const sngp_model *second) {
  const sngp_model *const models[] = {first, second};
  sngp_ensemble *ensemble = NULL;
  assert_ok(sngp_ensemble_from_models(models, 2, &ensemble));
  sngp_ensemble_free(ensemble);
}

static void what_does_not_change_the_shape_may_differ(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  config.head = SNGP_HEAD_DENSE;
  sngp_model *first = create_model(&config);
  config.num_random_features = 5; /* of no meaning with a dense head */
  config.dropout_rate = 0.5;
  config.spectral_norm_bound = 0;
  sngp_model *second = create_model(&config);
  check_one_ensemble(first, second);
  sngp_model_free(first);
  sngp_model_free(second);
  config.backbone = SNGP_BACKBONE_NONE;
  first = create_model(&config);
  config.num_layers = config.num_hidden = 1; /* of no meaning without a backbone */
  second = create_model(&config);
  check_one_ensemble(first, second);
  sngp_model_free(first);
  sngp_model_free(second);
}

static void arguments_out_of_range_are_named(void **state) {
  (void)state;
  sngp_model_config config = small_config();
  sngp_model *model = create_model(&config);
  const sngp_model *const models[] = {model, NULL};
  sngp_ensemble *ensemble = (sngp_ensemble *)model;
  assert_fails(sngp_ensemble_create(&config, 0, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "num_members is 0, but must lie in [1, 4096]");
  assert_null(ensemble);
  assert_fails(sngp_ensemble_create(&config, 4097, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "num_members is 4097");
  assert_fails(sngp_ensemble_create(NULL, 2, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "model config is NULL");
  assert_fails(sngp_ensemble_create(&config, 2, NULL), SNGP_ERROR_INVALID_ARGUMENT,
               "ensemble is NULL");
  assert_fails(sngp_ensemble_from_models(models, 2, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "models[1] is NULL");
  assert_fails(sngp_ensemble_from_models(NULL, 2, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "models is NULL");
  assert_fails(sngp_ensemble_from_models(models, -1, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "num_models is -1");
  config.seed = -1;
  assert_fails(sngp_ensemble_create(&config, 2, &ensemble), SNGP_ERROR_INVALID_ARGUMENT,
               "seed is -1");
  assert_ok(sngp_ensemble_from_models(models, 1, &ensemble));
  assert_null(sngp_ensemble_member(ensemble, 1));
  assert_null(sngp_ensemble_member(ensemble, -1));
  assert_null(sngp_ensemble_member(NULL, 0));
  assert_int_equal(sngp_ensemble_num_members(NULL), 0);
  sngp_ensemble_free(ensemble);
  sngp_ensemble_free(NULL);
  sngp_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ensembles_of_neighbouring_seeds_share_no_member),
      cmocka_unit_test(a_member_is_the_model_of_its_seed_however_many_others_there_are),
      cmocka_unit_test(members_made_from_models_are_copies_down_to_the_moments),
      cmocka_unit_test(models_of_another_shape_are_refused_by_member_and_field),
      cmocka_unit_test(what_does_not_change_the_shape_may_differ),
      cmocka_unit_test(arguments_out_of_range_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
