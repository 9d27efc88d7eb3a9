// Does 16-bit training learn what float learns? Trains the same BERT from scratch in both precisions: the same weights
// at first, batches, and dropout masks. Writes the losses of every step and how far the curves lie apart.
//   loss_curve --train train_preprocess.tsv --steps 200 > curve.tsv
// Two trainings that differ in roundings only go ways of their own after a while, in float as well. How far float's lie
// apart tells --rounded-start: float again, from the weights rounded to bfloat16 once.
#include "bert_workload.hpp"

#include <tempa/data/data_loader.hpp>
#include <tempa/data/document_sentiment.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/text/training/vocabulary_trainer.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

using namespace tempa;

namespace {

using Curve = std::vector<double>;

/// The losses of `workload.steps` steps, epoch after epoch. @param rounds whether the weights begin as bfloat16's.
template <Floating T>
Curve losses_of(const BertWorkload& workload, double lr, const DocumentSentimentDataset& data, bool rounds = false) {
  auto model = make_model<T>(workload);
  if (rounds)
    for (auto& parameter : model.parameters())
      parameter.assign(parameter.value().template cast<bfloat16>().template cast<T>());
  const Device device = Device::parse(workload.device);
  model.train();
  AdamW optimizer(model.parameters(), {.lr = lr, .weight_decay = 0.01});
  LinearScheduleWithWarmup schedule(optimizer, {.num_training_steps = workload.steps, .warmup_ratio = 0.1});
  DataLoader loader(data, {.batch_size = workload.batch, .shuffle = true, .seed = 1});
  Curve losses;
  while (static_cast<Index>(losses.size()) < workload.steps)
    for (const Batch& batch : loader) {
      const auto output = model(batch.to(device));
      output.loss.backward();
      optimizer.step({.max_norm = 1.0});
      schedule.step();
      losses.push_back(static_cast<double>(output.loss.item()));
      if (losses.size() % 20 == 0) std::cerr << "step " << losses.size() << ": " << losses.back() << std::endl;
      if (static_cast<Index>(losses.size()) == workload.steps) break;
    }
  return losses;
}

/// The largest relative distance of the means of `window` steps.
double distance(const Curve& from, const Curve& curve, std::size_t window) {
  double largest = 0, sum = 0, sum_from = 0;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    sum_from += from[i] - (i >= window ? from[i - window] : 0);
    sum += curve[i] - (i >= window ? curve[i - window] : 0);
    if (i + 1 >= window) largest = std::max(largest, std::abs(sum / sum_from - 1));
  }
  return largest;
}

}  // namespace

int main(int argc, char** argv) {
  BertWorkload workload{.steps = 200};
  std::string train;
  double lr = 5e-5;
  Index smoothing = 20;
  bool rounded_start = false;
  CLI::App app{"The losses of bfloat16 training beside those of float"};
  app.add_option("--train", train, "text<TAB>label, as SmSA's")->required();
  app.add_option("--lr", lr, "largest learning rate of AdamW");
  app.add_option("--smoothing", smoothing, "steps whose mean is compared")->check(CLI::PositiveNumber);
  app.add_flag("--rounded-start", rounded_start, "a third training: float from the weights rounded to bfloat16");
  try {
    if (const int status = parse_workload(app, workload, argc, argv); status >= 0) return status;
    const LabeledTexts table = read_labeled_texts(train, DocumentSentimentDataset::label_names());
    const BertTokenizer tokenizer = train_bert_tokenizer(table.texts, {.vocab_size = 8000});
    const DocumentSentimentDataset data(table, tokenizer, {.max_length = 512});
    workload.vocab = tokenizer.vocab_size();
    const auto wide = losses_of<float>(workload, lr, data);
    std::vector<std::pair<std::string, Curve>> others{{"bf16", losses_of<bfloat16>(workload, lr, data)}};
    if (rounded_start) others.emplace_back("fp32 from rounded weights", losses_of<float>(workload, lr, data, true));
    std::cout << "step\tfp32";
    for (const auto& other : others) std::cout << '\t' << other.first;
    std::cout << '\n';
    for (std::size_t i = 0; i < wide.size(); ++i) {
      std::cout << i + 1 << '\t' << wide[i];
      for (const auto& other : others) std::cout << '\t' << other.second[i];
      std::cout << '\n';
    }
    for (const auto& [name, curve] : others)
      std::cerr << name << ": the means of " << smoothing << " steps at most "
                << 100 * distance(wide, curve, static_cast<std::size_t>(smoothing)) << "% from fp32's, of all steps "
                << 100 * distance(wide, curve, curve.size()) << "%\n";
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
