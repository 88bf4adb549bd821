/* sngp compare: several methods on the same rows, with several seeds. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/compare_evaluate.h"
#include "cli/compare_figures.h"
#include "cli/compare_results.h"
#include "cli/compare_rows.h"
#include "cli/compare_settings.h"
#include "cli/compare_train.h"
#include "cli/directory.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "sngp/sngp.h"

enum { EPOCHS_WITH_A_LINE = 5 };

typedef struct {
  cli_compare_settings settings;
  cli_compare_data data;
  cli_compare_rows rows;                               /* of the seed at hand */
  cli_compare_trained trained[CLI_COMPARE_NUM_MODELS]; /* so too */
  cli_compare_results results;
  cli_progress progress;
  int done; /* methods that were evaluated, over all seeds */
} comparison;

static bool talks(const comparison *c) { return !c->settings.quiet && !c->settings.json; }

static void print_rows(const comparison *c) {
  char training[CLI_COUNT_SIZE], held_out[CLI_COUNT_SIZE], test[CLI_COUNT_SIZE],
      ood[CLI_COUNT_SIZE];
  const cli_compare_rows *rows = &c->rows;
  printf("Rows     %s to train, %s held out to tune, %s to test",
         cli_format_count(sngp_dataset_rows(rows->training), training),
         cli_format_count(sngp_dataset_rows(rows->held_out), held_out),
         cli_format_count(sngp_dataset_rows(rows->test), test));
  if (rows->ood != NULL) {
    printf(", %s out of domain", cli_format_count(sngp_dataset_rows(rows->ood), ood));
  }
  printf("; %" PRId64 " columns, %" PRId64 " classes\n", sngp_dataset_cols(rows->training),
         sngp_dataset_num_classes(rows->training));
}

/* Says how far the comparison came. */
static int fail_unfinished(const comparison *c, const char *why, const char *during, int64_t seed) {
  int all = (int)c->settings.seeds * c->settings.selection.count;
  cli_fail("%s %s of seed %" PRId64 ", after %d of %d evaluations; nothing was written", why,
           during, seed, c->done, all);
  return cli_interrupted() ? CLI_EXIT_INTERRUPTED : CLI_EXIT_FAILURE;
}

static int train(comparison *c, cli_compare_model model, int64_t seed) {
  cli_compare_trained *trained = &c->trained[model];
  const char *title = cli_compare_model_title(model);
  if (trained->models.ensemble != NULL) return CLI_EXIT_OK;
  if (talks(c)) {
    printf("\nSeed %" PRId64 ": training %s\n", seed, title);
    fflush(stdout);
  }
  bool good = cli_compare_train(&c->settings, model, &c->rows, seed, &c->progress, trained);
  if (cli_interrupted()) return fail_unfinished(c, "interrupted while training", title, seed);
  return good ? CLI_EXIT_OK : fail_unfinished(c, "failed while training", title, seed);
}

static int evaluate(comparison *c, int place, int64_t seed) {
  const cli_compare_method *method = c->settings.selection.methods[place];
  json_t *document = NULL;
  if (!cli_compare_evaluate(&c->settings, method, &c->trained[method->model], &c->rows, seed,
                            &c->results.curves[place], &document)) {
    return fail_unfinished(c, "failed while evaluating", method->name, seed);
  }
  double accuracy = json_number_value(json_object_get(document, "accuracy"));
  double nll = json_number_value(json_object_get(document, "nll"));
  if (!cli_compare_results_add(&c->results, method, document)) return CLI_EXIT_FAILURE;
  c->done++;
  if (talks(c)) {
    printf("Seed %" PRId64 ": %-16s accuracy %.4f  nll %.4f\n", seed, method->name, accuracy, nll);
    fflush(stdout);
  }
  if (!cli_interrupted()) return CLI_EXIT_OK;
  return fail_unfinished(c, "interrupted after evaluating", method->name, seed);
}

static void free_seed(comparison *c) {
  for (int i = 0; i < CLI_COMPARE_NUM_MODELS; i++) cli_compare_trained_free(&c->trained[i]);
  cli_compare_rows_free(&c->rows);
}

static int run_seed(comparison *c, int64_t seed) {
  if (!cli_compare_rows_split(&c->settings, &c->data, seed, &c->rows)) return CLI_EXIT_FAILURE;
  if (c->results.document == NULL) {
    if (!cli_compare_results_begin(&c->results, &c->settings, &c->rows)) return CLI_EXIT_FAILURE;
    if (talks(c)) print_rows(c);
  }
  int status = CLI_EXIT_OK;
  for (int i = 0; i < c->settings.selection.count && status == CLI_EXIT_OK; i++) {
    status = train(c, c->settings.selection.methods[i]->model, seed);
    if (status == CLI_EXIT_OK) status = evaluate(c, i, seed);
  }
  return status;
}

static int run(comparison *c) {
  const cli_compare_settings *settings = &c->settings;
  if (!cli_directory_check(settings->out) || !cli_compare_data_read(settings, &c->data)) {
    return CLI_EXIT_FAILURE;
  }
  if (sngp_set_blas_threads(1) != SNGP_OK) return cli_fail_library();
  cli_progress_init(&c->progress, settings->quiet, settings->json);
  c->progress.kept_lines = EPOCHS_WITH_A_LINE;
  int status = CLI_EXIT_OK;
  for (int64_t i = 0; i < settings->seeds && status == CLI_EXIT_OK; i++) {
    status = run_seed(c, settings->training.seed + i);
    free_seed(c);
  }
  return status;
}

static int write_results(comparison *c) {
  const char *directory = c->settings.out;
  cli_compare_figures figures;
  if (!cli_compare_results_finish(&c->results) || !cli_directory_make(directory) ||
      !cli_compare_results_write(&c->results, directory)) {
    return CLI_EXIT_FAILURE;
  }
  if (talks(c)) {
    cli_compare_results_print(&c->results, &c->settings.selection);
    printf("\nResults: %s/%s\n", directory, CLI_COMPARE_RESULTS);
  }
  cli_compare_results_figures(&c->results, &c->settings.selection, &figures);
  cli_gnuplot_result drawn = cli_compare_figures_write(&figures, directory);
  if (drawn == CLI_GNUPLOT_FAILED) return CLI_EXIT_FAILURE;
  if (!talks(c)) return CLI_EXIT_OK;
  if (drawn == CLI_GNUPLOT_MISSING) {
    printf(
        "gnuplot is not installed, so there are no pictures yet. With it:\n"
        "  cd %s && gnuplot *.gp\n",
        directory);
  } else {
    printf("Pictures: the .png files in %s\n", directory);
  }
  return CLI_EXIT_OK;
}

int cli_compare(int argc, char **argv) {
  comparison c = {0};
  cli_parse_result parsed = cli_compare_parse(&c.settings, argc, argv);
  if (parsed != CLI_PARSE_OK) return cli_parse_status(parsed);
  cli_interrupts_watch();
  int status = run(&c);
  cli_interrupts_release();
  if (status == CLI_EXIT_OK) status = write_results(&c);
  if (status == CLI_EXIT_OK && c.settings.json &&
      !cli_json_print(json_incref(c.results.document))) {
    status = CLI_EXIT_FAILURE;
  }
  cli_compare_results_free(&c.results);
  free_seed(&c);
  cli_compare_data_free(&c.data);
  return status;
}
