// Tensors of several types by name: what modules export and import, and what checkpoint files contain.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/io/load_report.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A tensor whose element type is known when the program runs.
using AnyTensor = std::variant<Tensor<float>, Tensor<double>, Tensor<float16>, Tensor<bfloat16>, Tensor<std::int32_t>,
                               Tensor<std::int64_t>, Tensor<std::uint8_t>>;

/// The type of the tensor's elements.
DType dtype(const AnyTensor& tensor);

/// The tensor's shape.
const Shape& shape(const AnyTensor& tensor);

/// Whether the type is one of float64, float32, float16 and bfloat16, between which files and modules convert.
constexpr bool is_floating(DType type) {
  return type == DType::kFloat32 || type == DType::kFloat64 || type == DType::kFloat16 || type == DType::kBFloat16;
}

/// Named tensors in the order in which they were inserted; each name once. Copies share the tensors' storage.
/// @source torch.nn.Module.state_dict
class StateDict {
 public:
  /// A tensor and its name.
  struct Entry {
    std::string name;
    AnyTensor tensor;
  };

  /// Makes room for `count` tensors in all.
  void reserve(std::size_t count) { entries_.reserve(count); }

  /// @throws ValueError when the name is taken.
  void insert(std::string name, AnyTensor tensor);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// The tensor of this name, or nullptr.
  const AnyTensor* find(std::string_view name) const;

  /// The tensor of this name. @throws ValueError when there is none.
  const AnyTensor& at(std::string_view name) const;

  /// The tensor of this name as `T`: itself when that is its type, else converted between floating-point types.
  /// @throws ValueError when there is none, or when its type is no floating-point type and not `T`.
  template <Element T>
  Tensor<T> get(std::string_view name) const {
    return std::visit(
        [&]<Element From>(const Tensor<From>& tensor) -> Tensor<T> {
          if constexpr (std::same_as<From, T> || (Floating<From> && Floating<T>)) return tensor.template cast<T>();
          throw ValueError(concat("[StateDict] '", name, "' must be ", to_string(dtype_of<T>), " but is ",
                                  to_string(dtype_of<From>)));
        },
        at(name));
  }

  /// The same tensors in storage of their own: what `state_dict(model)` was at this moment.
  StateDict clone() const;

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> positions_;
};

/// Options of copying one state dict into another.
struct CopyOptions {
  bool check_finite = false;  ///< refuse NaN and infinite values, after conversion to the target's type
  std::string source{};       ///< what that error calls the file
};

namespace detail {

/// The first of some values that is NaN or infinite; `end` when there is none.
template <Floating T>
Index first_nonfinite(const T* values, Index begin, Index end) {
  constexpr Index kBlock = 256;
  for (Index block = begin; block < end; block += kBlock) {
    const Index stop = std::min(end, block + kBlock);
    bool finite = true;
    for (Index i = block; i < stop; ++i) {
      const auto value = element_cast<std::conditional_t<std::same_as<T, double>, double, float>>(values[i]);
      finite = finite && value - value == 0;
    }
    for (Index i = block; !finite && i < stop; ++i)
      if (!std::isfinite(element_cast<double>(values[i]))) return i;
  }
  return end;
}

/// @throws NumericalError naming the first element that is NaN or infinite.
template <Floating T>
void check_finite(const CopyOptions& options, std::string_view name, const Tensor<T>& tensor) {
  const T* const values = tensor.data();
  std::atomic<Index> first{tensor.numel()};
  parallel_for(0, tensor.numel(), Index{1} << 16, [&](Index begin, Index end) {
    const Index found = first_nonfinite(values, begin, end);
    for (Index known = first; found < end && found < known && !first.compare_exchange_weak(known, found);) {
    }
  });
  if (first == tensor.numel()) return;
  throw NumericalError(concat("[load_state_dict] ", options.source, options.source.empty() ? "" : ": ", "'", name,
                              "' must be finite but element ", first.load(), " is ",
                              element_cast<double>(values[first])));
}

/// Whether `StateDict::get<To>` can deliver this tensor: no integer becomes a weight.
template <Element To>
bool convertible_to(const AnyTensor& source) {
  return dtype(source) == dtype_of<To> || (Floating<To> && is_floating(dtype(source)));
}

}  // namespace detail

/// What `copy_matching` would do; nothing is copied.
/// @throws NumericalError by `check_finite`.
LoadReport match_state(const StateDict& source, const StateDict& target, const CopyOptions& options = {});

/// Copies each tensor of `source` into the tensor of the same name in `target`, converted between floating-point types.
/// The elements go into the storage that the target's tensors share with a module. All is looked at before anything is
/// copied; what is missing, left over, of another shape or of another kind of type is reported and not copied.
/// @throws NumericalError by `check_finite`: then nothing was copied.
/// @source torch.nn.Module.load_state_dict
LoadReport copy_matching(const StateDict& source, StateDict& target, const CopyOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/impl/state_dict.ipp>
#endif
