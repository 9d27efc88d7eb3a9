// What the benchmarks of a BERT classifier work on: the same lengths, batches and sizes, in one place.
// benchmarks/peers/bert_workload.py is the same in Python.
#pragma once

#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/reduction.hpp>

#include <CLI/CLI.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

/// Options that all of these benchmarks have.
struct BertWorkload {
  std::string precision = "fp32", device = "auto", lengths = TEMPA_SMSA_LENGTHS;
  tempa::Index layers = 12, hidden = 768, heads = 12, vocab = 30522, batch = 32, steps = 10, warmup = 3, seqlen = 0;
  int threads = 0;
};

/// Adds them, and reads the command line. @return -1 to go on, else the exit status.
inline int parse_workload(CLI::App& app, BertWorkload& workload, int argc, char** argv) {
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--precision", workload.precision, "fp32 or bf16")->check(CLI::IsMember({"fp32", "bf16"}));
  app.add_option("--device", workload.device, "auto, cpu, cuda or cuda:i");
  app.add_option("--layers", workload.layers)->check(CLI::PositiveNumber);
  app.add_option("--hidden", workload.hidden)->check(CLI::PositiveNumber);
  app.add_option("--heads", workload.heads)->check(CLI::PositiveNumber);
  app.add_option("--vocab", workload.vocab)->check(CLI::PositiveNumber);
  app.add_option("--batch", workload.batch, "sequences of a step")->check(CLI::PositiveNumber);
  app.add_option("--steps", workload.steps, "measured")->check(CLI::PositiveNumber);
  app.add_option("--warmup", workload.warmup, "before, not measured")->check(CLI::NonNegativeNumber);
  app.add_option("--seqlen", workload.seqlen, "one length for all rows instead of SmSA's");
  app.add_option("--lengths", workload.lengths, "file of length<TAB>count");
  app.add_option("--threads", workload.threads, "of the CPU; 0: all");
  CLI11_PARSE(app, argc, argv);
  if (workload.threads > 0) tempa::set_num_threads(workload.threads);
  return -1;
}

/// The lengths of all rows in the order of the benchmark: row i is number (7919 i + 13) mod n of the sorted lengths,
/// the same scrambled order in every language.
inline std::vector<tempa::Index> read_lengths(const BertWorkload& workload) {
  std::ifstream file(workload.lengths);
  if (!file) throw tempa::IoError(workload.lengths, "cannot be opened; name the file by --lengths");
  std::vector<tempa::Index> sorted, scrambled;
  tempa::Index length = 0, count = 0;
  while (file >> length >> count) sorted.insert(sorted.end(), static_cast<std::size_t>(count), length);
  for (std::size_t i = 0; i < sorted.size(); ++i)
    scrambled.push_back(workload.seqlen > 0 ? workload.seqlen : sorted[(7919 * i + 13) % sorted.size()]);
  return scrambled;
}

/// Batch `step`: random ids, and labels in turn where they are wanted.
inline tempa::Batch make_batch(const BertWorkload& workload, const std::vector<tempa::Index>& lengths,
                               tempa::Index step, tempa::Generator& generator, bool labeled) {
  using Ids = tempa::Tensor<std::int32_t>;
  std::vector<std::int32_t> ids, bounds{0}, labels;
  tempa::Batch batch;
  for (tempa::Index b = 0; b < workload.batch; ++b) {
    const tempa::Index length = lengths[static_cast<std::size_t>(step * workload.batch + b) % lengths.size()];
    for (tempa::Index t = 0; t < length; ++t) ids.push_back(static_cast<std::int32_t>(generator.below(workload.vocab)));
    bounds.push_back(static_cast<std::int32_t>(ids.size()));
    labels.push_back(static_cast<std::int32_t>(b % 3));
    batch.max_seqlen = std::max(batch.max_seqlen, length);
  }
  batch.token_type_ids = Ids::zeros({static_cast<tempa::Index>(ids.size())});
  batch.ids = Ids::from(ids);
  batch.cu_seqlens = Ids::from(bounds);
  if (labeled) batch.labels = Ids::from(labels);
  return batch;
}

/// The classifier, on the workload's device.
template <tempa::Floating T>
tempa::BertForSequenceClassification<T> make_model(const BertWorkload& workload) {
  tempa::manual_seed(1);
  tempa::BertConfig config;
  config.vocab_size = workload.vocab;
  config.num_hidden_layers = workload.layers;
  config.hidden_size = workload.hidden;
  config.num_attention_heads = workload.heads;
  config.intermediate_size = 4 * workload.hidden;
  config.id2label = {"positive", "neutral", "negative"};
  tempa::BertForSequenceClassification<T> model(config);
  model.to(tempa::Device::parse(workload.device));
  return model;
}

/// Resident memory in MB: the most so far, and now.
inline double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}
inline double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double whole_pages = 0, resident_pages = 0;
  file >> whole_pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

/// The times of the measured steps.
struct StepTimes {
  std::vector<double> seconds;  ///< sorted by `finish`
  double sum = 0;
  tempa::Index tokens = 0, sequences = 0;

  void add(double time, const tempa::Batch& batch, tempa::Index batch_size) {
    seconds.push_back(time);
    sum += time;
    tokens += batch.tokens();
    sequences += batch_size;
  }
  void finish() { std::sort(seconds.begin(), seconds.end()); }
  /// Milliseconds that a share `part` of the steps does not exceed.
  double percentile_ms(double part) const {
    const auto last = static_cast<double>(seconds.size() - 1);
    return 1e3 * seconds[static_cast<std::size_t>(part * last + 0.5)];
  }
};

/// One line of JSON. @param more members of the benchmark's own: `, "name": 1`. @param start_mb memory before the
/// model.
inline void print_result(const char* task, const BertWorkload& workload, const StepTimes& times, long long parameters,
                         double start_mb, const std::string& more) {
  std::printf(
      "{\"who\": \"tempa\", \"task\": \"%s\", \"precision\": \"%s\", \"device\": \"%s\", \"threads\": %d, "
      "\"parameters\": %lld, \"ms\": %.3f, \"ms_min\": %.3f, \"ms_mean\": %.3f, \"ms_p99\": %.3f, "
      "\"tokens_per_second\": %.0f, \"sequences_per_second\": %.1f, \"peak_mb\": %.0f, \"start_mb\": %.0f%s}\n",
      task, workload.precision.c_str(), tempa::Device::parse(workload.device).to_string().c_str(), tempa::num_threads(),
      parameters, times.percentile_ms(0.5), 1e3 * times.seconds.front(),
      1e3 * times.sum / static_cast<double>(times.seconds.size()), times.percentile_ms(0.99),
      static_cast<double>(times.tokens) / times.sum, static_cast<double>(times.sequences) / times.sum, peak_mb(),
      start_mb, more.c_str());
}
