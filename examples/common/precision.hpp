// Translates --precision to the number type of the model.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/optim/grad_scaler.hpp>

#include <concepts>
#include <string>
#include <type_traits>

/// Calls `f` with `std::type_identity<T>{}` of the type that `precision` names: "fp32", "bf16" or "fp16". A program
/// can keep the code of each type in a separate source file, to be compiled in parallel.
template <typename F>
int with_precision(const std::string& precision, const F& f) {
  if (precision == "bf16") return f(std::type_identity<tempa::bfloat16>{});
  if (precision == "fp16") return f(std::type_identity<tempa::float16>{});
  return f(std::type_identity<float>{});
}

/// The loss scaler for float16; the other types need none.
template <tempa::Floating T>
tempa::GradScaler scaler_for() {
  return tempa::GradScaler({.enabled = std::same_as<T, tempa::float16>});
}
