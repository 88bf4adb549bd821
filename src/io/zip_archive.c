#include "io/zip_archive.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "io/deflate.h"

enum { STORED = 0, DEFLATED = 8 };
enum { ENCRYPTED = 1 }; /* of a member's flags */

/* Signatures and sizes of the fixed parts; what they say of places is counted from their begin. */
static const uint32_t MEMBER = 0x04034b50, ENTRY = 0x02014b50, END = 0x06054b50;
static const uint32_t ZIP64_LOCATOR = 0x07064b50;
enum { MEMBER_SIZE = 30, ENTRY_SIZE = 46, END_SIZE = 22, ZIP64_LOCATOR_SIZE = 20 };
enum { LONGEST_COMMENT = 65535 };

/* What stands in fields of 32 and 16 bits in place of a value that Zip64 has elsewhere. */
static const uint32_t ELSEWHERE_32 = 0xffffffff, ELSEWHERE_16 = 0xffff;

static uint32_t read_16(const unsigned char *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read_32(const unsigned char *bytes) {
  return read_16(bytes) | read_16(bytes + 2) << 16;
}

static sngp_status fail_zip64(void) {
  return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                   "Zip64 archives (members of 4 GiB or more, or 65,535 members) are not read");
}

/* What the end of an archive says of its directory. */
typedef struct {
  size_t begin, size, count;
} directory;

/* The end record, which only a comment follows, or NULL. */
static const unsigned char *find_end(const unsigned char *bytes, size_t size) {
  if (size < END_SIZE) return NULL;
  for (size_t comment = 0; comment <= LONGEST_COMMENT && comment <= size - END_SIZE; comment++) {
    const unsigned char *end = bytes + (size - END_SIZE - comment);
    if (read_32(end) == END && read_16(end + 20) == comment) return end;
  }
  return NULL;
}

static sngp_status read_end(const unsigned char *bytes, size_t size, directory *found) {
  const unsigned char *end = find_end(bytes, size);
  if (end == NULL)
    return sngp_fail(SNGP_ERROR_FORMAT, "not a ZIP archive, or not all of one: it has no end");
  const size_t place = (size_t)(end - bytes);
  const bool locator =
      place >= ZIP64_LOCATOR_SIZE && read_32(end - ZIP64_LOCATOR_SIZE) == ZIP64_LOCATOR;
  if (locator || read_16(end + 10) == ELSEWHERE_16 || read_32(end + 12) == ELSEWHERE_32 ||
      read_32(end + 16) == ELSEWHERE_32)
    return fail_zip64();
  if (read_16(end + 4) != 0 || read_16(end + 6) != 0 || read_16(end + 8) != read_16(end + 10))
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "ZIP archives of several files are not read");
  *found = (directory){read_32(end + 16), read_32(end + 12), read_16(end + 10)};
  if (found->begin > place || found->size != place - found->begin)
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "the directory of the ZIP archive should have %zu bytes from byte %zu on, but "
                     "the archive's end is at byte %zu",
                     found->size, found->begin, place);
  return SNGP_OK;
}

/* Copies a name, which must be text that messages may show. */
static sngp_status copy_name(const unsigned char *bytes, size_t length, size_t index, char *name) {
  memcpy(name, bytes, length);
  name[length] = '\0';
  bool text = sngp_is_utf8(name);
  for (size_t i = 0; i < length; i++) text = text && bytes[i] >= ' ' && bytes[i] != 127;
  if (text && length > 0) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "the name of member %zu of the ZIP archive is no text",
                   index);
}

static sngp_status fail_member(const sngp_zip_member *member, const char *problem) {
  return sngp_fail(SNGP_ERROR_FORMAT, "%s: %s", member->name, problem);
}

/* Finds a member's bytes, behind a head of its own that repeats its name, before `limit`, the begin
   of the directory. The sizes in that head may be missing or Zip64's: the directory's count. */
static sngp_status find_packed(const unsigned char *bytes, size_t limit, size_t place,
                               sngp_zip_member *member) {
  if (place > limit || limit - place < MEMBER_SIZE || read_32(bytes + place) != MEMBER)
    return fail_member(member, "is not where the ZIP archive's directory says");
  const unsigned char *head = bytes + place;
  const size_t name_length = read_16(head + 26), extra = read_16(head + 28);
  size_t rest = limit - place - MEMBER_SIZE;
  if (name_length + extra > rest || name_length != strlen(member->name) ||
      memcmp(head + MEMBER_SIZE, member->name, name_length) != 0)
    return fail_member(member, "has another name before its bytes than in the directory");
  rest -= name_length + extra;
  if (member->packed_size > rest)
    return sngp_fail(SNGP_ERROR_FORMAT, "%s: should take %zu bytes, but only %zu follow",
                     member->name, member->packed_size, rest);
  member->packed = head + MEMBER_SIZE + name_length + extra;
  return SNGP_OK;
}

