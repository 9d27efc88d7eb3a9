// The bodies of <tempa/models/encoder/encoder_model.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/encoder/encoder_model.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Pooler<T>::Pooler(const EncoderConfig& config)
    : dense(config.hidden_size, config.hidden_size, {.initializer_range = config.initializer_range}) {}

template <Floating T>
Variable<T> Pooler<T>::operator()(const Variable<T>& first) const {
  return tanh(dense(first));
}

TEMPA_INSTANTIATE_CLASS(struct Pooler);

}  // namespace tempa::inline TEMPA_ABI
