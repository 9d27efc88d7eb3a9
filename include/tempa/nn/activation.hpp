// Activation functions as layers, for `Sequential`, and by their Hugging Face names.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/gelu.hpp>

#include <string>
#include <string_view>

TEMPA_COMPILED_FILE("nn");

namespace tempa::inline TEMPA_ABI {

struct Relu {
  auto operator()(const auto& x) const { return relu(x); }
};
struct Tanh {
  auto operator()(const auto& x) const { return tanh(x); }
};
struct Sigmoid {
  auto operator()(const auto& x) const { return sigmoid(x); }
};
/// x Phi(x) with the exact normal distribution function. @source Hendrycks and Gimpel 2016
struct Gelu {
  auto operator()(const auto& x) const { return gelu(x); }
};

/// An activation chosen by its name in a Hugging Face configuration.
enum class Activation { kGelu, kGeluTanh, kRelu, kSilu, kTanh };

/// "gelu" (exact), "gelu_new", "gelu_pytorch_tanh" (tanh approximation), "relu", "silu", "swish", "tanh".
/// @throws ConfigError for another name, with the field it came from.
inline Activation parse_activation(std::string_view field, std::string_view name) {
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  if (name == "silu" || name == "swish") return Activation::kSilu;
  if (name == "tanh") return Activation::kTanh;
  throw ConfigError(
      concat(field, " must be gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish or tanh but is '", name, "'"));
}

/// The activation applied to every element.
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

TEMPA_COMPILED_FUNCTION(activate);

}  // namespace tempa::inline TEMPA_ABI