static sngp_status check_member(const sngp_zip_member *member, uint32_t flags) {
  if ((flags & ENCRYPTED) != 0)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED, "%s: is encrypted", member->name);
  if (member->packed_size == ELSEWHERE_32 || member->size == ELSEWHERE_32) return fail_zip64();
  if (member->method != STORED && member->method != DEFLATED)
    return sngp_fail(SNGP_ERROR_UNSUPPORTED,
                     "%s: compression method %u is not read, only stored and deflated members",
                     member->name, member->method);
  if (member->method == STORED && member->packed_size != member->size)
    return fail_member(member, "is stored, but its two sizes differ");
  if (member->method == DEFLATED && member->size / SNGP_DEFLATE_LARGEST_RATIO > member->packed_size)
    return sngp_fail(SNGP_ERROR_FORMAT, "%s: %zu bytes cannot come of %zu", member->name,
                     member->size, member->packed_size);
  return SNGP_OK;
}

/* Reads the entry at `*at`, which moves on, and copies its name to `name`. */
static sngp_status read_entry(const unsigned char *bytes, const directory *listed, size_t *at,
                              size_t index, char *name, sngp_zip_member *member) {
  const unsigned char *entry = bytes + *at;
  const size_t rest = listed->begin + listed->size - *at;
  if (rest < ENTRY_SIZE || read_32(entry) != ENTRY)
    return sngp_fail(SNGP_ERROR_FORMAT, "the ZIP archive's directory breaks off at member %zu",
                     index);
  const size_t name_length = read_16(entry + 28);
  const size_t length = name_length + read_16(entry + 30) + read_16(entry + 32);
  if (length > rest - ENTRY_SIZE)
    return sngp_fail(SNGP_ERROR_FORMAT, "the ZIP archive's directory breaks off in member %zu",
                     index);
  SNGP_TRY(copy_name(entry + ENTRY_SIZE, name_length, index, name));
  *member = (sngp_zip_member){.name = name,
                              .method = read_16(entry + 10),
                              .checksum = read_32(entry + 16),
                              .size = read_32(entry + 24),
                              .packed_size = read_32(entry + 20)};
  const uint32_t place = read_32(entry + 42);
  if (place == ELSEWHERE_32) return fail_zip64();
  SNGP_TRY(check_member(member, read_16(entry + 8)));
  *at += ENTRY_SIZE + length;
  return find_packed(bytes, listed->begin, place, member);
}

static sngp_status read_entries(const unsigned char *bytes, const directory *listed,
                                sngp_zip_archive *archive) {
  size_t at = listed->begin;
  char *name = archive->names;
  for (size_t i = 0; i < listed->count; i++) {
    SNGP_TRY(read_entry(bytes, listed, &at, i, name, &archive->members[i]));
    name += strlen(name) + 1;
    archive->count++;
  }
  if (at == listed->begin + listed->size) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_FORMAT, "the ZIP archive's directory has more than its %zu members",
                   listed->count);
}

sngp_status sngp_zip_open(const unsigned char *bytes, size_t size, sngp_zip_archive *archive) {
  *archive = (sngp_zip_archive){0};
  directory listed = {0};
  SNGP_TRY(read_end(bytes, size, &listed));
  if (listed.count > listed.size / ENTRY_SIZE) /* before memory is taken for so many */
    return sngp_fail(SNGP_ERROR_FORMAT,
                     "the ZIP archive should have %zu members in a directory of %zu bytes",
                     listed.count, listed.size);
  archive->members = sngp_allocate(listed.count, sizeof *archive->members);
  archive->names = sngp_allocate(listed.size, 1); /* an entry is longer than its name and a NUL */
  sngp_status status = archive->members != NULL && archive->names != NULL
                           ? read_entries(bytes, &listed, archive)
                           : sngp_fail_memory("the directory of a ZIP archive");
  if (status != SNGP_OK) sngp_zip_close(archive);
  return status;
}

void sngp_zip_close(sngp_zip_archive *archive) {
  sngp_release(archive->members);
  sngp_release(archive->names);
  *archive = (sngp_zip_archive){0};
}

/* CRC-32 of ISO 3309, as ZIP uses it: polynomial 0x04c11db7, bits reversed; four bits at a time. */
static uint32_t checksum_of(const unsigned char *bytes, size_t size) {
  static const uint32_t TABLE[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                     0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t sum = 0xffffffff;
  for (size_t i = 0; i < size; i++) {
    sum ^= bytes[i];
    sum = sum >> 4 ^ TABLE[sum & 15];
    sum = sum >> 4 ^ TABLE[sum & 15];
  }
  return ~sum;
}

static sngp_status unpack(const sngp_zip_member *member, unsigned char *contents) {
  if (member->method == DEFLATED)
    return sngp_inflate(member->packed, member->packed_size, contents, member->size);
  memcpy(contents, member->packed, member->size);
  return SNGP_OK;
}

sngp_status sngp_zip_read(const sngp_zip_member *member, unsigned char **contents) {
  *contents = NULL;
  unsigned char *made = sngp_allocate(member->size, 1);
  if (made == NULL) return sngp_fail_memory(member->name);
  sngp_status status = unpack(member, made);
  if (status != SNGP_OK)
    status = sngp_fail_prefix(status, member->name);
  else if (checksum_of(made, member->size) != member->checksum)
    status = fail_member(member, "is damaged: its checksum is another");
  if (status != SNGP_OK) {
    sngp_release(made);
    return status;
  }
  *contents = made;
  return SNGP_OK;
}
