// The bodies of <tempa/io/torch/detail/torch_tensor.hpp>.
#pragma once

#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/torch_tensor.hpp>

#include <limits>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE TorchTensors::TorchTensors(const TorchStorages& storages, std::size_t file_bytes,
                                        std::shared_ptr<const void> owner, const std::string& path)
    : storages_(storages),
      file_bytes_(file_bytes),
      owner_(std::move(owner)),
      path_(path),
      aligned_(storages.records().size()) {}

TEMPA_INLINE AnyTensor TorchTensors::tensor(std::string_view name, PickleValue value) {
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

TEMPA_INLINE void TorchTensors::fail(std::string_view name, const std::string& message) const {
  throw FormatError(path_, 0, concat("tensor ", printable(name), ": ", message));
}

TEMPA_INLINE PickleValue TorchTensors::tensor_of_parameter(std::string_view name, PickleValue parameter) const {
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

TEMPA_INLINE void TorchTensors::check_requires_grad(std::string_view name, PickleValue requires_grad) const {
  if (!requires_grad.is(PickleKind::kBool))
    fail(name, concat("expected True or False as requires_grad but got ", requires_grad.description()));
}

TEMPA_INLINE void TorchTensors::check_no_hooks(std::string_view name, PickleValue hooks) const {
  if (!hooks.is_dict() || hooks.size() != 0)
    fail(name, concat("expected an empty dict as its hooks but got ", hooks.description()));
}

TEMPA_INLINE auto TorchTensors::read_view(std::string_view name, PickleValue arguments) const -> View {
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

TEMPA_INLINE void TorchTensors::read_sizes(std::string_view name, PickleValue sizes, PickleValue strides,
                                           View& view) const {
  if (sizes.is_reduce_of(PickleGlobal::kSize) && sizes.arguments().size() == 1) sizes = sizes.arguments()[0];
  if (!sizes.is(PickleKind::kTuple)) fail(name, concat("expected a tuple as its shape but got ", sizes.description()));
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

TEMPA_INLINE void TorchTensors::check_bounds(std::string_view name, Index offset, const View& view) const {
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
    fail(name,
         concat("expected to end within the ", available, " elements of its storage but element ", last, " is needed"));
  if (view.shape.numel() > available)
    fail(name, concat("expected at most the ", available, " elements of its storage but shape ", view.shape, " has ",
                      view.shape.numel()));
}

TEMPA_INLINE const Tensor<std::uint8_t>& TorchTensors::aligned(std::size_t record) {
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

}  // namespace tempa::inline TEMPA_ABI
