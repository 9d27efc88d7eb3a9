// Does 16-bit training learn what float learns? Trains the same BERT from scratch in both precisions: the same weights
// at first, batches, and dropout masks. Writes the losses of every step and how far the curves lie apart.
//   loss_curve --train train_preprocess.tsv --steps 200 > curve.tsv
#include "bert_workload.hpp"

#include <tempa/data/data_loader.hpp>
#include <tempa/data/document_sentiment.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/text/vocabulary_trainer.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

using namespace tempa;

namespace {

/// The losses of `workload.steps` steps, epoch after epoch.
template <Floating T>
std::vector<double> losses_of(const BertWorkload& workload, double lr, const DocumentSentimentDataset& data) {
  auto model = make_model<T>(workload);
  const Device device = Device::parse(workload.device);
  model.train();
  AdamW optimizer(model.parameters(), {.lr = lr, .weight_decay = 0.01});
  LinearScheduleWithWarmup schedule(optimizer, {.num_training_steps = workload.steps, .warmup_ratio = 0.1});
  DataLoader loader(data, {.batch_size = workload.batch, .shuffle = true, .seed = 1});
  std::vector<double> losses;
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

}  // namespace

int main(int argc, char** argv) {
  BertWorkload workload{.steps = 200};
  std::string train;
  double lr = 5e-5;
  Index smoothing = 20;
  CLI::App app{"The losses of bfloat16 training beside those of float"};
  app.add_option("--train", train, "text<TAB>label, as SmSA's")->required();
  app.add_option("--lr", lr, "largest learning rate of AdamW");
  app.add_option("--smoothing", smoothing, "steps whose mean is compared")->check(CLI::PositiveNumber);
  try {
    if (const int status = parse_workload(app, workload, argc, argv); status >= 0) return status;
    const LabeledTexts table = read_labeled_texts(train, DocumentSentimentDataset::label_names());
    const BertTokenizer tokenizer = train_bert_tokenizer(table.texts, {.vocab_size = 8000});
    const DocumentSentimentDataset data(table, tokenizer, {.max_length = 512});
    workload.vocab = tokenizer.vocab_size();
    const auto wide = losses_of<float>(workload, lr, data);
    const auto narrow = losses_of<bfloat16>(workload, lr, data);
    std::cout << "step\tfp32\tbf16\n";
    double largest = 0, sum_wide = 0, sum_narrow = 0;
    for (std::size_t i = 0; i < wide.size(); ++i) {
      std::cout << i + 1 << '\t' << wide[i] << '\t' << narrow[i] << '\n';
      const auto window = static_cast<std::size_t>(smoothing);
      sum_wide += wide[i] - (i >= window ? wide[i - window] : 0);
      sum_narrow += narrow[i] - (i >= window ? narrow[i - window] : 0);
      if (i + 1 >= window) largest = std::max(largest, std::abs(sum_narrow / sum_wide - 1));
    }
    std::cerr << "largest distance of the means of " << smoothing << " steps: " << 100 * largest << "%\n";
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
