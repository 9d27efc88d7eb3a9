// safetensors, the format in which Hugging Face stores weights. Files are written atomically.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/io/safetensors/detail/safetensors_header.hpp>
#include <tempa/io/state_dict.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// A safetensors file in memory. The tensors are views of it and keep it alive; what happens to the file later, and
/// what is written to a tensor, changes nothing on the other side.
class SafetensorsFile {
 public:
  /// @throws IoError when the file cannot be read; FormatError naming tensor and field when its header is not valid.
  explicit SafetensorsFile(const std::string& path)
      : file_(std::make_shared<const FileBytes>(path)), header_(read_safetensors_header(file_->bytes(), path)) {}

  const std::string& path() const { return file_->path(); }
  /// The tensors in the order of their bytes.
  const std::vector<SafetensorsEntry>& entries() const { return header_.entries; }
  /// `__metadata__`, e.g. {"format": "pt"}.
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  /// The raw bytes of a tensor of this file. @throws ValueError when the entry points outside of this file.
  std::span<const std::byte> bytes(const SafetensorsEntry& entry) const {
    const auto data = file_->bytes().subspan(static_cast<std::size_t>(header_.data_offset));
    if (entry.begin > entry.end || entry.end > data.size())
      throw ValueError(concat("[SafetensorsFile] ", path(), ": tensor ", printable(entry.name), " is of another file"));
    return data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin));
  }

  /// A tensor of this file: a view where its bytes are aligned for its type, else a copy. BOOL is read as uint8.
  /// @throws FormatError for an element type that tensors do not have, naming it and the tensor.
  AnyTensor tensor(const SafetensorsEntry& entry) const {
    switch (entry.dtype) {
      case SafetensorsDType::kF32:
        return view<float>(entry);
      case SafetensorsDType::kF64:
        return view<double>(entry);
      case SafetensorsDType::kF16:
        return view<float16>(entry);
      case SafetensorsDType::kBF16:
        return view<bfloat16>(entry);
      case SafetensorsDType::kI32:
        return view<std::int32_t>(entry);
      case SafetensorsDType::kI64:
        return view<std::int64_t>(entry);
      case SafetensorsDType::kU8:
      case SafetensorsDType::kBool:
        return view<std::uint8_t>(entry);
      default:
        throw FormatError(
            path(), 0,
            concat("tensor ", printable(entry.name),
                   ", dtype: expected F32, F64, F16, BF16, I32, I64, U8 or BOOL but got ", to_string(entry.dtype)));
    }
  }

 private:
  template <Element T>
  Tensor<T> view(const SafetensorsEntry& entry) const {
    const std::span<const std::byte> raw = bytes(entry);
    if (raw.size() != static_cast<std::size_t>(entry.shape.numel()) * sizeof(T))
      throw ValueError(concat("[SafetensorsFile] ", path(), ": tensor ", printable(entry.name), " is of another file"));
    if (reinterpret_cast<std::uintptr_t>(raw.data()) % alignof(T) == 0)
      return Tensor<T>::borrow(reinterpret_cast<const T*>(raw.data()), entry.shape, file_);
    Tensor<T> copy(entry.shape);
    std::memcpy(copy.data(), raw.data(), raw.size());
    return copy;
  }

  std::shared_ptr<const FileBytes> file_;
  SafetensorsHeader header_;
};

/// All tensors of a safetensors file.
/// @throws IoError, FormatError as `SafetensorsFile`.
/// @source safetensors.torch.load_file
inline StateDict load_safetensors(const std::string& path) {
  const SafetensorsFile file(path);
  StateDict state;
  for (const SafetensorsEntry& entry : file.entries()) state.insert(entry.name, file.tensor(entry));
  return state;
}

/// A tensor to be written, as bytes.
struct SafetensorsItem {
  std::string name;
  SafetensorsDType dtype = SafetensorsDType::kF32;
  Shape shape;
  std::span<const std::byte> bytes;  ///< shape.numel() elements, little-endian, row-major
};

