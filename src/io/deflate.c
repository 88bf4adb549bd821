#include "io/deflate.h"

#ifdef SNGP_WITH_ZLIB

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

/* For inflateInit2(): neither a header nor a checksum of zlib's own. */
enum { RAW = -MAX_WBITS };

static uInt at_once(size_t left) { return left < UINT_MAX ? (uInt)left : UINT_MAX; }

/* Runs until zlib has no more to read or to write, or stops for another reason. zlib counts in
   unsigned integers. */
static int run(z_stream *stream, size_t packed_size, size_t size) {
  size_t packed_left = packed_size, left = size;
  int result = Z_OK;
  while (result == Z_OK) {
    const uInt given = at_once(packed_left), room = at_once(left);
    stream->avail_in = given;
    stream->avail_out = room;
    result = inflate(stream, Z_NO_FLUSH);
    packed_left -= given - stream->avail_in;
    left -= room - stream->avail_out;
  }
  const int all = packed_left == 0 && left == 0;
  return result == Z_STREAM_END && !all ? Z_DATA_ERROR : result;
}

sngp_status sngp_inflate(const unsigned char *packed, size_t packed_size, unsigned char *bytes,
                         size_t size) {
  z_stream stream = {.next_in = (unsigned char *)(uintptr_t)packed, .next_out = bytes};
  if (inflateInit2(&stream, RAW) != Z_OK) return sngp_fail_memory("decompression");
  int result = run(&stream, packed_size, size);
  inflateEnd(&stream);
  switch (result) {
    case Z_STREAM_END: return SNGP_OK;
    case Z_MEM_ERROR: return sngp_fail_memory("decompression");
    default: return sngp_fail(SNGP_ERROR_FORMAT, "the compressed data are damaged");
  }
}

#else

sngp_status sngp_inflate(const unsigned char *packed, size_t packed_size, unsigned char *bytes,
                         size_t size) {
  (void)packed, (void)packed_size, (void)bytes, (void)size;
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "is compressed, and this build of libsngp has no zlib: numpy.savez() stores "
                   "arrays as they are");
}

#endif
