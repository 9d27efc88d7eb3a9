// The tensors of a PyTorch checkpoint: views of storages by offset, sizes and strides, made contiguous.
#pragma once

#include <tempa/core/detail/compiled.hpp>
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
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// Makes the tensors that a checkpoint's pickle describes. A tensor is a view into the file where its elements are
/// contiguous there and aligned for their type. Otherwise they are copied: a storage that is not aligned as a whole and
/// once, whatever shares it; the elements of a tensor that is not contiguous once for each different view. Storages are
/// no larger than the file, and neither are all copies of non-contiguous tensors together.
class TorchTensors {
 public:
  /// @param storages with their bytes. @param file_bytes size of the file. @param owner keeps the file's bytes alive.
  TorchTensors(const TorchStorages& storages, std::size_t file_bytes, std::shared_ptr<const void> owner,
               const std::string& path)
      : storages_(storages),
        file_bytes_(file_bytes),
        owner_(std::move(owner)),
        path_(path),
        aligned_(storages.records().size()) {}

  /// The tensor that this value describes. @param name of it, for errors.
  /// @throws FormatError naming the tensor when the value is not one, reaches beyond its storage, or has a type that
  /// tensors do not have.
  /// @source torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter
  AnyTensor tensor(std::string_view name, PickleValue value) {
    if (value.is_reduce_of(PickleGlobal::kRebuildParameter) || value.is_reduce_of(PickleGlobal::kParameter))
      value = tensor_of_parameter(name, value);
    if (!value.is_reduce_of(PickleGlobal::kRebuildTensorV2))
      fail(name, concat("expected a tensor but got ", value.description()));
    const View view = read_view(name, value.arguments());
    const PickleGlobal type = storages_.records()[view.storage.record].type;
    switch (detail::element_dtype(type).value_or(DType::kUInt8)) {
      case DType::kFloat32:
        return make<float>(name, view);
      case DType::kFloat64:
        return make<double>(name, view);
      case DType::kFloat16:
        return make<float16>(name, view);
      case DType::kBFloat16:
        return make<bfloat16>(name, view);
      case DType::kInt32:
        return make<std::int32_t>(name, view);
      case DType::kInt64:
        return make<std::int64_t>(name, view);
      case DType::kUInt8:
        break;
    }
    if (!detail::element_dtype(type))
      fail(name,
           concat("expected Float, Double, Half, BFloat16, Int, Long, Byte or BoolStorage but got ", to_string(type)));
    return make<std::uint8_t>(name, view);
  }

