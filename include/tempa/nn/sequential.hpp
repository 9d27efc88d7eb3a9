// Layers called in sequence.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/nn/module.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// f_n(… f_2(f_1(x))) for layers known at compile time; a layer is a module or any callable. Parameters are named by
/// the layer's position, "0.weight", as in torch.nn.Sequential.
///
///   Sequential head{Dropout(0.2), Linear<float>(768, 384), BatchNorm1d<float>(384), Relu{}};
template <typename... Layers>
struct Sequential {
  std::tuple<Layers...> layers;

  Sequential() = default;
  explicit Sequential(Layers... parts) : layers(std::move(parts)...) {}

  template <typename X>
  auto operator()(const X& x) {
    return apply_from<0>(x);
  }

  void visit(auto&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (visit_layer(f, std::to_string(I), std::get<I>(layers)), ...); }
    (std::index_sequence_for<Layers...>{});
  }

 private:
  template <std::size_t I, typename X>
  auto apply_from(const X& x) {
    if constexpr (I == sizeof...(Layers)) {
      return x;
    } else {
      return apply_from<I + 1>(std::get<I>(layers)(x));
    }
  }

  template <typename F, typename Layer>
  static void visit_layer(F& f, const std::string& name, Layer& layer) {
    if constexpr (Module<Layer>) f(name, layer);
  }
};

}  // namespace tempa::inline TEMPA_ABI
