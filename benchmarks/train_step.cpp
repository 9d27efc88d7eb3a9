// A training step, or inference, of a BERT classifier at the lengths of SmSA: milliseconds, tokens a second, memory.
// The optimizer, clipping and the loss's way to the host are part of a step, as in a script. One JSON object on one
// line; benchmarks/compare runs it beside peers/train_step.py, which does the same work on the same batches.
//   train_step --layers 12 --hidden 768 --heads 12 --batch 32 --precision bf16
#include <tempa/models/bert/sequence_classification.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>

#include <CLI/CLI.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

using namespace tempa;

namespace {

struct Options {
  std::string task = "train", precision = "fp32", device = "auto", lengths;
  Index layers = 12, hidden = 768, heads = 12, vocab = 30522, batch = 32, steps = 10, warmup = 3, seqlen = 0;
  int threads = 0;
};

/// The lengths of all rows in the order of the benchmark: row i is number (7919 i + 13) mod n of the sorted lengths,
/// the same scrambled order in every language. @param path lines of `length<TAB>count`.
std::vector<Index> read_lengths(const Options& options) {
  std::ifstream file(options.lengths);
  if (!file) throw IoError(options.lengths, "cannot be opened; name the file by --lengths");
  std::vector<Index> sorted, scrambled;
  Index length = 0, count = 0;
  while (file >> length >> count) sorted.insert(sorted.end(), static_cast<std::size_t>(count), length);
  for (std::size_t i = 0; i < sorted.size(); ++i)
    scrambled.push_back(options.seqlen > 0 ? options.seqlen : sorted[(7919 * i + 13) % sorted.size()]);
  return scrambled;
}

/// Batch `step`: random ids, labels in turn.
Batch make_batch(const Options& options, const std::vector<Index>& lengths, Index step, Generator& generator) {
  std::vector<std::int32_t> ids, bounds{0}, labels;
  Batch batch;
  for (Index b = 0; b < options.batch; ++b) {
    const Index length = lengths[static_cast<std::size_t>(step * options.batch + b) % lengths.size()];
    for (Index t = 0; t < length; ++t) ids.push_back(static_cast<std::int32_t>(generator.below(options.vocab)));
    bounds.push_back(static_cast<std::int32_t>(ids.size()));
    labels.push_back(static_cast<std::int32_t>(b % 3));
    batch.max_seqlen = std::max(batch.max_seqlen, length);
  }
  batch.token_type_ids = Tensor<std::int32_t>::zeros({static_cast<Index>(ids.size())});
  batch.ids = Tensor<std::int32_t>::from(ids);
  batch.cu_seqlens = Tensor<std::int32_t>::from(bounds);
  batch.labels = Tensor<std::int32_t>::from(labels);
  return batch;
}

template <Floating T>
void run(const Options& options) {
  const Device device = Device::parse(options.device);
  const auto lengths = read_lengths(options);
  manual_seed(1);
  BertConfig config;
  config.vocab_size = options.vocab;
  config.num_hidden_layers = options.layers;
  config.hidden_size = options.hidden;
  config.num_attention_heads = options.heads;
  config.intermediate_size = 4 * options.hidden;
  config.id2label = {"positive", "neutral", "negative"};
  BertForSequenceClassification<T> model(config);
  model.to(device);
  const bool trains = options.task == "train";
  model.train(trains);
  AdamW optimizer(model.parameters(), {.lr = 2e-5, .weight_decay = 0.01});

  Generator generator(2);
  std::vector<double> seconds;
  double loss = 0;
  Index tokens = 0;
  for (Index step = 0; step < options.warmup + options.steps; ++step) {
    const Batch batch = make_batch(options, lengths, step, generator);
    const auto begin = std::chrono::steady_clock::now();
    if (trains) {
      const auto output = model(batch.to(device));
      output.loss.backward();
      clip_grad_norm(optimizer, 1.0);
      optimizer.step();
      loss = static_cast<double>(output.loss.item());
    } else {
      const NoGrad guard;
      loss = static_cast<double>(model(batch.to(device)).loss.item());
    }
    if (step < options.warmup) continue;
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    tokens += batch.tokens();
  }
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  std::sort(seconds.begin(), seconds.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"who\": \"tempa\", \"task\": \"%s\", \"precision\": \"%s\", \"device\": \"%s\", \"parameters\": %lld, "
      "\"ms\": %.3f, \"ms_min\": %.3f, \"ms_mean\": %.3f, \"tokens_per_second\": %.0f, \"last_loss\": %.5f, "
      "\"peak_mb\": %.0f}\n",
      options.task.c_str(), options.precision.c_str(), device.to_string().c_str(),
      static_cast<long long>(model.parameter_count()), 1e3 * seconds[seconds.size() / 2], 1e3 * seconds.front(),
      1e3 * sum / static_cast<double>(seconds.size()), static_cast<double>(tokens) / sum, loss,
      static_cast<double>(usage.ru_maxrss) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.lengths = TEMPA_SMSA_LENGTHS;
  CLI::App app{"A training step of a BERT classifier"};
  app.add_option("--task", options.task, "train or infer")->check(CLI::IsMember({"train", "infer"}));
  app.add_option("--precision", options.precision, "fp32 or bf16")->check(CLI::IsMember({"fp32", "bf16"}));
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:i");
  app.add_option("--layers", options.layers)->check(CLI::PositiveNumber);
  app.add_option("--hidden", options.hidden)->check(CLI::PositiveNumber);
  app.add_option("--heads", options.heads)->check(CLI::PositiveNumber);
  app.add_option("--vocab", options.vocab)->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "sequences of a step")->check(CLI::PositiveNumber);
  app.add_option("--steps", options.steps, "measured")->check(CLI::PositiveNumber);
  app.add_option("--warmup", options.warmup, "before, not measured")->check(CLI::NonNegativeNumber);
  app.add_option("--seqlen", options.seqlen, "one length for all rows instead of SmSA's");
  app.add_option("--lengths", options.lengths, "file of length<TAB>count");
  app.add_option("--threads", options.threads, "of the CPU; 0: all");
  CLI11_PARSE(app, argc, argv);
  try {
    if (options.threads > 0) set_num_threads(options.threads);
    options.precision == "bf16" ? run<bfloat16>(options) : run<float>(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
