// Trains for a long time and samples the memory, which must not grow.
//
//   soak SECONDS [SAMPLES.tsv]
//
// One round is a whole life: rows are read and tokenized, a BERT is made, trained half, saved, loaded again, trained to
// its end with evaluations, checkpoints and an event file, and everything is destroyed. The samples are of the ends of
// rounds: seconds, rounds, steps, resident memory of the process, memory of tensors, and what is kept for new ones.
#include <tempa/data/data_loader.hpp>
#include <tempa/data/document_sentiment.hpp>
#include <tempa/device/detail/storage.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/tensorboard/summary_writer.hpp>
#include <tempa/text/training/vocabulary_trainer.hpp>
#include <tempa/train/log/log_to.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/trainer.hpp>

#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace tempa;

namespace {

using Clock = std::chrono::steady_clock;

struct Sample {
  double seconds, resident_mb;
};

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

/// @return optimizer steps of a training that ends, or is stopped, and leaves its checkpoint.
Index train(const std::string& folder, const BertTokenizer& tokenizer, Index stop_after) {
  const auto sample = example_path("smsa_sentiment/sample");
  const auto rows = DocumentSentimentDataset::from_tsv(sample / "train_preprocess.tsv", tokenizer);
  const auto valid_rows = DocumentSentimentDataset::from_tsv(sample / "valid_preprocess.tsv", tokenizer);
  BertConfig config;
  config.vocab_size = tokenizer.vocab_size();
  config.hidden_size = 64;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 128;
  config.id2label = {"positive", "neutral", "negative"};
  manual_seed(1);
  BertForSequenceClassification<float> model(config);
  AdamW optimizer(model.named_parameters(), {.lr = 1e-3});
  DataLoader loader(rows, {.batch_size = 16, .shuffle = true, .seed = 2, .num_workers = 2});
  DataLoader valid(valid_rows, {.batch_size = 16});
  SummaryWriter writer(folder + "/log");
  Index steps = 0;
  Trainer trainer(model, optimizer,
                  {.epochs = 2,
                   .max_grad_norm = 1.0,
                   .log = nullptr,
                   .progress = {.out = nullptr},
                   .checkpoint = {.folder = folder + "/checkpoints", .every_steps = 5, .resume = true, .log = nullptr},
                   .stop_requested = [&] { return ++steps == stop_after; }});
  log_to(writer, trainer);
  trainer.fit(loader, valid);
  writer.close();
  return steps;
}

/// Growth in MB an hour: the slope of the line through the samples of the last two thirds.
double growth(const std::vector<Sample>& all) {
  const std::vector<Sample> samples(all.begin() + static_cast<std::ptrdiff_t>(all.size() / 3), all.end());
  double t = 0, m = 0, tt = 0, tm = 0;
  const auto n = static_cast<double>(samples.size());
  for (const Sample& one : samples) {
    t += one.seconds / n;
    m += one.resident_mb / n;
  }
  for (const Sample& one : samples) {
    tt += (one.seconds - t) * (one.seconds - t);
    tm += (one.seconds - t) * (one.resident_mb - m);
  }
  return tt > 0 ? 3600 * tm / tt : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "expected SECONDS [SAMPLES.tsv]\n";
    return 2;
  }
  const double limit = std::atof(argv[1]);
  std::ofstream table(argc > 2 ? argv[2] : "/dev/null");
  table << "seconds\trounds\tsteps\tresident_mb\ttensors_mb\tkept_mb\n";
  const auto begin = Clock::now();
  std::vector<Sample> samples;
  Index rounds = 0, steps = 0;
  const auto table_of_words = example_path("smsa_sentiment/sample") / "train_preprocess.tsv";
  try {
    while (samples.empty() || samples.back().seconds < limit) {
      {
        const TemporaryFolder folder;
        std::vector<std::string> texts;
        for (const auto& row : DelimitedReader(table_of_words)) texts.emplace_back(row[0]);
        const BertTokenizer tokenizer = train_bert_tokenizer(texts, {.vocab_size = 800});
        steps += train(folder.path().string(), tokenizer, 7);
        steps += train(folder.path().string(), tokenizer, -1);
      }
      ++rounds;
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      samples.push_back({seconds, resident_mb()});
      const MemoryStats memory = memory_stats();
      table << seconds << '\t' << rounds << '\t' << steps << '\t' << samples.back().resident_mb << '\t'
            << static_cast<double>(memory.allocated_bytes) / 1e6 << '\t'
            << static_cast<double>(memory.cached_bytes) / 1e6 << std::endl;
    }
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
  const double first = samples[samples.size() / 3].resident_mb, last = samples.back().resident_mb;
  std::printf(
      "%.0f s, %lld rounds, %lld steps: %.1f MB after a third of the time, %.1f MB at the end, %+.2f MB an hour\n",
      samples.back().seconds, static_cast<long long>(rounds), static_cast<long long>(steps), first, last,
      growth(samples));
  return memory_stats().allocated_bytes == 0 && last < 1.05 * first + 1 ? 0 : 1;
}
