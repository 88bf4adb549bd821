#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/json_fields.h"
#include "io/json_text.h"
#include "io/model_file.h"
#include "io/model_reader.h"
#include "io/model_tensors.h"

/* What `ensemble` of the metadata says. */
typedef struct {
  int64_t num_members;
} ensemble_text;

static sngp_status check_format(const sngp_model_source *source) {
  const char *format = NULL, *version = NULL;
  SNGP_TRY(sngp_read_metadata(source, "format", &format));
  if (strcmp(format, SNGP_MODEL_FORMAT) != 0)
    return sngp_fail(SNGP_ERROR_FORMAT, "not a model of libsngp: its format is \"%s\"", format);
  SNGP_TRY(sngp_read_metadata(source, "format_version", &version));
  char *end = NULL;
  long number = isdigit((unsigned char)*version) ? strtol(version, &end, 10) : 0;
  if (number < 1 || *end != '\0')
    return sngp_fail(SNGP_ERROR_FORMAT, "format_version is \"%s\", which is no version", version);
  if (number > SNGP_MODEL_FORMAT_VERSION)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "format_version is %s, but this version of libsngp reads up to %d", version,
                     SNGP_MODEL_FORMAT_VERSION);
  return SNGP_OK;
}

static sngp_status read_num_members(const sngp_model_source *source, const char *text,
                                    int64_t *num_members) {
  static const sngp_json_field FIELDS[] = {
      {"num_members", SNGP_JSON_INTEGER, offsetof(ensemble_text, num_members), NULL, true}};
  ensemble_text read = {0};
  json_t *object = NULL;
  SNGP_TRY(sngp_json_parse(SNGP_ENSEMBLE_KEY, text, strlen(text), &object));
  sngp_status status = sngp_json_read_fields(SNGP_ENSEMBLE_KEY, FIELDS,
                                             sizeof FIELDS / sizeof *FIELDS, object, &read);
  json_decref(object);
  if (status != SNGP_OK) return status;
  if (read.num_members < 1 || read.num_members > SNGP_MOST_MEMBERS)
    return sngp_fail(SNGP_ERROR_FORMAT, "%s.num_members is %lld, but must lie in [1, %d]",
                     SNGP_ENSEMBLE_KEY, (long long)read.num_members, SNGP_MOST_MEMBERS);
  if ((size_t)read.num_members > source->file.count) /* before memory is taken for so many */
    return sngp_fail(SNGP_ERROR_FORMAT, "%s.num_members is %lld, but there are %zu tensors",
                     SNGP_ENSEMBLE_KEY, (long long)read.num_members, source->file.count);
  *num_members = read.num_members;
  return SNGP_OK;
}

static sngp_status read_member(sngp_model_source *source, int64_t index, sngp_model **members) {
  char prefix[SNGP_PREFIX_SIZE], member[SNGP_PREFIX_SIZE];
  sngp_member_prefix(index, prefix);
  sngp_status status = sngp_model_read(source, prefix, &members[index]);
  if (status != SNGP_OK) {
    snprintf(member, sizeof member, "member %lld", (long long)index);
    return sngp_fail_prefix(status, member);
  }
  status = sngp_ensemble_check_shape(members[index], index, members[0]);
  return status == SNGP_OK ? SNGP_OK : sngp_fail(SNGP_ERROR_FORMAT, "%s", sngp_last_error());
}

/* A file that holds a lone model gives an ensemble of one. */
static sngp_status read_members(sngp_model_source *source, sngp_ensemble **ensemble) {
  const char *text = sngp_safetensors_metadata(&source->file, SNGP_ENSEMBLE_KEY);
  int64_t count = 1;
  if (text != NULL) SNGP_TRY(read_num_members(source, text, &count));
  SNGP_TRY(sngp_ensemble_take(count, ensemble));
  sngp_model **members = (*ensemble)->members;
  if (text == NULL) return sngp_model_read(source, "", &members[0]);
  for (int64_t i = 0; i < count; i++) SNGP_TRY(read_member(source, i, members));
  return SNGP_OK;
}

/* Once all models are read, no tensor is left over. */
static sngp_status check_all_used(const sngp_model_source *source) {
  for (size_t i = 0; i < source->file.count; i++)
    if (!source->used[i])
      return sngp_fail(SNGP_ERROR_FORMAT, "tensor \"%s\" does not belong to this configuration",
                       source->file.tensors[i].name);
  return SNGP_OK;
}

/* To be closed on failure too. */
static sngp_status open_source(const void *bytes, size_t size, sngp_model_source *source) {
  SNGP_TRY(sngp_safetensors_open(bytes, size, &source->file));
  source->used = sngp_allocate(source->file.count, sizeof *source->used);
  return source->used != NULL ? check_format(source) : sngp_fail_memory("the table of tensors");
}

static void close_source(sngp_model_source *source) {
  sngp_safetensors_close(&source->file);
  sngp_release(source->used);
}

static sngp_status read_lone_model(sngp_model_source *source, sngp_model **model) {
  if (sngp_safetensors_metadata(&source->file, SNGP_ENSEMBLE_KEY) != NULL)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "holds an ensemble, not one model: sngp_ensemble_load() loads both");
  return sngp_model_read(source, "", model);
}

sngp_status sngp_model_from_bytes(const void *bytes, size_t size, sngp_model **model) {
  *model = NULL;
  sngp_model_source source = {0};
  sngp_model *made = NULL;
  sngp_status status = open_source(bytes, size, &source);
  if (status == SNGP_OK) status = read_lone_model(&source, &made);
  if (status == SNGP_OK) status = check_all_used(&source);
  close_source(&source);
  if (status != SNGP_OK) {
    sngp_model_free(made);
    return status;
  }
  *model = made;
  return SNGP_OK;
}

sngp_status sngp_ensemble_from_bytes(const void *bytes, size_t size, sngp_ensemble **ensemble) {
  *ensemble = NULL;
  sngp_model_source source = {0};
  sngp_ensemble *made = NULL;
  sngp_status status = open_source(bytes, size, &source);
  if (status == SNGP_OK) status = read_members(&source, &made);
  if (status == SNGP_OK) status = check_all_used(&source);
  close_source(&source);
  if (status != SNGP_OK) {
    sngp_ensemble_free(made);
    return status;
  }
  *ensemble = made;
  return SNGP_OK;
}
