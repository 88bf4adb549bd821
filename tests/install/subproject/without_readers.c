/* In a build without the optional readers they say so, before they look for the file; what needs
   none of them is read. */
#include <sngp/sngp.h>
#include <stdio.h>

static int check(const char *what, sngp_status status, sngp_status expected) {
  if (status == expected) return 0;
  fprintf(stderr, "%s: %s, expected %s (%s)\n", what, sngp_status_name(status),
          sngp_status_name(expected), sngp_last_error());
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 4)
    return fprintf(stderr, "usage: without_readers GZIP_FILE STORED_NPZ COMPRESSED_NPZ\n"), 2;
  sngp_dataset *dataset = NULL;
  sngp_model *stored = NULL, *compressed = NULL;
  int failures =
      check("CSV", sngp_dataset_read_csv("data.csv", NULL, &dataset), SNGP_ERROR_UNSUPPORTED) +
      check("gzip", sngp_dataset_read_idx(argv[1], NULL, &dataset), SNGP_ERROR_UNSUPPORTED) +
      check("stored", sngp_model_import(argv[2], NULL, &stored), SNGP_OK) +
      check("compressed", sngp_model_import(argv[3], NULL, &compressed), SNGP_ERROR_UNSUPPORTED) +
      (dataset != NULL) + (compressed != NULL);
  sngp_model_free(stored);
  return failures;
}
