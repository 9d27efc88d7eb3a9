// The bodies of <tempa/models/encoder/encoder.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/encoder/encoder.hpp>
#include <tempa/ops/gather.hpp>

#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> first_tokens(const Variable<T>& x, const Tensor<std::int32_t>& cu_seqlens) {
  return index_select(x, 0, cu_seqlens.rows(0, cu_seqlens.numel() - 1));
}

template <Floating T>
Encoder<T>::Encoder(const EncoderConfig& config) {
  for (Index i = 0; i < config.num_hidden_layers; ++i) layers.emplace_back(config);
}

template <Floating T>
Variable<T> Encoder<T>::operator()(Variable<T> x, const PackedSequences& sequences, OutputRows rows) const {
  return run_layers(std::move(x), sequences, rows, static_cast<Index>(layers.size()),
                    [&](Index i) -> const EncoderLayer<T>& { return layers[static_cast<std::size_t>(i)]; });
}

TEMPA_INSTANTIATE_FUNCTION(first_tokens);
TEMPA_INSTANTIATE_CLASS(struct Encoder);

}  // namespace tempa::inline TEMPA_ABI
