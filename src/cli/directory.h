/* A directory that a command fills with files. */
#ifndef SNGP_CLI_DIRECTORY_H
#define SNGP_CLI_DIRECTORY_H

#include <stdbool.h>
#include <stdio.h>

/* Whether files can be written into the directory, or it can be made; makes nothing, and reports
   why not. */
bool cli_directory_check(const char *directory);

/* Makes the directory where it is missing. False: the reason has been reported. */
bool cli_directory_make(const char *directory);

/* "DIRECTORY/NAME", owned by the caller; NULL without memory, which has been reported. */
char *cli_directory_path(const char *directory, const char *name);

/* Writes one file of the directory, whole or not at all. False: the reason has been reported. */
bool cli_directory_write(const char *directory, const char *name,
                         void (*write_contents)(const void *context, FILE *stream),
                         const void *context);

/* Removes a file of the directory, if it is there. */
void cli_directory_remove(const char *directory, const char *name);

#endif
