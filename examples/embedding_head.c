/* Puts a distance-aware head on another network's embeddings: requests that look like what the head
 * was fitted to are answered with a class and its probability, others are refused.
 *
 *     cc embedding_head.c $(pkg-config --cflags --libs sngp) -lm -o embedding_head
 *     ./embedding_head [MODEL_FILE [EMBEDDINGS.npy LABELS.npy [OTHERS.npy]]]
 *
 * Without files the embeddings are made up: those of four classes, and of a fifth that the head
 * never sees before it is asked about it. docs/embeddings.md explains each step.
 */
#include <math.h>
#include <sngp/sngp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Share of the in-domain requests that may be refused by mistake. */
static const double FALSE_ALARMS = 0.01;

enum { KNOWN_CLASSES = 4, ROWS_OF_CLASS = 1000, DIMENSION = 64, LATENT = 8, FEATURES = 512 };
enum { SPLIT_SEED = 1 };

/* ---- made-up embeddings ---- */

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): uniform over (0, 1). */
static double uniform(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0; /* 2^53 */
}

/* Box and Muller's method. */
static double normal(uint64_t *state) {
  const double pi = 3.14159265358979323846;
  double radius = sqrt(-2 * log(uniform(state)));
  return radius * cos(2 * pi * uniform(state));
}

/* A network's last hidden layer, tanh(z A), of a latent z ~ N(centre of the class, I). */
typedef struct {
  uint64_t state;
  double centres[KNOWN_CLASSES + 1][LATENT];
  double mixing[LATENT][DIMENSION];
} generator;

static void generator_init(generator *g) {
  const double spread = 2; /* of the centres: some classes overlap a little */
  g->state = 1;
  for (int k = 0; k <= KNOWN_CLASSES; k++)
    for (int j = 0; j < LATENT; j++) g->centres[k][j] = spread * normal(&g->state);
  for (int j = 0; j < LATENT; j++)
    for (int d = 0; d < DIMENSION; d++) g->mixing[j][d] = normal(&g->state) / LATENT;
}

static void generate_row(generator *g, int k, float *row) {
  double latent[LATENT];
  for (int j = 0; j < LATENT; j++) latent[j] = g->centres[k][j] + normal(&g->state);
  for (int d = 0; d < DIMENSION; d++) {
    double sum = 0;
    for (int j = 0; j < LATENT; j++) sum += latent[j] * g->mixing[j][d];
    row[d] = (float)tanh(sum);
  }
}

/* ROWS_OF_CLASS rows of each of the classes [first, first + count), labelled. */
static sngp_status generate(generator *g, int first, int count, sngp_dataset **data) {
  static float rows[KNOWN_CLASSES * ROWS_OF_CLASS][DIMENSION];
  static int32_t labels[KNOWN_CLASSES * ROWS_OF_CLASS];
  for (int i = 0; i < count * ROWS_OF_CLASS; i++) {
    labels[i] = i / ROWS_OF_CLASS;
    generate_row(g, first + labels[i], rows[i]);
  }
  return sngp_dataset_create(&rows[0][0], (int64_t)count * ROWS_OF_CLASS, DIMENSION, 0, labels, 0,
                             data);
}

/* From the files that were named, else made up. `others` stays NULL where files hold none. */
static sngp_status get_embeddings(int argc, char **argv, sngp_dataset **known,
                                  sngp_dataset **others) {
  enum { EMBEDDINGS = 2, LABELS = 3, OTHERS = 4 };
  if (argc > LABELS) {
    sngp_status status = sngp_dataset_read_npy(argv[EMBEDDINGS], argv[LABELS], known);
    if (status != SNGP_OK || argc <= OTHERS) return status;
    return sngp_dataset_read_npy(argv[OTHERS], NULL, others);
  }
  generator g;
  generator_init(&g);
  sngp_status status = generate(&g, 0, KNOWN_CLASSES, known);
  return status == SNGP_OK ? generate(&g, KNOWN_CLASSES, 1, others) : status;
}

/* ---- the head ---- */

/* Half of the rows fit the head, a quarter tells the threshold, a quarter plays the requests. */
static sngp_status split(const sngp_dataset *known, sngp_dataset **training,
                         sngp_dataset **held_out, sngp_dataset **requests) {
  sngp_dataset *rest = NULL;
  sngp_status status = sngp_dataset_split(known, 0.5, SPLIT_SEED, training, &rest);
  if (status == SNGP_OK) status = sngp_dataset_split(rest, 0.5, SPLIT_SEED, held_out, requests);
  sngp_dataset_free(rest);
  return status;
}

static sngp_status fit(const sngp_dataset *training, sngp_model **head) {
  sngp_model_config config;
  sngp_head_fit_result result = {.struct_size = sizeof result};
  sngp_status status = sngp_model_config_init(&config, sizeof config);
  if (status != SNGP_OK) return status;
  config.input_dim = sngp_dataset_cols(training);
  config.num_classes = sngp_dataset_num_classes(training);
  config.backbone = SNGP_BACKBONE_NONE;
  config.normalize_input = SNGP_NORMALIZE_NONE;
  config.num_random_features = FEATURES;
  status = sngp_model_create(&config, head);
  /* Chooses a short kernel, for the variance's sake; the fit alone would choose by its NLL. */
  if (status == SNGP_OK) status = sngp_model_prepare(*head, training);
  if (status == SNGP_OK) status = sngp_head_fit(*head, training, NULL, &result);
  if (status == SNGP_OK)
    printf(
        "Fitted    %lld rows, %lld columns, %lld classes; kernel scale %.3g, ridge %.3g, "
        "cross-validated NLL %.4f\n",
        (long long)result.rows, (long long)config.input_dim, (long long)config.num_classes,
        result.kernel_scale, result.ridge, result.nll);
  return status;
}

