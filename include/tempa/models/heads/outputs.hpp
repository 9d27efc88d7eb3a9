// What the heads compute.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Of a classifier.
template <Floating T>
struct ClassifierOutput {
  Variable<Accumulator<T>> loss;  ///< mean over the batch; undefined when the batch has no labels
  Variable<T> logits;             ///< (B,K), or (N,K) of tokens
};

/// Of a classifier of label columns.
template <Floating T>
struct LabelColumnsOutput {
  Variable<Accumulator<T>> loss;    ///< over all labels of all columns; undefined without labels
  std::vector<Variable<T>> logits;  ///< (A) of (B,K), each with its own K
};

/// Of a masked language model.
template <Floating T>
struct MaskedLMOutput {
  Variable<Accumulator<T>> loss;  ///< mean cross entropy over the M tokens to predict
  Variable<T> logits;             ///< (M,V)
};

}  // namespace tempa::inline TEMPA_ABI
