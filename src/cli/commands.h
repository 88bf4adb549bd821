/* The commands of the program. Each takes the words after its name and returns the exit status. */
#ifndef SNGP_CLI_COMMANDS_H
#define SNGP_CLI_COMMANDS_H

int cli_train(int argc, char **argv);
int cli_calibrate(int argc, char **argv);
int cli_predict(int argc, char **argv);
int cli_evaluate(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_compare(int argc, char **argv);
int cli_demo(int argc, char **argv);

#endif
