// A training step of a BERT classifier at the lengths of SmSA: milliseconds, tokens a second, memory. The optimizer,
// clipping and the loss's way to the host are part of a step, as in a script. One JSON object on one line;
// benchmarks/compare runs it beside peers/train_step.py, which does the same work on the same batches.
//   train_step --layers 12 --hidden 768 --heads 12 --batch 32 --precision bf16 --profile step.json
#include "bert_workload.hpp"

#include <tempa/optim/adamw.hpp>
#include <tempa/profile/profiler.hpp>
#include <tempa/train/training_graph.hpp>

#include <chrono>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>

using namespace tempa;

namespace {

/// Members of the result for a CUDA device: its memory, and what was recorded.
template <typename Step>
std::string of_device([[maybe_unused]] Device device, [[maybe_unused]] const Step& recorded) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda())
    return concat(", \"device_peak_mb\": ", cuda::memory_stats(device.index()).peak_bytes >> 20,
                  ", \"graphs\": ", recorded.recorded(), ", \"why_no_graph\": ", std::quoted(recorded.why_not()));
#endif
  return "";
}

/// @param profile file for a trace of the measured steps; empty for none. @param graph whether a step is a CUDA graph.
template <Floating T>
void run(const BertWorkload& workload, const std::string& profile, bool graph) {
  const double start_mb = resident_mb();
  const Device device = Device::parse(workload.device);
  const auto lengths = read_lengths(workload);
  auto model = make_model<T>(workload);
  model.train();
  AdamW optimizer(model.parameters(), {.lr = 2e-5, .weight_decay = 0.01});

  TrainingGraph recorded(optimizer, [&](const Batch& batch) { return model(batch); }, {.max_norm = 1.0});

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
    if (graph) {
      loss = static_cast<double>(recorded(batch).loss.item());
    } else {
      const auto output = model(batch.to(device));
      output.loss.backward();
      optimizer.step({.max_norm = 1.0});
      loss = static_cast<double>(output.loss.item());
    }
    if (step < workload.warmup) continue;
    times.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), batch, workload.batch);
  }
  times.finish();
  print_result("train", workload, times, model.parameter_count(), start_mb,
               concat(", \"last_loss\": ", loss, of_device(device, recorded)));
  if (profiler) profiler->close();
}

}  // namespace

int main(int argc, char** argv) {
  BertWorkload workload;
  std::string profile;
  bool graph = false;
  CLI::App app{"A training step of a BERT classifier"};
  app.add_flag("--graph", graph, "on a CUDA device: each step as one CUDA graph");
  app.add_option("--profile", profile, "a Chrome trace of the measured steps to this file, their table to stderr");
  try {
    if (const int status = parse_workload(app, workload, argc, argv); status >= 0) return status;
    workload.precision == "bf16" ? run<bfloat16>(workload, profile, graph) : run<float>(workload, profile, graph);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