 private:
  struct View {
    TorchStorage storage;
    Index offset = 0;  ///< of the first element, within the record
    Shape shape;
    std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)> strides{};
    bool contiguous = true;
  };

  [[noreturn]] void fail(std::string_view name, const std::string& message) const {
    throw FormatError(path_, 0, concat("tensor ", printable(name), ": ", message));
  }

  /// `_rebuild_parameter(data, requires_grad, hooks)`, `Parameter(data[, requires_grad])`
  PickleValue tensor_of_parameter(std::string_view name, PickleValue parameter) const {
    const PickleValue arguments = parameter.arguments();
    const bool whole = arguments.size() == 3;
    const bool expected =
        parameter.global() == PickleGlobal::kRebuildParameter ? whole : arguments.size() == 1 || arguments.size() == 2;
    if (!expected)
      fail(name, concat("expected a parameter's tensor, requires_grad and hooks but got ", arguments.description()));
    if (arguments.size() > 1) check_requires_grad(name, arguments[1]);
    if (whole) check_no_hooks(name, arguments[2]);
    return arguments[0];
  }

  void check_requires_grad(std::string_view name, PickleValue requires_grad) const {
    if (!requires_grad.is(PickleKind::kBool))
      fail(name, concat("expected True or False as requires_grad but got ", requires_grad.description()));
  }

  void check_no_hooks(std::string_view name, PickleValue hooks) const {
    if (!hooks.is_dict() || hooks.size() != 0)
      fail(name, concat("expected an empty dict as its hooks but got ", hooks.description()));
  }

  /// `(storage, offset, size, stride, requires_grad, hooks[, metadata])`
  View read_view(std::string_view name, PickleValue arguments) const {
    if (arguments.size() != 6 && arguments.size() != 7)
      fail(name, concat("expected 6 or 7 arguments but got ", arguments.size()));
    View view;
    const TorchStorage* const storage = storages_.find(arguments[0]);
    if (storage == nullptr) fail(name, concat("expected a storage but got ", arguments[0].description()));
    view.storage = *storage;
    check_requires_grad(name, arguments[4]);
    check_no_hooks(name, arguments[5]);
    if (arguments.size() == 7 && !arguments[6].is(PickleKind::kNone) &&
        !(arguments[6].is_dict() && arguments[6].size() == 0))
      fail(name, concat("expected no metadata (conjugate, negative) but got ", arguments[6].description()));
    if (!arguments[1].is(PickleKind::kInteger) || arguments[1].integer() < 0)
      fail(name, concat("expected a storage offset of at least 0 but got ", arguments[1].description()));
    const Index offset = arguments[1].integer();
    read_sizes(name, arguments[2], arguments[3], view);
    check_bounds(name, offset, view);
    view.offset = storage->offset + offset;
    return view;
  }

  void read_sizes(std::string_view name, PickleValue sizes, PickleValue strides, View& view) const {
    if (sizes.is_reduce_of(PickleGlobal::kSize) && sizes.arguments().size() == 1) sizes = sizes.arguments()[0];
    if (!sizes.is(PickleKind::kTuple))
      fail(name, concat("expected a tuple as its shape but got ", sizes.description()));
    if (!strides.is(PickleKind::kTuple) || strides.size() != sizes.size())
      fail(name, concat("expected ", sizes.size(), " strides but got ", strides.description()));
    if (sizes.size() > static_cast<std::size_t>(Shape::kMaxRank))
      fail(name, concat("expected at most ", Shape::kMaxRank, " dimensions but has ", sizes.size()));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      for (const PickleValue number : {sizes[i], strides[i]})
        if (!number.is(PickleKind::kInteger) || number.integer() < 0)
          fail(name, concat("expected sizes and strides of at least 0 but got ", number.description()));
      const Index size = sizes[i].integer();
      if (size != 0 && view.shape.numel() > std::numeric_limits<Index>::max() / size)
        fail(name, "expected fewer than 2^63 elements but has more");
      view.shape.push_back(size);
      view.strides[i] = strides[i].integer();
    }
    if (view.shape.numel() == 0) return;
    Index expected = 1;
    for (std::size_t i = sizes.size(); i-- > 0;) {
      const Index size = view.shape[static_cast<Index>(i)];
      if (size != 1 && view.strides[i] != expected) view.contiguous = false;
      expected *= size;
    }
  }

  /// Every element lies within the storage, computed without overflow, and there are not more of them than it has: a
  /// stride of 0 would make a few bytes of a file into any number of elements.
  void check_bounds(std::string_view name, Index offset, const View& view) const {
    const Index available = view.storage.numel;
    if (offset > available)
      fail(name, concat("expected to begin within the ", available, " elements of its storage but begins at ", offset));
    if (view.shape.numel() == 0) return;
    Index last = offset;
    for (Index i = 0; i < view.shape.rank(); ++i) {
      const Index steps = view.shape[i] - 1, stride = view.strides[static_cast<std::size_t>(i)];
      if (steps != 0 && stride > (std::numeric_limits<Index>::max() - last) / steps)
        fail(name, concat("expected strides that lead to elements below 2^63 but got ", stride));
      last += steps * stride;
    }
    if (last >= available)
      fail(name, concat("expected to end within the ", available, " elements of its storage but element ", last,
                        " is needed"));
    if (view.shape.numel() > available)
      fail(name, concat("expected at most the ", available, " elements of its storage but shape ", view.shape, " has ",
                        view.shape.numel()));
  }

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
  const Tensor<std::uint8_t>& aligned(std::size_t record) {
    std::optional<Tensor<std::uint8_t>>& copy = aligned_[record];
    if (!copy) {
      const std::string_view bytes = storages_.records()[record].bytes;
      copy.emplace(Shape{static_cast<Index>(bytes.size())});
      std::uint8_t* const to = copy->data();
      constexpr Index kGrainBytes = Index{1} << 20;
      parallel_for(0, copy->numel(), kGrainBytes, [=](Index begin, Index end) {
        std::memcpy(to + begin, bytes.data() + begin, static_cast<std::size_t>(end - begin));
      });
    }
    return *copy;
  }

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
