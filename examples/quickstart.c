/* Trains a classifier on two moons, saves it, and asks it about a point it knows and one it does
 * not.
 *
 *     cc quickstart.c $(pkg-config --cflags --libs sngp) -o quickstart
 *     ./quickstart [MODEL_FILE]
 */
#include <sngp/sngp.h>
#include <stdio.h>

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "moons.safetensors";
  sngp_dataset *moons = NULL;
  sngp_optimizer *adam = NULL;
  sngp_model *model = NULL;
  int failed = 1;

  sngp_model_config config;
  if (sngp_model_config_init(&config, sizeof config)) goto done;
  config.input_dim = 2;
  config.num_classes = 2;

  if (sngp_dataset_two_moons(1000, 0.1, 1, &moons) || sngp_model_create(&config, &model) ||
      sngp_optimizer_create(NULL, &adam) || sngp_fit(model, adam, moons, NULL, NULL, NULL) ||
      sngp_model_save(model, path))
    goto done;

  const float points[2][2] = {{-0.1f, 1.2f}, {2.5f, -1.75f}}; /* on a moon; far from both */
  float probabilities[2][2], variance[2];
  sngp_prediction out = {
      .struct_size = sizeof out, .probabilities = &probabilities[0][0], .variance = variance};
  if (sngp_predict(model, NULL, &points[0][0], 2, 2, 0, NULL, &out)) goto done;

  for (int i = 0; i < 2; i++)
    printf("(%5.2f, %5.2f)  probabilities %.3f %.3f  variance %.3g\n", points[i][0], points[i][1],
           probabilities[i][0], probabilities[i][1], variance[i]);
  printf("saved %s\n", path);
  failed = 0;

done:
  if (failed) fprintf(stderr, "quickstart: %s\n", sngp_last_error());
  sngp_model_free(model);
  sngp_optimizer_free(adam);
  sngp_dataset_free(moons);
  return failed;
}
