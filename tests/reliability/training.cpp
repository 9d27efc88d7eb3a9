// A training that is to be killed: it saves a checkpoint after every step and resumes from the newest one.
//
//   training FOLDER RESULT   trains, and writes the last weights as the file RESULT
//   training --verify FOLDER prints the step of the newest checkpoint (0: none) after reading all of it;
//                            fails when any checkpoint there is damaged
#include <tempa/data/data_loader.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/linear.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/embedding.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/train/trainer.hpp>

#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

using namespace tempa;

namespace {

constexpr Index kRows = 40, kBatch = 4, kEpochs = 6;

/// A class of each first token, by a hidden layer with dropout.
struct Network : ModuleMembers<Network, float> {
  struct Output {
    Variable<float> loss, logits;
  };
  Variable<float> table{Tensor<float>::full({16, 8}, 0.1f), true};
  Dropout dropout{0.2};
  Linear<float> hidden{8, 8}, classifier{8, 3};

  Output operator()(const Batch& batch) {
    const auto x = hidden(dropout(embedding(table, batch.ids)));
    const auto logits = classifier(tanh(x));
    return {cross_entropy(logits, batch.labels), logits};
  }
  void visit(auto&& f) {
    f("table", table);
    f("dropout", dropout);
    f("hidden", hidden);
    f("classifier", classifier);
  }
};

std::vector<TextExample> rows() {
  Generator generator(1);
  std::vector<TextExample> result;
  for (Index i = 0; i < kRows; ++i)
    result.push_back({.encoding = {{static_cast<std::int32_t>(generator.below(16))}, {0}},
                      .label = static_cast<std::int32_t>(generator.below(3))});
  return result;
}

void train(const std::string& folder, const std::string& result) {
  const auto examples = rows();
  manual_seed(5);
  Network model;
  AdamW optimizer(model.named_parameters(), {.lr = 1e-2});
  AveragedModel average(model.named_parameters(), {.decay = 0.9});
  LinearScheduleWithWarmup schedule(optimizer, {.num_training_steps = kEpochs * kRows / kBatch, .num_warmup_steps = 5});
  DataLoader loader(examples, {.batch_size = kBatch, .shuffle = true, .seed = 3, .num_workers = 2});
  Trainer trainer(model, optimizer,
                  {.epochs = kEpochs,
                   .max_grad_norm = 1.0,
                   .average = &average,
                   .log = nullptr,
                   .progress = {.out = nullptr},
                   .checkpoint = {.folder = folder, .every_steps = 1, .resume = true, .log = nullptr}});
  trainer.set_scheduler(schedule, ScheduleStep::kStep);
  trainer.fit(loader);
  save_safetensors(result, model.state_dict());
}

void verify(const std::string& folder) {
  const auto newest = newest_checkpoint(folder, [](const Error& error) { throw error; });
  if (!newest) {
    std::cout << "0\n";
    return;
  }
  for (const char* part : {"model", "optimizer", "average"})
    for (const auto& entry : newest->part(part))
      std::visit([](const auto& tensor) { tensor.to_vector(); }, entry.tensor);
  std::cout << list_checkpoints(folder).back().step << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 2 && arguments[0] == "--verify") {
      verify(arguments[1]);
    } else if (arguments.size() == 2) {
      train(arguments[0], arguments[1]);
    } else {
      std::cerr << "expected FOLDER RESULT, or --verify FOLDER\n";
      return 2;
    }
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