/// Writes a safetensors file: the tensors by falling type, then by name, as the reference does, so that the bytes are
/// the same as its; complete or not at all.
/// @param metadata `__metadata__`; transformers wants {"format": "pt"}.
/// @throws ValueError when a name occurs twice, is reserved or is not UTF-8, or the bytes do not fit the shape; IoError
/// when the disk is full or fails. The old file is unchanged then.
/// @source safetensors, serialize_to_file
inline void write_safetensors(const std::string& path, std::vector<SafetensorsItem> items,
                              const std::map<std::string, std::string>& metadata = {{"format", "pt"}}) {
  std::sort(items.begin(), items.end(), [](const SafetensorsItem& a, const SafetensorsItem& b) {
    return std::tie(b.dtype, a.name) < std::tie(a.dtype, b.name);
  });
  std::vector<SafetensorsEntry> entries;
  std::set<std::string_view> names{detail::kSafetensorsMetadata};
  std::uint64_t end = 0;
  for (const SafetensorsItem& item : items) {
    if (!names.insert(item.name).second)
      throw ValueError(concat("[write_safetensors] ", path, ": the name ", printable(item.name),
                              item.name == detail::kSafetensorsMetadata ? " is reserved" : " is there twice"));
    const auto count = static_cast<std::uint64_t>(item.shape.numel());
    const std::uint64_t bits = bits_of(item.dtype);
    if (count > detail::kMaxSafetensorsSize || count * bits % 8 != 0 || count * bits / 8 != item.bytes.size())
      throw ValueError(concat("[write_safetensors] ", path, ": tensor ", printable(item.name), " of shape ", item.shape,
                              " and type ", to_string(item.dtype), " does not have ", item.bytes.size(), " bytes"));
    entries.push_back({item.name, item.dtype, item.shape, end, end + item.bytes.size()});
    end += item.bytes.size();
  }
  const std::string header = safetensors_header_bytes(entries, metadata);
  AtomicFile file(path);
  file.write(header);
  for (const SafetensorsItem& item : items) file.write(item.bytes);
  file.commit();
}

struct SaveOptions {
  std::optional<DType> floating_dtype =
      {};  ///< store every floating-point tensor as this type; absent: each in its own type
  std::map<std::string, std::string> metadata = {{"format", "pt"}};
};

namespace detail {

/// The tensor on the host, of the type in which it is stored.
inline AnyTensor stored_as(const AnyTensor& tensor, std::optional<DType> floating_dtype) {
  return std::visit(
      [&]<Element T>(const Tensor<T>& typed) -> AnyTensor {
        const Tensor<T> host = typed.to(Device::cpu());
        if constexpr (Floating<T>) {
          switch (floating_dtype.value_or(dtype_of<T>)) {
            case DType::kFloat32:
              return host.template cast<float>();
            case DType::kFloat64:
              return host.template cast<double>();
            case DType::kFloat16:
              return host.template cast<float16>();
            case DType::kBFloat16:
              return host.template cast<bfloat16>();
            default:
              break;
          }
        }
        return host;
      },
      tensor);
}

}  // namespace detail

/// Writes a state dict as a safetensors file, complete or not at all: `save_safetensors("model.safetensors", state)`.
/// @param options e.g. `{.floating_dtype = DType::kBFloat16}`.
/// @throws ConfigError when `floating_dtype` is an integer type; otherwise as `write_safetensors`.
/// @source safetensors.torch.save_file
inline void save_safetensors(const std::string& path, const StateDict& state, const SaveOptions& options = {}) {
  if (options.floating_dtype && !is_floating(*options.floating_dtype))
    throw ConfigError(concat("[save_safetensors] floating_dtype must be a floating-point type but is ",
                             to_string(*options.floating_dtype)));
  std::vector<AnyTensor> stored;  // owns the memory of the items' bytes
  std::vector<SafetensorsItem> items;
  for (const StateDict::Entry& entry : state) {
    stored.push_back(detail::stored_as(entry.tensor, options.floating_dtype));
    std::visit(
        [&]<Element T>(const Tensor<T>& typed) {
          items.push_back({entry.name, detail::safetensors_dtype_of<T>(), typed.shape(), std::as_bytes(typed.span())});
        },
        stored.back());
  }
  write_safetensors(path, std::move(items), options.metadata);
}

}  // namespace tempa::inline TEMPA_ABI
