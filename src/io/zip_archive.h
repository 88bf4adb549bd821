/* ZIP archives in memory (PKWARE's APPNOTE.TXT), as far as NumPy's .npz files need them: members
   that are stored or deflated, in one piece. */
#ifndef SNGP_IO_ZIP_ARCHIVE_H
#define SNGP_IO_ZIP_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
  char *name; /* text in UTF-8, without control characters; belongs to the archive */
  uint32_t method;
  uint32_t checksum;           /* CRC-32 of the contents */
  size_t size;                 /* bytes of the contents */
  const unsigned char *packed; /* in the archive's bytes */
  size_t packed_size;
} sngp_zip_member;

typedef struct {
  sngp_zip_member *members; /* in the order of the directory */
  size_t count;
  char *names;
} sngp_zip_archive;

/* Reads the directory and finds the members' bytes. SNGP_ERROR_FORMAT says what is wrong;
   SNGP_ERROR_UNSUPPORTED for Zip64, encryption, archives of several files and methods other than
   those two. The bytes must stay as long as the archive, which the caller closes. */
sngp_status sngp_zip_open(const unsigned char *bytes, size_t size, sngp_zip_archive *archive);
void sngp_zip_close(sngp_zip_archive *archive);

/* The contents, checked against their size and checksum; released by the caller. A deflated member
   in a build without zlib is SNGP_ERROR_UNSUPPORTED. */
sngp_status sngp_zip_read(const sngp_zip_member *member, unsigned char **contents);

#endif
