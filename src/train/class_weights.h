/* Weights of classes: a row's weight in a fit is its sample weight times its class's. */
#ifndef SNGP_TRAIN_CLASS_WEIGHTS_H
#define SNGP_TRAIN_CLASS_WEIGHTS_H

#include "data/dataset.h"
#include "sngp/train.h"

/* Whether a configuration's class weights are weights, and asked for in one way only. */
sngp_status sngp_class_weights_check(const sngp_fit_config *config);

/* Whether a configuration weighs classes at all. */
bool sngp_weighs_classes(const sngp_fit_config *config);

/* The weights of all rows of labelled data, sample weights times class weights, to be released;
   SNGP_ERROR_INVALID_ARGUMENT where they leave no row a weight, or one of them is not finite. */
sngp_status sngp_class_weights_apply(const sngp_fit_config *config, const sngp_dataset *data,
                                     float **weights);

#endif
