// One call on the device, on the CPU in the same type, and on the CPU in double from the same numbers.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/cpu/backend.hpp>

#include "cuda/device_array.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace tempa::test {

/// An array that a kernel gets: of the type under test, or, when `wide`, of its `Accumulator`.
struct Argument {
  std::vector<double> values;
  bool wide = false;
  Index offset = 0;  ///< elements before the first one, so that no vector load fits
};

inline Argument numbers(Index count, std::uint64_t seed, double low = -2, double high = 2) {
  Generator generator(seed);
  Argument result;
  for (Index i = 0; i < count; ++i) result.values.push_back(low + (high - low) * generator.uniform());
  return result;
}
inline Argument wide(Argument argument) {
  argument.wide = true;
  return argument;
}
inline Argument at_offset(Argument argument) {
  argument.offset = 1;
  argument.values.insert(argument.values.begin(), 0.0);
  return argument;
}

template <typename T>
class HostArray {
 public:
  explicit HostArray(const std::vector<T>& values) : values_(values) {}
  T* data() { return values_.data(); }
  std::vector<T> to_vector() const { return values_; }

 private:
  std::vector<T> values_;
};

/// The arguments of one call in one type, in the memory that `Array` stands for.
template <Floating T, template <typename> typename Array>
class Arguments {
 public:
  using Element = T;

  /// @tparam Rounded the type that all numbers are exact in.
  template <typename Rounded>
  Arguments(const std::vector<Argument>& arguments, const std::vector<std::vector<std::int32_t>>& integers, Rounded) {
    for (const Argument& argument : arguments) {
      std::vector<T> narrow_values;
      std::vector<Accumulator<T>> wide_values;
      for (const double value : argument.values) {
        if (argument.wide) {
          wide_values.push_back(static_cast<Accumulator<T>>(static_cast<Accumulator<Rounded>>(value)));
        } else {
          narrow_values.push_back(element_cast<T>(element_cast<Rounded>(value)));
        }
      }
      narrow_.emplace_back(narrow_values);
      wide_.emplace_back(wide_values);
      arguments_.push_back(argument);
    }
    for (const auto& values : integers) integers_.emplace_back(values);
  }

  T* out(std::size_t i) { return narrow_[i].data() + arguments_[i].offset; }
  const T* in(std::size_t i) { return out(i); }
  Accumulator<T>* wide_out(std::size_t i) { return wide_[i].data() + arguments_[i].offset; }
  const Accumulator<T>* wide_in(std::size_t i) { return wide_out(i); }
  const std::int32_t* integers(std::size_t i) { return integers_[i].data(); }
  std::vector<double> values(std::size_t i) const {
    std::vector<double> result;
    if (arguments_[i].wide) {
      for (const auto value : wide_[i].to_vector()) result.push_back(static_cast<double>(value));
    } else {
      for (const T value : narrow_[i].to_vector()) result.push_back(element_cast<double>(value));
    }
    return result;
  }

 private:
  std::vector<Argument> arguments_;
  std::vector<Array<T>> narrow_;
  std::vector<Array<Accumulator<T>>> wide_;
  std::vector<Array<std::int32_t>> integers_;
};

/// Infinite when one is NaN where the other is not.
inline double largest_error(const std::vector<double>& actual, const std::vector<double>& expected) {
  double result = actual.size() == expected.size() ? 0 : HUGE_VAL;
  for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
    const double a = actual[i], e = expected[i];
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    const double error = std::abs(a - e);
    result = std::isnan(error) ? HUGE_VAL : std::max(result, error);
  }
  return result;
}

template <typename T>
constexpr double kUlpOfOne = std::same_as<T, double>     ? 0x1p-52
                             : std::same_as<T, float>    ? 0x1p-23
                             : std::same_as<T, bfloat16> ? 0x1p-7
                                                         : 0x1p-10;

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// Largest |x|, of what is finite.
inline double largest_value(const std::vector<double>& x) {
  double result = 0;
  for (const double value : x)
    if (std::isfinite(value)) result = std::max(result, std::abs(value));
  return result;
}

/// Calls `f(backend, arguments)` on the device, twice, and on the CPU in T and in double, from the same numbers. All
/// arrays must be the same bits both times, and err from the double ones at most twice as much as the CPU's in T and an
/// ulp of the largest value. In double that is asked for in units of double's epsilon, with the largest error of all
/// arrays, and twice, since the reference is rounded too.
template <typename T, typename F>
void check_against_cpu(const std::vector<Argument>& arguments, const F& f,
                       const std::vector<std::vector<std::int32_t>>& integers = {}) {
  constexpr bool kIsDouble = std::same_as<T, double>;
  using Single = std::conditional_t<kIsDouble, float, T>;
  const auto backend = cuda::current_backend(0);
  Arguments<T, DeviceArray> device(arguments, integers, Single{}), again(arguments, integers, Single{});
  Arguments<Single, HostArray> host(arguments, integers, Single{});
  Arguments<double, HostArray> exact(arguments, integers, Single{});
  f(backend, device);
  f(backend, again);
  f(cpu::Backend{}, host);
  f(cpu::Backend{}, exact);
  double largest_of_all = 0;
  for (std::size_t i = 0; kIsDouble && i < arguments.size(); ++i)
    if (const double scale = largest_value(exact.values(i)); scale > 0)
      largest_of_all = std::max(largest_of_all, largest_error(host.values(i), exact.values(i)) / scale);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    INFO("argument " << i);
    const auto actual = device.values(i), repeated = again.values(i), expected = exact.values(i);
    CHECK(same_bits(actual, repeated));
    const double scale = largest_value(expected);
    const double ulp = arguments[i].wide ? kUlpOfOne<Accumulator<Single>> : kUlpOfOne<Single>;
    const double of_cpu = kIsDouble ? largest_of_all * scale : largest_error(host.values(i), expected);
    CHECK(largest_error(actual, expected) <= (kIsDouble ? 2 * 0x1p-29 : 1) * (2 * of_cpu + ulp * scale));
  }
}

}  // namespace tempa::test
