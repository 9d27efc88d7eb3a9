// The bodies of <tempa/io/safetensors/safetensors.hpp>.
#pragma once

#include <tempa/io/safetensors/safetensors.hpp>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE SafetensorsFile::SafetensorsFile(const std::string& path)
    : file_(std::make_shared<const FileBytes>(path)), header_(read_safetensors_header(file_->bytes(), path)) {}

TEMPA_INLINE std::span<const std::byte> SafetensorsFile::bytes(const SafetensorsEntry& entry) const {
  const auto data = file_->bytes().subspan(static_cast<std::size_t>(header_.data_offset));
  if (entry.begin > entry.end || entry.end > data.size())
    throw ValueError(concat("[SafetensorsFile] ", path(), ": tensor ", printable(entry.name), " is of another file"));
  return data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin));
}

TEMPA_INLINE AnyTensor SafetensorsFile::tensor(const SafetensorsEntry& entry) const {
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

TEMPA_INLINE StateDict load_safetensors(const std::string& path) {
  const SafetensorsFile file(path);
  StateDict state;
  for (const SafetensorsEntry& entry : file.entries()) state.insert(entry.name, file.tensor(entry));
  return state;
}

TEMPA_INLINE void write_safetensors(const std::string& path, std::vector<SafetensorsItem> items,
                                    const std::map<std::string, std::string>& metadata) {
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

TEMPA_INLINE void save_safetensors(const std::string& path, const StateDict& state, const SaveOptions& options) {
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
