/* The names of settings, in documents (those of model files) and in words. */
#ifndef SNGP_CLI_CONFIG_NAMES_H
#define SNGP_CLI_CONFIG_NAMES_H

/* By the value of the setting, SNGP_BACKBONE_* and so on; each ends with NULL. */
extern const char *const cli_name_of_task[];
extern const char *const cli_name_of_backbone[];
extern const char *const cli_name_of_head[];
extern const char *const cli_name_of_normalization[];
extern const char *const cli_name_of_kernel[];
extern const char *const cli_name_of_kernel_scaling[];
extern const char *const cli_name_of_likelihood[];
extern const char *const cli_name_of_posterior[];
extern const char *const cli_name_of_solver[];
extern const char *const cli_name_of_selection[];

#endif
