#include "train/answers.h"

#include "base/memory.h"

sngp_status sngp_answers_create(const sngp_model *model, int64_t rows, sngp_answers *answers) {
  const bool classifies = model->config.task == SNGP_TASK_CLASSIFICATION;
  size_t count = 0;
  *answers = (sngp_answers){.weights = sngp_allocate((size_t)rows, sizeof *answers->weights)};
  if (classifies)
    answers->labels = sngp_allocate((size_t)rows, sizeof *answers->labels);
  else if (sngp_size_multiply((size_t)rows, (size_t)model->network.num_outputs, &count))
    answers->targets = sngp_allocate(count, sizeof *answers->targets);
  const bool taken = classifies ? answers->labels != NULL : answers->targets != NULL;
  if (answers->weights != NULL && taken) return SNGP_OK;
  return sngp_fail(SNGP_ERROR_OUT_OF_MEMORY, "out of memory for the %s of %lld rows",
                   classifies ? "labels" : "targets", (long long)rows);
}

void sngp_answers_destroy(sngp_answers *answers) {
  sngp_release(answers->weights);
  sngp_release(answers->labels);
  sngp_release(answers->targets);
  *answers = (sngp_answers){0};
}

void sngp_answers_copy(const sngp_answers *answers, const sngp_network *network,
                       const sngp_dataset *dataset, int64_t first, int64_t count, int64_t place) {
  const int64_t outputs = network->num_outputs;
  for (int64_t i = 0; i < count; i++) {
    const int64_t from = first + i, to = place + i;
    answers->weights[to] = dataset->weights != NULL ? dataset->weights[from] : 1;
    if (answers->labels != NULL)
      answers->labels[to] = dataset->labels[from];
    else
      sngp_network_scale_targets(network, dataset->targets + from * outputs,
                                 answers->targets + to * outputs);
  }
}
