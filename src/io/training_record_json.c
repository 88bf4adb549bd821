#include "io/training_record_json.h"

#include <stddef.h>
#include <string.h>

#include "io/json_fields.h"
#include "io/json_text.h"

static const char *const SOLVERS[] = {"gradient",  "closed_form", "newton",
                                      "majorised", "lbfgs",       NULL};

#define FIELD(name, kind) \
  { #name, kind, offsetof(sngp_training_record, name), NULL, false }

/* Every field but struct_size, in the struct's order. */
static const sngp_json_field FIELDS[] = {
    FIELD(stopped_early, SNGP_JSON_BOOLEAN),
    FIELD(rows, SNGP_JSON_INTEGER),
    FIELD(epochs, SNGP_JSON_INTEGER),
    FIELD(steps, SNGP_JSON_INTEGER),
    FIELD(batch_size, SNGP_JSON_INTEGER),
    FIELD(learning_rate, SNGP_JSON_OPTIONAL_NUMBER),
    FIELD(loss, SNGP_JSON_OPTIONAL_NUMBER),
    FIELD(accuracy, SNGP_JSON_OPTIONAL_NUMBER),
    FIELD(validation_loss, SNGP_JSON_OPTIONAL_NUMBER),
    FIELD(validation_accuracy, SNGP_JSON_OPTIONAL_NUMBER),
    FIELD(covariance_rows, SNGP_JSON_INTEGER),
    FIELD(covariance_jitter, SNGP_JSON_NUMBER),
    {"solver", SNGP_JSON_CONSTANT, offsetof(sngp_training_record, solver), SOLVERS, false},
};
enum { NUM_FIELDS = sizeof FIELDS / sizeof *FIELDS };

sngp_status sngp_training_record_to_json(const sngp_training_record *record, char **text) {
  *text = NULL;
  size_t length = 0;
  json_t *object = json_object();
  sngp_status status = object == NULL ? sngp_fail_memory("JSON")
                                      : sngp_json_write_fields(FIELDS, NUM_FIELDS, record, object);
  if (status == SNGP_OK) status = sngp_json_print(object, text, &length);
  json_decref(object);
  return status;
}

sngp_status sngp_training_record_from_json(const char *text, sngp_training_record *record) {
  *record = (sngp_training_record){.struct_size = sizeof *record};
  json_t *object = NULL;
  SNGP_TRY(sngp_json_parse("training", text, strlen(text), &object));
  sngp_status status = sngp_json_read_fields("training", FIELDS, NUM_FIELDS, object, record);
  json_decref(object);
  return status;
}
