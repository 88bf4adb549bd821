/* Checks that several exported functions share. */
#ifndef SNGP_API_CHECK_H
#define SNGP_API_CHECK_H

#include "base/status.h"
#include "sngp/model.h"

/* SNGP_ERROR_INVALID_ARGUMENT, naming it, where an argument is NULL. */
sngp_status sngp_check_pointer(const void *argument, const char *name);

/* Whether a preset exists. */
sngp_status sngp_check_preset(int32_t preset);

/* A thread count, 1 or more (and at most 4,096, to catch slips). */
sngp_status sngp_check_threads(int32_t num_threads);

#endif
