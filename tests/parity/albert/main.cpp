// The C++ side of the comparison of ALBERT with transformers: trains folders that transformers wrote, and writes what
// the script beside it (check.py) compares.
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/albert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/param_groups.hpp>

#include <exception>
#include <iostream>
#include <string>
#include <vector>

using namespace tempa;

namespace {

using Ids = Tensor<std::int32_t>;

/// The labels (B,T) of the real tokens, one after the other.
std::vector<std::int32_t> packed(const Ids& labels, const Ids& mask) {
  std::vector<std::int32_t> result;
  for (Index i = 0; i < mask.numel(); ++i)
    if (mask.data()[i] == 1) result.push_back(labels.data()[i]);
  return result;
}

template <typename Model>
auto input_of(const StateDict& file) {
  const auto mask = file.get<std::int32_t>("attention_mask"), labels = file.get<std::int32_t>("labels");
  Batch batch = pack_padded(file.get<std::int32_t>("input_ids"), mask, file.get<std::int32_t>("token_type_ids"));
  if constexpr (requires(Model model) { model(MaskedLMBatch{}); }) {
    const auto all = packed(labels, mask);
    std::vector<std::int32_t> positions, targets;
    for (std::size_t n = 0; n < all.size(); ++n)
      if (all[n] != -100) positions.push_back(static_cast<std::int32_t>(n)), targets.push_back(all[n]);
    return MaskedLMBatch{.input = batch, .positions = Ids::from(positions), .targets = Ids::from(targets)};
  } else {
    batch.labels = labels.shape().rank() == 1 ? labels : Ids::from(packed(labels, mask));
    return batch;
  }
}

/// Logits, the losses of five steps of AdamW without dropout, and a saved folder with its logits.
template <typename Model>
void train(const std::string& folder, const std::string& batch, const std::string& out) {
  auto model = Model::from_pretrained(folder);
  const auto input = input_of<Model>(load_safetensors(batch));
  StateDict result;
  result.insert("logits", model(input).logits.value());
  AdamW optimizer(weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = 1e-4, .weight_decay = 0.01}));
  std::vector<float> losses;
  for (int step = 0; step < 5; ++step) {
    const auto loss = model(input).loss;
    losses.push_back(loss.item());
    loss.backward();
    optimizer.step();
  }
  model.save_pretrained(out);
  result.insert("losses", Tensor<float>::from(losses));
  result.insert("trained.logits", model(input).logits.value());
  save_safetensors(out + "/results.safetensors", result);
}

}  // namespace

/// `albert_parity HEAD FOLDER BATCH OUT`
int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() != 4) throw ConfigError("usage: albert_parity HEAD FOLDER BATCH OUT");
    const auto run = [&](auto* train_head) { train_head(arguments[1], arguments[2], arguments[3]); };
    if (arguments[0] == "ForSequenceClassification") run(train<AlbertForSequenceClassification<float>>);
    if (arguments[0] == "ForTokenClassification") run(train<AlbertForTokenClassification<float>>);
    if (arguments[0] == "ForMaskedLM") run(train<AlbertForMaskedLM<float>>);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "albert_parity: " << error.what() << '\n';
    return 1;
  }
}
