// Predictions of a classifier for examples without labels.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/data/collate.hpp>
#include <tempa/data/sampler.hpp>
#include <tempa/io/state_dict.hpp>
#include <tempa/metrics/problem_type.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/softmax.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// @param logits (B,K). @param who is called, for the error. @param rows (B) their numbers.
/// @throws NumericalError naming the first row that has a NaN or infinite logit.
template <Floating T>
void require_finite_logits(const char* who, const Tensor<T>& logits, std::span<const Index> rows) {
  const Index columns = logits.size(-1);
  const Index found = first_nonfinite(logits.data(), 0, logits.numel());
  if (found < logits.numel())
    throw NumericalError(concat("[", who, "] expected finite logits but those of row ",
                                rows[static_cast<std::size_t>(found / columns)], " have ",
                                element_cast<double>(logits.data()[found]),
                                ": the weights are not finite, or too large for the precision"));
}

}  // namespace detail

/// The logits of `model` for each example, computed in batches of about the same length.
/// @param model a module whose call on a `Batch` gives `{loss, logits}`; switched to evaluation mode.
/// @param examples n encoded texts; labels are not looked at. @param batch_size examples computed at once.
/// @return (n,K) in the order of the examples, in float for a 16-bit model.
/// @throws ValueError for no examples, or one without tokens; ConfigError for a batch_size that is not positive;
///   NumericalError naming the example whose logits are not finite.
template <Module Model>
auto predict_logits(Model& model, std::span<const TextExample> examples, Index batch_size = 32) {
  using ModelLogits = std::remove_cvref_t<decltype(model(Batch{}).logits.value())>;
  using Logits = Tensor<Accumulator<typename ModelLogits::value_type>>;
  if (examples.empty()) throw ValueError("[predict_logits] expected at least one example but got none");
  const NoGrad no_grad;
  set_training(model, false);
  const auto count = static_cast<Index>(examples.size());
  std::vector<Index> lengths;
  for (const TextExample& example : examples) lengths.push_back(static_cast<Index>(example.encoding.ids.size()));
  const LengthGroupedBatchSampler sampler(std::move(lengths),
                                          {.batch_size = batch_size, .shuffle = false, .pool_batches = count});
  Logits result;  // (n,K)
  for (const std::vector<Index>& rows : sampler.batches()) {
    std::vector<TextExample> picked;
    for (const Index row : rows) picked.push_back({.encoding = examples[static_cast<std::size_t>(row)].encoding});
    const ModelLogits computed =
        model(input_for(model, PackedCollate{}(picked))).logits.value().to(Device::cpu());  // (B,K)
    const auto logits = computed.template cast<typename Logits::value_type>();
    detail::require_finite_logits("predict_logits", logits, rows);
    const Index columns = logits.size(-1);
    if (result.empty()) result = Logits({count, columns});
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(std::as_const(logits).data() + static_cast<Index>(i) * columns, columns,
                  result.data() + rows[i] * columns);
  }
  return result;
}

/// Probabilities of the labels: softmax of each row for one label a row, the sigmoid for several labels; the logits
/// themselves for a regression.
/// @param logits (n,K). @return (n,K)
template <Real T>
Tensor<T> probabilities_of(const Tensor<T>& logits, ProblemType problem) {
  const NoGrad no_grad;
  if (problem == ProblemType::kRegression) return logits;
  const Variable<T> x(logits);
  return (problem == ProblemType::kSingleLabelClassification ? softmax(x, -1) : sigmoid(x)).value();
}

}  // namespace tempa::inline TEMPA_ABI
