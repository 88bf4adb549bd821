#include "cli/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/output_file.h"
#include "cli/task.h"

/* Enough for any measure; 0.1 stays 0.1. */
enum { JSON_DIGITS = 15 };

json_t *cli_json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *cli_json_numbers(const cli_json_number *numbers, int count) {
  json_t *object = json_object();
  for (int i = 0; i < count; i++) {
    if (json_object_set_new(object, numbers[i].key, cli_json_real(numbers[i].value)) != 0) {
      json_decref(object);
      return NULL;
    }
  }
  return object;
}

json_t *cli_json_named(const char *const *names, int64_t index, json_t *object) {
  json_t *named =
      json_pack("{s:o}", "name", names != NULL ? json_string(names[index]) : json_null());
  if (json_object_update(named, object) != 0) {
    json_decref(named);
    named = NULL;
  }
  json_decref(object);
  return named;
}

json_t *cli_json_parameters(const sngp_model *model) {
  int64_t total = 0, trainable = 0;
  if (sngp_model_parameter_count(model, &total, &trainable) != SNGP_OK) return NULL;
  return json_pack("{s:I, s:I}", "total", (json_int_t)total, "trainable", (json_int_t)trainable);
}

json_t *cli_json_noise(const sngp_model *model) {
  json_t *noise = json_array();
  for (int64_t k = 0; k < sngp_model_num_targets(model); k++) {
    if (json_array_append_new(noise, cli_json_real(cli_task_noise(model, k))) != 0) {
      json_decref(noise);
      return NULL;
    }
  }
  return noise;
}

json_t *cli_json_history(const sngp_history *history) {
  json_t *epochs = json_array();
  int64_t count = sngp_history_num_epochs(history);
  for (int64_t i = 0; i < count; i++) {
    sngp_epoch_record record = {.struct_size = sizeof record};
    json_t *epoch = NULL;
    if (sngp_history_epoch(history, i, &record) == SNGP_OK) {
      epoch = json_pack("{s:I, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)record.epoch, "loss",
                        cli_json_real(record.loss), "accuracy", cli_json_real(record.accuracy),
                        "validation_loss", cli_json_real(record.validation_loss),
                        "validation_accuracy", cli_json_real(record.validation_accuracy));
    }
    if (json_array_append_new(epochs, epoch) != 0) {
      json_decref(epochs);
      return NULL;
    }
  }
  return epochs;
}

char *cli_json_text(const json_t *document) {
  char *text = NULL;
  if (document != NULL) {
    text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(JSON_DIGITS));
  }
  if (text == NULL) cli_fail("out of memory for the JSON document");
  return text;
}

bool cli_json_print(json_t *document) {
  char *text = cli_json_text(document);
  json_decref(document);
  if (text == NULL) return false;
  puts(text);
  free(text);
  return cli_standard_output_finish();
}

const char *cli_format_count(int64_t count, char text[CLI_COUNT_SIZE]) {
  char digits[CLI_COUNT_SIZE];
  int length = snprintf(digits, sizeof digits, "%" PRId64, count);
  char *end = text;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-') *end++ = ',';
    *end++ = digits[i];
  }
  *end = '\0';
  return text;
}

void cli_print_column(double value) {
  if (isnan(value)) {
    printf("%10s", "-");
  } else {
    printf("%10.4f", value);
  }
}

void cli_print_measure(const char *title, double value) {
  printf("  %-32s", title);
  cli_print_column(value);
  putchar('\n');
}

void cli_print_model_line(const sngp_model *model, const char *heading) {
  int64_t total = 0, trainable = 0;
  char all[CLI_COUNT_SIZE], moved[CLI_COUNT_SIZE];
  sngp_model_parameter_count(model, &total, &trainable);
  printf("%s, %s parameters (%s trainable)\n", heading, cli_format_count(total, all),
         cli_format_count(trainable, moved));
}