/* ---- the threshold ---- */

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* The k-th smallest variance, k = ceil((rows + 1) (1 - FALSE_ALARMS)): the variance of a new row of
   the same kind is above it with a probability of at most FALSE_ALARMS. With too few rows no
   threshold can promise that. */
static sngp_status choose_threshold(const sngp_model *head, const sngp_dataset *held_out,
                                    float *threshold) {
  int64_t rows = sngp_dataset_rows(held_out);
  int64_t rank = (int64_t)ceil((double)(rows + 1) * (1 - FALSE_ALARMS));
  *threshold = (float)INFINITY;
  if (rank > rows) return SNGP_OK;
  float *variance = malloc((size_t)rows * sizeof *variance);
  if (variance == NULL) return SNGP_ERROR_OUT_OF_MEMORY;
  sngp_prediction out = {.struct_size = sizeof out, .variance = variance};
  sngp_status status =
      sngp_predict(head, NULL, sngp_dataset_features(held_out), rows, sngp_dataset_cols(held_out),
                   sngp_dataset_row_stride(held_out), NULL, &out);
  if (status == SNGP_OK) {
    qsort(variance, (size_t)rows, sizeof *variance, compare);
    *threshold = variance[rank - 1];
  }
  free(variance);
  return status;
}

/* ---- requests ---- */

/* One thread's way to ask the head, which threads share. */
typedef struct {
  const sngp_model *head;
  sngp_workspace *workspace; /* of this thread alone */
  float *probabilities;      /* (K) */
  float threshold;
} server;

typedef struct {
  int32_t class; /* -1: refused */
  float probability, variance;
} answer;

static sngp_status serve(const server *s, const float *embedding, answer *given) {
  int32_t class = 0;
  sngp_prediction out = {.struct_size = sizeof out,
                         .probabilities = s->probabilities,
                         .classes = &class,
                         .variance = &given->variance};
  sngp_status status = sngp_predict(s->head, s->workspace, embedding, 1,
                                    sngp_model_input_dim(s->head), 0, NULL, &out);
  if (status != SNGP_OK) return status;
  given->class = given->variance > s->threshold ? -1 : class;
  given->probability = s->probabilities[class];
  return SNGP_OK;
}

/* Asks about each row and prints a line of the table. Rows without labels of the head's: what was
   answered is not compared. */
static sngp_status serve_all(const server *s, const char *name, const sngp_dataset *rows,
                             int is_known) {
  int64_t count = sngp_dataset_rows(rows), refused = 0, right = 0;
  double probability = 0, variance = 0;
  for (int64_t i = 0; i < count; i++) {
    answer given;
    sngp_status status =
        serve(s, sngp_dataset_features(rows) + i * sngp_dataset_row_stride(rows), &given);
    if (status != SNGP_OK) return status;
    refused += given.class < 0;
    right += is_known && given.class == sngp_dataset_labels(rows)[i];
    probability += (double)given.probability / (double)count;
    variance += (double)given.variance / (double)count;
  }
  printf("%-13s %6lld %8.1f%% %10.3f %9.3f", name, (long long)count,
         100 * (double)refused / (double)count, variance, probability);
  if (is_known && refused < count)
    printf(" %13.2f%%\n", 100 * (double)right / (double)(count - refused));
  else
    printf(" %14s\n", "-");
  return SNGP_OK;
}

static sngp_status server_init(server *s, const sngp_model *head, float threshold) {
  int64_t classes = sngp_model_num_classes(head);
  *s = (server){.head = head, .threshold = threshold};
  s->probabilities = malloc((size_t)classes * sizeof *s->probabilities);
  if (s->probabilities == NULL) return SNGP_ERROR_OUT_OF_MEMORY;
  return sngp_workspace_create(head, NULL, 1, &s->workspace);
}

static void server_destroy(server *s) {
  sngp_workspace_free(s->workspace);
  free(s->probabilities);
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "head.safetensors";
  sngp_dataset *known = NULL, *others = NULL, *training = NULL, *held_out = NULL, *requests = NULL;
  sngp_model *head = NULL, *loaded = NULL;
  server s = {0};
  float threshold = 0;

  sngp_status status = get_embeddings(argc, argv, &known, &others);
  if (status == SNGP_OK) status = split(known, &training, &held_out, &requests);
  if (status == SNGP_OK) status = fit(training, &head);
  if (status == SNGP_OK) status = choose_threshold(head, held_out, &threshold);
  if (status == SNGP_OK) status = sngp_model_save(head, path);
  if (status != SNGP_OK) goto done;
  printf("Threshold %.4g, from the variances of %lld held-out rows, for %.1f%% false alarms\n",
         (double)threshold, (long long)sngp_dataset_rows(held_out), 100 * FALSE_ALARMS);

  /* What follows is another program's, as a rule: it has the file and the threshold. */
  status = sngp_model_load(path, &loaded);
  if (status == SNGP_OK) status = server_init(&s, loaded, threshold);
  if (status != SNGP_OK) goto done;
  printf("\n%-13s %6s %9s %10s %9s %14s\n", "requests", "rows", "refused", "variance", "max p",
         "right answers");
  status = serve_all(&s, "in-domain", requests, 1);
  if (status == SNGP_OK && others != NULL) status = serve_all(&s, "out-of-domain", others, 0);

done:
  if (status != SNGP_OK)
    fprintf(stderr, "embedding_head: %s: %s\n", sngp_status_name(status), sngp_last_error());
  server_destroy(&s);
  sngp_model_free(loaded);
  sngp_model_free(head);
  sngp_dataset_free(requests);
  sngp_dataset_free(held_out);
  sngp_dataset_free(training);
  sngp_dataset_free(others);
  sngp_dataset_free(known);
  return status == SNGP_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
