#include "train/steady_rows.h"

#include <string.h>

#include "gp/curvature.h"

void sngp_steady_features(const sngp_network *network, sngp_pass *pass, int64_t rows) {
  if (rows >= SNGP_STEADY_ROWS) {
    sngp_network_features(network, pass, rows);
    return;
  }
  const size_t width = (size_t)network->inputs;
  memset(pass->x + (size_t)rows * width, 0,
         (size_t)(SNGP_STEADY_ROWS - rows) * width * sizeof *pass->x);
  sngp_network_features(network, pass, SNGP_STEADY_ROWS);
}

/* Each output in double precision, its terms in order, then as a network has it. */
static void compute_outputs(const sngp_dense *output, const float *phi, double *sums, float *f) {
  for (int64_t k = 0; k < output->out; k++)
    sums[k] = output->bias != NULL ? (double)output->bias[k] : 0;
  for (int64_t j = 0; j < output->in; j++)
    for (int64_t k = 0; k < output->out; k++)
      sums[k] += (double)phi[j] * (double)output->weight[j * output->out + k];
  for (int64_t k = 0; k < output->out; k++) f[k] = (float)sums[k];
}

void sngp_steady_curvature(const sngp_model *model, const sngp_pass *pass, int64_t rows,
                           double *curvature) {
  const sngp_network *network = &model->network;
  const int64_t outputs = network->num_outputs, width = network->features.num_features;
  for (int64_t i = 0; i < rows; i++) /* the sums lie where the weights will */
    compute_outputs(&network->output, pass->phi + i * width, curvature + i * outputs,
                    pass->logits + i * outputs);
  sngp_curvature(model->config.likelihood, model->posterior.kind, rows, outputs, pass->logits,
                 curvature);
}
