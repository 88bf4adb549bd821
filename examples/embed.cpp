// Serves a model from several threads of a C++ program: the model is loaded once and shared, each
// thread has a workspace of its own, and the library allocates nothing while it answers.
//
//     c++ -std=c++17 embed.cpp $(pkg-config --cflags --libs sngp) -pthread -o embed
//     ./embed moons.safetensors      (the file that quickstart writes)
#include <sngp/sngp.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

// A failure of the library as an exception. The message belongs to the thread that failed.
void check(sngp_status status) {
  if (status != SNGP_OK) throw std::runtime_error(sngp_last_error());
}

// Owners of the library's handles: freed when they go out of scope.
template <auto Free>
struct deleter {
  template <typename Handle>
  void operator()(Handle *handle) const {
    Free(handle);
  }
};
using model_ptr = std::unique_ptr<sngp_model, deleter<sngp_model_free>>;
using workspace_ptr = std::unique_ptr<sngp_workspace, deleter<sngp_workspace_free>>;
using dataset_ptr = std::unique_ptr<sngp_dataset, deleter<sngp_dataset_free>>;

struct answer {
  std::int32_t label = -1;
  float uncertainty = 0.0f;  // 1 - max p
  float variance = 0.0f;
};

// A trained model. It does not change, so any number of threads may use it at once.
class classifier {
 public:
  explicit classifier(const std::string &path) {
    sngp_model *model = nullptr;
    check(sngp_model_load(path.c_str(), &model));
    model_.reset(model);
  }

  // What one thread needs to ask the model: one predictor per thread.
  class predictor {
   public:
    explicit predictor(const classifier &owner) : owner_(owner) {
      sngp_workspace *workspace = nullptr;
      check(sngp_workspace_create(owner.model_.get(), nullptr, 1, &workspace));
      workspace_.reset(workspace);
    }

    answer ask(const float *features) {
      answer result;
      sngp_prediction out{};
      out.struct_size = sizeof out;
      out.classes = &result.label;
      out.uncertainty = &result.uncertainty;
      out.variance = &result.variance;
      check(sngp_predict(owner_.model_.get(), workspace_.get(), features, 1,
                         sngp_model_input_dim(owner_.model_.get()), 0, nullptr, &out));
      return result;
    }

   private:
    const classifier &owner_;
    workspace_ptr workspace_;
  };

 private:
  model_ptr model_;
};

// Answers every row of the data, the rows divided among threads.
std::vector<answer> serve(const classifier &model, const sngp_dataset *data, int num_threads) {
  const auto rows = static_cast<std::size_t>(sngp_dataset_rows(data));
  const auto stride = static_cast<std::size_t>(sngp_dataset_row_stride(data));
  const float *features = sngp_dataset_features(data);
  std::vector<answer> answers(rows);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(num_threads));
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < failures.size(); t++)
    threads.emplace_back([&, t] {
      try {
        classifier::predictor own(model);
        for (std::size_t row = t; row < rows; row += failures.size())
          answers[row] = own.ask(features + row * stride);
      } catch (...) {
        failures[t] = std::current_exception();
      }
    });
  for (auto &thread : threads) thread.join();
  for (const auto &failure : failures)
    if (failure) std::rethrow_exception(failure);
  return answers;
}

double mean_variance(const std::vector<answer> &answers) {
  double sum = 0.0;
  for (const auto &one : answers) sum += static_cast<double>(one.variance);
  return sum / static_cast<double>(answers.size());
}

dataset_ptr moons(std::int64_t rows, std::int64_t seed) {
  sngp_dataset *data = nullptr;
  check(sngp_dataset_two_moons(rows, 0.1, seed, &data));
  return dataset_ptr(data);
}

dataset_ptr far_away(std::int64_t rows, std::int64_t seed) {
  sngp_dataset *data = nullptr;
  check(sngp_dataset_blob(rows, 2.5, -1.75, 0.1, seed, &data));
  return dataset_ptr(data);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: embed MODEL_FILE\n");
    return 2;
  }
  try {
    const classifier model(argv[1]);
    const auto familiar = moons(1000, 2), strange = far_away(1000, 2);
    const int num_threads = 4;
    const auto on_moons = serve(model, familiar.get(), num_threads);
    const auto elsewhere = serve(model, strange.get(), num_threads);

    std::size_t correct = 0;
    for (std::size_t i = 0; i < on_moons.size(); i++)
      correct += on_moons[i].label == sngp_dataset_labels(familiar.get())[i];
    std::printf("%zu of %zu new points on the moons are classified correctly\n", correct,
                on_moons.size());
    std::printf("mean variance: %.3g on the moons, %.3g far away\n", mean_variance(on_moons),
                mean_variance(elsewhere));
    return 0;
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "embed: %s\n", failure.what());
    return 1;
  }
}
