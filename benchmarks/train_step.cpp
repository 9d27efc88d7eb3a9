// A training step of a BERT classifier at the lengths of SmSA: milliseconds, tokens a second, memory. The optimizer,
// clipping and the loss's way to the host are part of a step, as in a script. One JSON object on one line;
// benchmarks/compare runs it beside peers/train_step.py, which does the same work on the same batches.
//   train_step --layers 12 --hidden 768 --heads 12 --batch 32 --precision bf16 --profile step.json
#include "bert_workload.hpp"

#include <tempa/optim/adamw.hpp>
#include <tempa/train/profiler.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

using namespace tempa;

namespace {

/// @param profile file for a trace of the measured steps; empty for none.
template <Floating T>
void run(const BertWorkload& workload, const std::string& profile) {
  const double start_mb = resident_mb();
  const Device device = Device::parse(workload.device);
  const auto lengths = read_lengths(workload);
  auto model = make_model<T>(workload);
  model.train();
  AdamW optimizer(model.parameters(), {.lr = 2e-5, .weight_decay = 0.01});

  Generator generator(2);
  StepTimes times;
  std::optional<Profiler> profiler;
  double loss = 0;
  for (Index step = 0; step < workload.warmup + workload.steps; ++step) {
    const Batch batch = make_batch(workload, lengths, step, generator, true);
    if (step == workload.warmup && !profile.empty())
      profiler.emplace(ProfilerOptions{.trace_file = profile,
                                       .log = &std::cerr,
                                       .measure_peak = true,
                                       .device = device,
                                       .synchronize = device.is_cuda()});
    const auto begin = std::chrono::steady_clock::now();
    const ProfileScope scope("training step");
    const auto output = model(batch.to(device));
    output.loss.backward();
    optimizer.step({.max_norm = 1.0});
    loss = static_cast<double>(output.loss.item());
    if (step < workload.warmup) continue;
    times.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), batch, workload.batch);
  }
  times.finish();
  print_result("train", workload, times, model.parameter_count(), start_mb, concat(", \"last_loss\": ", loss));
  if (profiler) profiler->close();
}

}  // namespace

int main(int argc, char** argv) {
  BertWorkload workload;
  std::string profile;
  CLI::App app{"A training step of a BERT classifier"};
  app.add_option("--profile", profile, "a Chrome trace of the measured steps to this file, their table to stderr");
  try {
    if (const int status = parse_workload(app, workload, argc, argv); status >= 0) return status;
    workload.precision == "bf16" ? run<bfloat16>(workload, profile) : run<float>(workload, profile);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
