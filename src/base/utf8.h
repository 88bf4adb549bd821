/* Text as model files hold it. */
#ifndef SNGP_BASE_UTF8_H
#define SNGP_BASE_UTF8_H

#include <stdbool.h>

/* Whether a text is valid UTF-8 (RFC 3629). */
bool sngp_is_utf8(const char *text);

#endif
