/* A user's first program: trains on two moons and predicts. */
#include <sngp/sngp.h>
#include <stdio.h>

int main(void) {
  sngp_model_config config;
  sngp_model_config_init(&config, sizeof config);
  config.input_dim = 2;
  config.num_classes = 2;
  sngp_fit_config fit_config;
  sngp_fit_config_init(&fit_config, sizeof fit_config);
  fit_config.epochs = 20;

  sngp_model *model = NULL;
  sngp_optimizer *adam = NULL;
  sngp_dataset *moons = NULL;
  float points[2][2] = {{-0.1f, 1.2f}, {2.5f, -1.75f}}, variance[2] = {0};
  int32_t classes[2] = {-1, -1};
  sngp_prediction out = {.struct_size = sizeof out, .classes = classes, .variance = variance};
  int failed = sngp_dataset_two_moons(1000, 0.1, 1, &moons) || sngp_model_create(&config, &model) ||
               sngp_optimizer_create(NULL, &adam) ||
               sngp_fit(model, adam, moons, NULL, &fit_config, NULL) ||
               sngp_predict(model, NULL, &points[0][0], 2, 2, 0, NULL, &out);
  if (failed) fprintf(stderr, "%s\n", sngp_last_error());
  printf("class %d, variance %g on a moon, %g far away\n", (int)classes[0], variance[0],
         variance[1]);
  sngp_dataset_free(moons);
  sngp_optimizer_free(adam);
  sngp_model_free(model);

  if (sngp_version() != SNGP_VERSION_NUMBER) return fprintf(stderr, "another version\n"), 1;
  return failed || classes[0] != 0 || !(variance[1] > 10 * variance[0]);
}
