// The bodies of <tempa/nn/activation.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/activation.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Activation parse_activation(std::string_view field, std::string_view name) {
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  if (name == "silu" || name == "swish") return Activation::kSilu;
  if (name == "tanh") return Activation::kTanh;
  throw ConfigError(
      concat(field, " must be gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish or tanh but is '", name, "'"));
}

template <Floating T>
Variable<T> activate(Activation activation, const Variable<T>& x) {
  switch (activation) {
    case Activation::kGelu:
      return gelu(x);
    case Activation::kGeluTanh:
      return gelu_tanh(x);
    case Activation::kRelu:
      return relu(x);
    case Activation::kSilu:
      return silu(x);
    case Activation::kTanh:
      break;
  }
  return tanh(x);
}

TEMPA_INSTANTIATE_FUNCTION(activate);

}  // namespace tempa::inline TEMPA_ABI
