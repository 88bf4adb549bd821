#include "cli/config_names.h"

#include "sngp/sngp.h"

const char *const cli_name_of_task[] = {[SNGP_TASK_CLASSIFICATION] = "classification",
                                        [SNGP_TASK_REGRESSION] = "regression",
                                        [SNGP_TASK_MULTI_LABEL] = "multi_label",
                                        NULL};

const char *const cli_name_of_backbone[] = {
    [SNGP_BACKBONE_RESIDUAL] = "residual", [SNGP_BACKBONE_NONE] = "none", NULL};

const char *const cli_name_of_head[] = {
    [SNGP_HEAD_DENSE] = "dense", [SNGP_HEAD_GAUSSIAN_PROCESS] = "gaussian_process", NULL};

const char *const cli_name_of_normalization[] = {[SNGP_NORMALIZE_NONE] = "none",
                                                 [SNGP_NORMALIZE_LAYER_NORM] = "layer_norm",
                                                 [SNGP_NORMALIZE_RADIUS] = "radius",
                                                 [SNGP_NORMALIZE_STANDARD] = "standard",
                                                 NULL};

const char *const cli_name_of_kernel[] = {[SNGP_KERNEL_RBF] = "rbf",
                                          [SNGP_KERNEL_MATERN_32] = "matern_32",
                                          [SNGP_KERNEL_MATERN_52] = "matern_52",
                                          [SNGP_KERNEL_ARC_COSINE] = "arc_cosine",
                                          [SNGP_KERNEL_LINEAR] = "linear",
                                          NULL};

const char *const cli_name_of_kernel_scaling[] = {[SNGP_KERNEL_SCALING_FIXED] = "fixed",
                                                  [SNGP_KERNEL_SCALING_TRAINED] = "trained",
                                                  [SNGP_KERNEL_SCALING_ARD] = "ard",
                                                  NULL};

const char *const cli_name_of_likelihood[] = {[SNGP_LIKELIHOOD_GAUSSIAN] = "gaussian",
                                              [SNGP_LIKELIHOOD_BINARY_LOGISTIC] = "binary_logistic",
                                              [SNGP_LIKELIHOOD_POISSON] = "poisson",
                                              [SNGP_LIKELIHOOD_SOFTMAX] = "softmax",
                                              NULL};

const char *const cli_name_of_posterior[] = {[SNGP_POSTERIOR_AUTOMATIC] = "automatic",
                                             [SNGP_POSTERIOR_SHARED] = "shared",
                                             [SNGP_POSTERIOR_PER_OUTPUT] = "per_output",
                                             [SNGP_POSTERIOR_JOINT] = "joint",
                                             NULL};

const char *const cli_name_of_solver[] = {
    [SNGP_SOLVER_AUTOMATIC] = "gradient", [SNGP_SOLVER_CLOSED_FORM] = "closed_form",
    [SNGP_SOLVER_NEWTON] = "newton",      [SNGP_SOLVER_MAJORISED] = "majorised",
    [SNGP_SOLVER_LBFGS] = "lbfgs",        NULL};

const char *const cli_name_of_selection[] = {[SNGP_SELECTION_AUTOMATIC] = "automatic",
                                             [SNGP_SELECTION_NONE] = "none",
                                             [SNGP_SELECTION_EVIDENCE] = "evidence",
                                             [SNGP_SELECTION_LEAVE_ONE_OUT] = "leave_one_out",
                                             [SNGP_SELECTION_CROSS_VALIDATION] = "cross_validation",
                                             NULL};
