// safetensors, the format in which Hugging Face stores weights. Files are written atomically.
#pragma once

#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/io/safetensors/detail/safetensors_header.hpp>
#include <tempa/io/state_dict.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A safetensors file in memory. The tensors are views of it and keep it alive; what happens to the file later, and
/// what is written to a tensor, changes nothing on the other side.
class SafetensorsFile {
 public:
  /// @throws IoError when the file cannot be read; FormatError naming tensor and field when its header is not valid.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return file_->path(); }
  /// The tensors in the order of their bytes.
  const std::vector<SafetensorsEntry>& entries() const { return header_.entries; }
  /// `__metadata__`, e.g. {"format": "pt"}.
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  /// The raw bytes of a tensor of this file. @throws ValueError when the entry points outside of this file.
  std::span<const std::byte> bytes(const SafetensorsEntry& entry) const;

  /// A tensor of this file: a view where its bytes are aligned for its type, else a copy. BOOL is read as uint8.
  /// @throws FormatError for an element type that tensors do not have, naming it and the tensor.
  AnyTensor tensor(const SafetensorsEntry& entry) const;

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
StateDict load_safetensors(const std::string& path);

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
void write_safetensors(const std::string& path, std::vector<SafetensorsItem> items,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

/// Options of `save_safetensors`.
struct SaveOptions {
  /// Store every floating-point tensor as this type; absent: each in its own type.
  std::optional<DType> floating_dtype = {};
  std::map<std::string, std::string> metadata = {{"format", "pt"}};
};

/// Writes a state dict as a safetensors file, complete or not at all: `save_safetensors("model.safetensors", state)`.
/// @param options e.g. `{.floating_dtype = DType::kBFloat16}`.
/// @throws ConfigError when `floating_dtype` is an integer type; otherwise as `write_safetensors`.
/// @source safetensors.torch.save_file
void save_safetensors(const std::string& path, const StateDict& state, const SaveOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/safetensors/impl/safetensors.ipp>
#endif
