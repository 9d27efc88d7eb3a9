// Activation functions as layers, for `Sequential`, and by their Hugging Face names.
#pragma once

#include <tempa/ops/activation.hpp>
#include <tempa/ops/gelu.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// max(x, 0) as a layer of `Sequential`.
struct Relu {
  auto operator()(const auto& x) const { return relu(x); }
};
/// tanh(x) as a layer of `Sequential`.
struct Tanh {
  auto operator()(const auto& x) const { return tanh(x); }
};
/// 1 / (1 + exp(-x)) as a layer of `Sequential`.
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
Activation parse_activation(std::string_view field, std::string_view name);

/// The activation applied to every element.
template <Floating T>
Variable<T> activate(Activation activation, const Variable<T>& x);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/activation.ipp>
#endif
