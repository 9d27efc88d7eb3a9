// Parameters as optimizers see them: of any precision, with a name where there is one.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {
/// The variables that parameters may be.
using AnyVariable = std::variant<Variable<float>, Variable<double>, Variable<float16>, Variable<bfloat16>>;
}  // namespace detail

/// A parameter, and what messages and saved states call it; the name is empty when only the variable was given.
struct OptimizedParameter {
  std::string name;
  detail::AnyVariable variable;

  template <Floating T>
  OptimizedParameter(Variable<T> parameter)  // NOLINT(google-explicit-constructor)
      : variable(std::move(parameter)) {}
  template <typename V>
  OptimizedParameter(std::string parameter_name, V parameter)
      : name(std::move(parameter_name)), variable(std::move(parameter)) {}

  /// Calls `f(variable)` with the `Variable<T>`.
  template <typename F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), variable);
  }
  const Shape& shape() const;
  /// The variable's identity: equal for two handles to one parameter.
  const void* id() const;
};

namespace detail {
template <typename E>
concept NamedVariable = requires(const E& element) {
  { element.name } -> std::convertible_to<std::string>;
  AnyVariable(element.variable);
};
template <typename R>
concept ParameterRange = requires(const R& range) {
  std::begin(range);
  std::end(range);
  requires NamedVariable<decltype(*std::begin(range))> ||
      std::convertible_to<decltype(*std::begin(range)), OptimizedParameter>;
};
}  // namespace detail

/// A list of parameters; made of what `model.parameters()` or `model.named_parameters()` returns, or of `{w, b}`.
/// Named ones make better messages: `clip_grad_norm` says which gradient is not finite.
class ParameterList {
 public:
  ParameterList() = default;
  ParameterList(std::initializer_list<OptimizedParameter> parameters) : parameters_(parameters) {}
  /// @param range of `Variable<T>`, or of structs with a `name` and a `variable`.
  template <detail::ParameterRange R>
  ParameterList(const R& range) {  // NOLINT(google-explicit-constructor)
    for (const auto& element : range) {
      if constexpr (detail::NamedVariable<decltype(element)>) {
        parameters_.emplace_back(element.name, element.variable);
      } else {
        parameters_.emplace_back(element);
      }
    }
  }

  std::size_t size() const { return parameters_.size(); }
  bool empty() const { return parameters_.empty(); }
  const OptimizedParameter& operator[](std::size_t i) const { return parameters_[i]; }
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }
  void push_back(OptimizedParameter parameter) { parameters_.push_back(std::move(parameter)); }

 private:
  std::vector<OptimizedParameter> parameters_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/detail/impl/parameter_list.ipp>
#endif
