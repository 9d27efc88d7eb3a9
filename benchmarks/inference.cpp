// Inference of a BERT classifier at the lengths of SmSA: the latency of one sequence, or the throughput of batches. The
// ids' way to the device and the logits' way to the host are part of it. One JSON object on one line;
// benchmarks/compare runs it beside peers/inference.py, which does the same work on the same batches.
//   inference --batch 1 --steps 200 --precision bf16
#include "bert_workload.hpp"

#include <tempa/autograd/no_grad.hpp>

#include <chrono>
#include <cstdio>

using namespace tempa;

namespace {

template <Floating T>
void run(const BertWorkload& workload) {
  const double start_mb = resident_mb();
  const Device device = Device::parse(workload.device);
  const auto lengths = read_lengths(workload);
  const NoGrad no_grad;
  auto model = make_model<T>(workload);
  model.eval();
  Generator generator(2);
  StepTimes times;
  double logit = 0;
  for (Index step = 0; step < workload.warmup + workload.steps; ++step) {
    const Batch batch = make_batch(workload, lengths, step, generator, false);
    const auto begin = std::chrono::steady_clock::now();
    const auto logits = model(batch.to(device)).logits.value().to(Device::cpu());  // (B,K)
    logit = static_cast<double>(widen(logits.data()[0]));
    if (step < workload.warmup) continue;
    times.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), batch, workload.batch);
  }
  times.finish();
  print_result("inference", workload, times, model.parameter_count(), start_mb, concat(", \"last_logit\": ", logit));
}

}  // namespace

int main(int argc, char** argv) {
  BertWorkload workload;
  CLI::App app{"Inference of a BERT classifier"};
  try {
    if (const int status = parse_workload(app, workload, argc, argv); status >= 0) return status;
    workload.precision == "bf16" ? run<bfloat16>(workload) : run<float>(workload);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
