// The C++ side of the comparison with PyTorch: trains the example's model on a folder that transformers wrote.
//   japanese_reviews_parity FOLDER CSV OUT float|double STEPS BATCH_SIZE LR STEP_SIZE
// Dropout is off, BatchNorm trains; step s reads the rows from s times the batch size on, over and over. OUT gets the
// loss of each step, the ids of all rows, and the buffers of the BatchNorm.
#include "../../../examples/japanese_reviews/model.hpp"

#include <tempa/data/collate.hpp>
#include <tempa/data/labeled_texts.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/text/auto_tokenizer.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

using namespace tempa;

namespace {

template <Real T>
void train(const std::vector<std::string>& arguments) {
  const Index steps = std::stoll(arguments[4]), batch_size = std::stoll(arguments[5]);
  auto model = load_pretrained<ReviewClassifier<T>>(arguments[0]);
  model.set_head_dropout(0);
  model.train();
  const auto tokenizer = AutoTokenizer::from_pretrained(arguments[0]);
  const std::array<std::string, 2> names{"0", "1"};
  const auto examples =
      encode_texts(read_labeled_texts(arguments[1], names, {.text = "text", .label = "label"}, DelimitedFormat::csv()),
                   tokenizer, {.max_length = 64});
  AdamW optimizer(model.named_parameters(), {.lr = std::stod(arguments[6])});
  StepLR schedule(optimizer, {.step_size = std::stoll(arguments[7]), .gamma = 0.75});
  const auto& norm = std::get<2>(model.head.layers);
  std::vector<double> losses;
  for (Index step = 0; step < steps; ++step) {
    std::vector<TextExample> rows;
    for (Index i = step * batch_size; i < (step + 1) * batch_size; ++i)
      rows.push_back(examples[static_cast<std::size_t>(i) % examples.size()]);
    const auto output = model(PackedCollate{}(rows));
    losses.push_back(static_cast<double>(output.loss.item()));
    output.loss.backward();
    optimizer.step();
    schedule.step();
  }
  std::vector<std::int32_t> ids;
  for (const TextExample& example : examples)
    ids.insert(ids.end(), example.encoding.ids.begin(), example.encoding.ids.end());
  StateDict result;
  result.insert("losses", Tensor<double>::from(losses));
  result.insert("ids", Tensor<std::int32_t>::from(ids));
  result.insert("running_mean", norm.running_mean);
  result.insert("running_var", norm.running_var);
  result.insert("num_batches_tracked", norm.num_batches_tracked);
  save_safetensors(arguments[2], result);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() != 8) throw ConfigError("expected 8 arguments, see main.cpp");
    arguments[3] == "double" ? train<double>(arguments) : train<float>(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "japanese_reviews_parity: " << error.what() << '\n';
    return 1;
  }
}
