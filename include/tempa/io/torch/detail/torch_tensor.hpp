// The tensors of a PyTorch checkpoint: views of storages by offset, sizes and strides, made contiguous.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/io/state_dict.hpp>
#include <tempa/io/torch/detail/pickle.hpp>
#include <tempa/io/torch/detail/torch_storage.hpp>
#include <tempa/tensor/tensor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Makes the tensors that a checkpoint's pickle describes. A tensor is a view into the file where its elements are
/// contiguous there and aligned for their type. Otherwise they are copied: a storage that is not aligned as a whole and
/// once, whatever shares it; the elements of a tensor that is not contiguous once for each different view. Storages are
/// no larger than the file, and neither are all copies of non-contiguous tensors together.
class TorchTensors {
 public:
  /// @param storages with their bytes. @param file_bytes size of the file. @param owner keeps the file's bytes alive.
  TorchTensors(const TorchStorages& storages, std::size_t file_bytes, std::shared_ptr<const void> owner,
               const std::string& path);

  /// The tensor that this value describes. @param name of it, for errors.
  /// @throws FormatError naming the tensor when the value is not one, reaches beyond its storage, or has a type that
  /// tensors do not have.
  /// @source torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter
  AnyTensor tensor(std::string_view name, PickleValue value);

 private:
  struct View {
    TorchStorage storage;
    Index offset = 0;  ///< of the first element, within the record
    Shape shape;
    std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)> strides{};
    bool contiguous = true;
  };

  [[noreturn]] void fail(std::string_view name, const std::string& message) const;

  /// `_rebuild_parameter(data, requires_grad, hooks)`, `Parameter(data[, requires_grad])`
  PickleValue tensor_of_parameter(std::string_view name, PickleValue parameter) const;

  void check_requires_grad(std::string_view name, PickleValue requires_grad) const;

  void check_no_hooks(std::string_view name, PickleValue hooks) const;

  /// `(storage, offset, size, stride, requires_grad, hooks[, metadata])`
  View read_view(std::string_view name, PickleValue arguments) const;

  void read_sizes(std::string_view name, PickleValue sizes, PickleValue strides, View& view) const;

  /// Every element lies within the storage, computed without overflow, and there are not more of them than it has: a
  /// stride of 0 would make a few bytes of a file into any number of elements.
  void check_bounds(std::string_view name, Index offset, const View& view) const;

  template <Element T>
  AnyTensor make(std::string_view name, const View& view) {
    if (view.shape.numel() == 0) return Tensor<T>::borrow(nullptr, view.shape, nullptr);
    const TorchRecord& record = storages_.records()[view.storage.record];
    if (!view.contiguous) return strided<T>(name, view, record);
    const char* memory = record.bytes.data();
    std::shared_ptr<const void> owner = owner_;
    if (reinterpret_cast<std::uintptr_t>(memory) % alignof(T) != 0) {
      const Tensor<std::uint8_t>& copy = aligned(view.storage.record);
      memory = reinterpret_cast<const char*>(copy.data());
      owner = std::make_shared<const Tensor<std::uint8_t>>(copy);
    }
    return Tensor<T>::borrow(reinterpret_cast<const T*>(memory) + view.offset, view.shape, std::move(owner));
  }

  /// A copy of a record in memory that is aligned for every type.
  const Tensor<std::uint8_t>& aligned(std::size_t record);

  /// A contiguous copy of a view that is not; the same view again is the same tensor.
  template <Element T>
  AnyTensor strided(std::string_view name, const View& view, const TorchRecord& record) {
    std::vector<Index> key{static_cast<Index>(view.storage.record), view.offset};
    for (Index i = 0; i < view.shape.rank(); ++i) {
      key.push_back(view.shape[i]);
      key.push_back(view.strides[static_cast<std::size_t>(i)]);
    }
    if (const auto found = strided_.find(key); found != strided_.end()) return found->second;
    const std::size_t bytes = static_cast<std::size_t>(view.shape.numel()) * sizeof(T);
    if (bytes > file_bytes_ - strided_bytes_)
      fail(name, concat("expected the tensors that are not contiguous to have together at most as many bytes as the "
                        "file, ",
                        file_bytes_, ", but with this one they have more"));
    strided_bytes_ += bytes;

    LoopNest<1> nest;
    for (Index i = 0; i < view.shape.rank(); ++i)
      nest.push_back(view.shape[i], {view.strides[static_cast<std::size_t>(i)]});
    Tensor<T> copy(view.shape);
    T* const to = copy.data();
    const char* const from = record.bytes.data() + static_cast<std::size_t>(view.offset) * sizeof(T);
    const auto step = static_cast<std::size_t>(nest.inner_strides()[0]) * sizeof(T);
    constexpr Index kGrain = Index{1} << 16;
    parallel_for(0, copy.numel(), kGrain, [=, &nest](Index begin, Index end) {
      nest.for_each_run(begin, end, [=](Index i, const LoopNest<1>::Strides& offsets, Index count) {
        const char* const run = from + static_cast<std::size_t>(offsets[0]) * sizeof(T);
        for (Index j = 0; j < count; ++j)  // the file's bytes need not be aligned
          std::memcpy(to + i + j, run + static_cast<std::size_t>(j) * step, sizeof(T));
      });
    });
    strided_.emplace(std::move(key), copy);
    return copy;
  }

  const TorchStorages& storages_;
  std::size_t file_bytes_;
  std::shared_ptr<const void> owner_;
  const std::string& path_;
  std::vector<std::optional<Tensor<std::uint8_t>>> aligned_;  // by record
  std::map<std::vector<Index>, AnyTensor> strided_;
  std::size_t strided_bytes_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/torch/detail/impl/torch_tensor.ipp>
#endif
