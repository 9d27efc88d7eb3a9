// The bodies of <tempa/nn/embedding.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/embedding.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/ops/embedding.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Embedding<T>::Embedding(Index rows, Index size, EmbeddingOptions options) : padding_idx(options.padding_idx) {
  if (rows < 1 || size < 1)
    throw ConfigError(concat("[Embedding] sizes must be positive but are ", rows, " rows of ", size));
  if (padding_idx && (*padding_idx < 0 || *padding_idx >= rows))
    throw ConfigError(concat("[Embedding] padding_idx must be in [0,", rows, ") but is ", *padding_idx));
  weight = make_parameter<T>({rows, size}, [options](Tensor<Accumulator<T>>& table) {
    for (auto& element : table.span())
      element = static_cast<Accumulator<T>>(options.initializer_range * default_generator().normal());
    if (options.padding_idx) table.rows(*options.padding_idx, *options.padding_idx + 1).fill(0);
  });
}

template <Floating T>
Variable<T> Embedding<T>::operator()(const Tensor<std::int32_t>& ids) const {
  return embedding(weight, ids, {.padding_idx = padding_idx});
}

TEMPA_INSTANTIATE_CLASS(struct Embedding);

}  // namespace tempa::inline TEMPA_ABI
