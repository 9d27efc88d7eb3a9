// The C++ side of the comparison with transformers: loads folders that transformers wrote, and computes what the script
// beside it (check.py) compares.
#include <tempa/autograd/no_grad.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adam.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/optim/param_groups.hpp>

#include <chrono>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <vector>

using namespace tempa;

namespace {

using Arguments = std::span<const std::string>;

/// The batch of number `i` in a file of the script: padded, with mask and labels.
struct PaddedInput {
  Tensor<std::int32_t> ids, mask, types;  // (B,T)
  Tensor<std::int32_t> labels;            // (B), or empty
  Tensor<float> targets;                  // (B,K), or empty

  PaddedInput(const StateDict& file, const std::string& i)
      : ids(file.get<std::int32_t>(i + ".ids")),
        mask(file.get<std::int32_t>(i + ".attention_mask")),
        types(file.get<std::int32_t>(i + ".token_type_ids")) {
    if (file.contains(i + ".labels")) labels = file.get<std::int32_t>(i + ".labels");
    if (file.contains(i + ".targets")) targets = file.get<float>(i + ".targets");
  }
  Batch packed() const {
    Batch batch = pack_padded(ids, mask, types);
    batch.labels = labels;
    batch.targets = targets;
    return batch;
  }
};

/// `numbers FOLDER BATCHES OUT`: logits of the padded call, of each row alone without padding, the loss and every
/// gradient.
template <Real T>
void numbers(Arguments arguments) {
  auto model = BertForSequenceClassification<T>::from_pretrained(arguments[0]);
  const PaddedInput input(load_safetensors(arguments[1]), "0");
  StateDict result;
  const auto output = model(input.packed());
  output.loss.backward();
  result.insert("loss", output.loss.value());
  for (const auto& [name, variable] : model.named_parameters())
    result.insert("grad." + name, variable.has_grad() ? variable.grad() : Tensor<T>::zeros(variable.shape()));
  const NoGrad no_grad;
  result.insert("logits.padded", model(input.ids, input.mask, input.types).logits.value());
  Tensor<T> alone(output.logits.shape());  // (B,K)
  for (Index b = 0; b < input.ids.size(0); ++b)
    alone.rows(b, b + 1).copy_from(
        model(input.ids.rows(b, b + 1), input.mask.rows(b, b + 1), input.types.rows(b, b + 1)).logits.value());
  result.insert("logits.packed", output.logits.value());
  result.insert("logits.alone", alone);
  save_safetensors(arguments[2], result);
}

/// `train FOLDER BATCHES OUT adam|adamw LR WEIGHT_DECAY WARMUP STEPS`: the loss of every step, as transformers' Trainer
/// trains: gradients clipped to norm 1, linear schedule, no weight decay for biases and normalisations; no dropout.
template <Real T>
void train(Arguments arguments) {
  auto model = BertForSequenceClassification<T>::from_pretrained(arguments[0]);
  const StateDict batches = load_safetensors(arguments[1]);
  const double lr = std::stod(arguments[4]), weight_decay = std::stod(arguments[5]);
  const Index warmup = std::stoll(arguments[6]), steps = std::stoll(arguments[7]);
  std::vector<double> losses, norms;
  const auto run = [&](auto& optimizer) {
    LinearScheduleWithWarmup schedule(optimizer, {.num_training_steps = steps, .num_warmup_steps = warmup});
    for (Index step = 0; step < steps; ++step) {
      const auto output = model(PaddedInput(batches, std::to_string(step)).packed());
      losses.push_back(static_cast<double>(output.loss.item()));
      output.loss.backward();
      norms.push_back(clip_grad_norm(optimizer, 1.0));
      optimizer.step();
      schedule.step();
    }
  };
  if (arguments[3] == "adamw") {
    AdamW optimizer(
        weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = lr, .weight_decay = weight_decay}));
    run(optimizer);
  } else {
    Adam optimizer(weight_decay_groups(model.named_parameters(), AdamOptions{.lr = lr, .weight_decay = weight_decay}));
    run(optimizer);
  }
  StateDict result;
  result.insert("losses", Tensor<double>::from(losses));
  result.insert("norms", Tensor<double>::from(norms));
  save_safetensors(arguments[2], result);
}

/// `load FOLDER BATCHES OUT.safetensors OUT.json [ignore_mismatched_sizes]`: logits, hidden states and the report.
void load(Arguments arguments) {
  LoadReport report;
  auto model = BertForSequenceClassification<float>::from_pretrained(
      arguments[0], {.ignore_mismatched_sizes = arguments.size() > 4, .report = &report});
  const Batch batch = PaddedInput(load_safetensors(arguments[1]), "0").packed();
  const NoGrad no_grad;
  StateDict result;
  result.insert("logits", model(batch).logits.value());
  result.insert("hidden", model.bert(batch).last_hidden_state.value());
  save_safetensors(arguments[2], result);
  nlohmann::json names{{"loaded", report.loaded}, {"missing", report.missing}, {"unexpected", report.unexpected}};
  names["mismatched"] = nlohmann::json::array();
  for (const auto& one : report.mismatched) names["mismatched"].push_back(one.name);
  write_json(arguments[3], names);
}

/// `resave FOLDER OUT DTYPE`: loads and saves.
void resave(Arguments arguments) {
  auto model = BertForSequenceClassification<float>::from_pretrained(arguments[0]);
  for (const DType type : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16})
    if (arguments[2] == to_string(type)) model.save_pretrained(arguments[1], {.dtype = type});
}

/// `time FOLDER [random]`: milliseconds, and those of them that a core worked, of from_pretrained or of a model of the
/// same sizes with random weights.
void time_loading(Arguments arguments) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  const auto model = arguments.size() > 1
                         ? BertForSequenceClassification<float>(read_config<BertConfig>(arguments[0] + "/config.json"))
                         : BertForSequenceClassification<float>::from_pretrained(arguments[0]);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  const double cpu_ms = 1000.0 * static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  std::cout << elapsed.count() << ' ' << cpu_ms << ' ' << model.classifier.weight.value().data()[0] << '\n';
}

int run(const std::vector<std::string>& arguments) {
  struct Command {
    std::string name;
    std::size_t least;
    void (*function)(Arguments);
  };
  const std::vector<Command> commands{{"numbers", 3, numbers<float>},
                                      {"numbers64", 3, numbers<double>},
                                      {"train", 8, train<float>},
                                      {"train64", 8, train<double>},
                                      {"load", 4, load},
                                      {"resave", 3, resave},
                                      {"time", 1, time_loading}};
  for (const Command& command : commands) {
    if (arguments.empty() || arguments[0] != command.name || arguments.size() <= command.least) continue;
    command.function(Arguments(arguments).subspan(1));
    return 0;
  }
  std::cerr << "usage: model_parity numbers|numbers64|train|train64|load|resave|time ARGUMENT..., see main.cpp\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "model_parity: " << error.what() << '\n';
    return 1;
  }
}
