/* The record of the last fit as JSON text: the keys are the struct's fields. */
#ifndef SNGP_IO_TRAINING_RECORD_JSON_H
#define SNGP_IO_TRAINING_RECORD_JSON_H

#include "base/status.h"
#include "sngp/model.h"

/* The caller releases the text. */
sngp_status sngp_training_record_to_json(const sngp_training_record *record, char **text);

/* Keys that are missing are 0. */
sngp_status sngp_training_record_from_json(const char *text, sngp_training_record *record);

#endif
