// The bodies of <tempa/models/encoder/layer.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/encoder/layer.hpp>
#include <tempa/ops/feed_forward.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Intermediate<T>::Intermediate(const EncoderConfig& config)
    : dense(config.hidden_size, config.intermediate_size, {.initializer_range = config.initializer_range}),
      activation(config.activation) {}

template <Floating T>
EncoderLayer<T>::EncoderLayer(const EncoderConfig& config)
    : attention(config), intermediate(config), output(config.intermediate_size, config) {}

template <Floating T>
Variable<T> EncoderLayer<T>::operator()(const Variable<T>& queries, const Variable<T>& x,
                                        const SequenceBounds& bounds) const {
  const auto context = attention(queries, x, bounds);
  const Linear<T>&up = intermediate.dense, &down = output.dense;
  if (intermediate.activation == Activation::kGelu)
    return output.finish(feed_forward(context, up.weight, up.bias, down.weight, down.bias), context);
  return output(intermediate(context), context);
}

TEMPA_INSTANTIATE_CLASS(struct Intermediate);
TEMPA_INSTANTIATE_CLASS(struct EncoderLayer);

}  // namespace tempa::inline TEMPA_ABI
