#include "cli/json_statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli/report.h"

typedef double (*statistic)(const double *values, size_t count);

typedef struct {
  statistic compute;
  bool failed; /* no memory */
} statistics;

/* The values at one place of all documents. */
typedef struct {
  const json_t **values;
  size_t count;
} place;

static json_t *combine(statistics *s, const place *at);

static double mean(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += values[i];
  return sum / (double)count;
}

static double standard_deviation(const double *values, size_t count) {
  if (count < 2) return NAN;
  double centre = mean(values, count), sum = 0;
  for (size_t i = 0; i < count; i++) sum += (values[i] - centre) * (values[i] - centre);
  return sqrt(sum / (double)(count - 1));
}

static bool all_are(const place *at, bool (*is)(const json_t *value)) {
  for (size_t i = 0; i < at->count; i++) {
    if (at->values[i] == NULL || !is(at->values[i])) return false;
  }
  return true;
}

static bool is_object(const json_t *value) { return json_is_object(value); }
static bool is_array(const json_t *value) { return json_is_array(value); }
static bool is_number(const json_t *value) { return json_is_number(value) || json_is_null(value); }

static json_t *combine_numbers(statistics *s, const place *at) {
  double *numbers = malloc(at->count * sizeof *numbers);
  if (numbers == NULL) return NULL;
  for (size_t i = 0; i < at->count; i++) {
    numbers[i] = json_is_null(at->values[i]) ? NAN : json_number_value(at->values[i]);
  }
  json_t *result = cli_json_real(s->compute(numbers, at->count));
  free(numbers);
  return result;
}

/* The combination of what stands under `key`, or at `index` where that is NULL, in each value. */
static json_t *combine_within(statistics *s, const place *at, const char *key, size_t index) {
  place inner = {malloc(at->count * sizeof(json_t *)), at->count};
  if (inner.values == NULL) {
    s->failed = true;
    return NULL;
  }
  for (size_t i = 0; i < at->count; i++) {
    inner.values[i] =
        key != NULL ? json_object_get(at->values[i], key) : json_array_get(at->values[i], index);
  }
  json_t *result = combine(s, &inner);
  free(inner.values);
  return result;
}

static json_t *combine_objects(statistics *s, const place *at) {
  json_t *result = json_object();
  const char *key;
  json_t *value;
  if (result == NULL) return NULL;
  json_object_foreach((json_t *)at->values[0], key, value) {
    json_t *combined = combine_within(s, at, key, 0);
    if (combined != NULL && json_object_set_new(result, key, combined) != 0) s->failed = true;
  }
  return result;
}

static json_t *combine_arrays(statistics *s, const place *at) {
  json_t *result = json_array();
  if (result == NULL) return NULL;
  for (size_t j = 0; j < json_array_size(at->values[0]); j++) {
    json_t *combined = combine_within(s, at, NULL, j);
    if (combined != NULL && json_array_append_new(result, combined) != 0) s->failed = true;
  }
  return result;
}

static bool same_length(const place *at) {
  for (size_t i = 1; i < at->count; i++) {
    if (json_array_size(at->values[i]) != json_array_size(at->values[0])) return false;
  }
  return true;
}

/* NULL without a failure: there is no number here. */
static json_t *combine(statistics *s, const place *at) {
  json_t *result = NULL;
  if (all_are(at, is_number)) {
    result = combine_numbers(s, at);
    if (result == NULL) s->failed = true;
    return result;
  }
  if (all_are(at, is_object)) {
    result = combine_objects(s, at);
  } else if (all_are(at, is_array) && same_length(at)) {
    result = combine_arrays(s, at);
  } else {
    return NULL;
  }
  if (result == NULL) s->failed = true;
  if (json_object_size(result) + json_array_size(result) > 0) return result;
  json_decref(result);
  return NULL;
}

static json_t *combine_documents(const json_t *documents, statistic compute) {
  statistics s = {.compute = compute};
  place at = {NULL, json_array_size(documents)};
  if (at.count == 0) return NULL;
  at.values = malloc(at.count * sizeof(json_t *));
  if (at.values == NULL) return NULL;
  for (size_t i = 0; i < at.count; i++) at.values[i] = json_array_get(documents, i);
  json_t *result = combine(&s, &at);
  free(at.values);
  if (!s.failed) return result;
  json_decref(result);
  return NULL;
}

json_t *cli_json_mean(const json_t *documents) { return combine_documents(documents, mean); }

json_t *cli_json_standard_deviation(const json_t *documents) {
  return combine_documents(documents, standard_deviation);
}
