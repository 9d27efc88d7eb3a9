// The whole model on a CUDA device, emulated where there is none, against the same model on the CPU.
#if defined(TEMPA_WITH_CUDA)
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>

#include "models/small_bert.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/difference.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace cuda_test {

using namespace tempa;

namespace {

/// Logits, loss, and the gradients of all parameters end to end, as doubles on the host. (The gradient of a key's bias
/// is zero but for roundings: by itself it would have no scale.)
template <Floating T>
std::vector<Tensor<double>> pass(Device device) {
  manual_seed(3);
  BertForSequenceClassification<double> exact(small_bert_config());
  BertForSequenceClassification<T> model(small_bert_config());
  auto to = model.named_parameters();
  const auto from = exact.named_parameters();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i].variable.mutable_value() = from[i].variable.value().template cast<T>();
  model.to(device);
  model.eval();
  const auto output = model(small_bert_batch().to(device));
  output.loss.backward();
  std::vector<double> gradients;
  for (const auto& variable : model.parameters())
    for (const T value : variable.grad().to_vector()) gradients.push_back(element_cast<double>(value));
  const auto result = [](const auto& x) { return x.value().to(Device::cpu()).template cast<double>(); };
  return {result(output.logits), result(output.loss), Tensor<double>::from(gradients)};
}

/// Largest difference to `expected` over the parts, each relative to its largest element.
double largest_difference(const std::vector<Tensor<double>>& parts, const std::vector<Tensor<double>>& expected) {
  REQUIRE(parts.size() == expected.size());
  double result = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) result = std::max(result, difference(parts[i], expected[i]));
  return result;
}

/// Losses of a few steps with dropout and clipping.
template <Floating T>
std::vector<double> train(Device device) {
  manual_seed(11);
  BertForSequenceClassification<T> model(small_bert_config());
  model.to(device);
  model.train();
  AdamW optimizer(model.parameters(), {.lr = 1e-3, .weight_decay = 0.01});
  std::vector<double> losses;
  for (std::uint64_t step = 0; step < 4; ++step) {
    const auto output = model(small_bert_batch(step % 2).to(device));
    output.loss.backward();
    clip_grad_norm(optimizer, 1.0);
    optimizer.step();
    losses.push_back(static_cast<double>(output.loss.item()));
  }
  return losses;
}

}  // namespace

TEST_CASE("BERT on a CUDA device: logits, loss and every gradient are the CPU's", "[models][cuda]") {
  if (skips_without_cuda()) return;
  const auto exact = pass<double>(Device::cpu());
  // Two float64 computations of one formula: see kDoubleBound of bert_test.cpp.
  CHECK(largest_difference(pass<double>(Device::cuda()), exact) <= 1e-11);
  // Narrower types: as many roundings in another order as on the CPU.
  CHECK(largest_difference(pass<float>(Device::cuda()), exact) <=
        2 * largest_difference(pass<float>(Device::cpu()), exact));
  CHECK(largest_difference(pass<bfloat16>(Device::cuda()), exact) <=
        2 * largest_difference(pass<bfloat16>(Device::cpu()), exact));
}

TEST_CASE("BERT on a CUDA device: training follows the CPU's losses, twice with the same bits", "[models][cuda]") {
  if (skips_without_cuda()) return;
  const auto host = train<float>(Device::cpu()), device = train<float>(Device::cuda());
  REQUIRE(host.size() == device.size());
  for (std::size_t i = 0; i < host.size(); ++i) CHECK(std::abs(host[i] - device[i]) <= 1e-4 * host[i]);
  CHECK(train<float>(Device::cuda()) == device);
  const auto half = train<bfloat16>(Device::cuda());
  for (std::size_t i = 0; i < host.size(); ++i) CHECK(std::abs(host[i] - half[i]) <= 0.05 * host[i]);
}

TEST_CASE("BERT on a CUDA device: tensors of two devices, ids and labels out of range are typed errors",
          "[models][cuda]") {
  if (skips_without_cuda()) return;
  BertForSequenceClassification<float> model(small_bert_config());
  model.to(Device::cuda());
  CHECK_THROWS_AS(model(small_bert_batch()), DeviceError);
  Batch batch = small_bert_batch();
  batch.ids.at({3}) = 50;
  CHECK_THROWS_AS(model(batch.to(Device::cuda())).loss.item(), ValueError);
  batch.ids.at({3}) = 4;
  batch.labels.at({1}) = 3;
  CHECK_THROWS_AS(model(batch.to(Device::cuda())).loss.item(), ValueError);
  batch.labels.at({1}) = 2;
  CHECK(std::isfinite(model(batch.to(Device::cuda())).loss.item()));  // the device works on
}

}  // namespace cuda_test
#endif
