// A choice among implementations: the one that the program set, or else the one that an environment variable names, or
// else the first.
#pragma once

#include <tempa/core/error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::cuda::detail {

template <typename Value>
struct Alternative {
  Value value;
  std::string_view name;
  const char* missing = nullptr;  ///< the library that it needs, if the kernels were built without it
};

/// A choice of the process. Any thread may read it and set it.
template <typename Value>
class Choice {
 public:
  /// @param variable of the environment; it is read at the first call.
  /// @param alternatives the first one is the default.
  Choice(const char* variable, std::vector<Alternative<Value>> alternatives)
      : variable_(variable), alternatives_(std::move(alternatives)) {}

  /// @throws ConfigError for a name that none of the alternatives has.
  Value parse(std::string_view name) const {
    std::string names;
    for (std::size_t i = 0; i < alternatives_.size(); ++i) {
      if (alternatives_[i].name == name) return alternatives_[i].value;
      if (i > 0) names += i + 1 == alternatives_.size() ? " or " : ", ";
      names += alternatives_[i].name;
    }
    throw ConfigError(concat("[", variable_, "] must be ", names, " but is \"", name, "\""));
  }

  /// @throws ConfigError when the variable has another value or names what is not built; at every call until it is
  /// corrected.
  Value get() {
    if (const int set = chosen_.load(std::memory_order_relaxed); set != kUnset) return static_cast<Value>(set);
    if (const int read = of_environment_.load(std::memory_order_relaxed); read != kUnset)
      return static_cast<Value>(read);
    const char* const text = std::getenv(variable_);
    const Value value = text == nullptr ? alternatives_.front().value : parse(text);
    check_built(variable_, value);
    of_environment_.store(static_cast<int>(value), std::memory_order_relaxed);
    return value;
  }

  /// Overrides the environment. @param who the function's name in the error. @throws ConfigError for what is not built.
  void set(const char* who, Value value) {
    check_built(who, value);
    chosen_.store(static_cast<int>(value), std::memory_order_relaxed);
  }

 private:
  static constexpr int kUnset = -1;

  void check_built(const char* who, Value value) const {
    for (const auto& [alternative, name, missing] : alternatives_)
      if (alternative == value && missing != nullptr)
        throw ConfigError(concat("[", who, "] ", name, " is asked for, but the kernels were built without ", missing));
  }

  const char* variable_;
  std::vector<Alternative<Value>> alternatives_;
  std::atomic<int> chosen_{kUnset}, of_environment_{kUnset};
};

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
