// The storages of a PyTorch checkpoint: arrays of one element type, of which tensors are views.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/io/torch/detail/pickle.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// An array of the file with its own key. `bytes` is a view into the file.
struct TorchRecord {
  std::string_view key;
  PickleGlobal type = PickleGlobal::kByteStorage;
  Index numel = 0;
  std::string_view bytes;
};

/// What a tensor's first argument says: elements [offset, offset + numel) of a record.
struct TorchStorage {
  std::size_t record = 0;
  Index offset = 0;
  Index numel = 0;
};

namespace detail {

/// Bytes of an element; 0 for a global that is no storage with elements.
constexpr std::size_t element_bytes(PickleGlobal storage_type) {
  switch (storage_type) {
    case PickleGlobal::kDoubleStorage:
    case PickleGlobal::kLongStorage:
      return 8;
    case PickleGlobal::kFloatStorage:
    case PickleGlobal::kIntStorage:
      return 4;
    case PickleGlobal::kHalfStorage:
    case PickleGlobal::kBFloat16Storage:
    case PickleGlobal::kShortStorage:
      return 2;
    case PickleGlobal::kCharStorage:
    case PickleGlobal::kByteStorage:
    case PickleGlobal::kBoolStorage:
    case PickleGlobal::kUntypedStorage:
      return 1;
    default:
      return 0;
  }
}

/// The elements' type as tensors have it, bool as uint8 as in safetensors files; nothing for int16 and int8.
constexpr std::optional<DType> element_dtype(PickleGlobal storage_type) {
  switch (storage_type) {
    case PickleGlobal::kFloatStorage:
      return DType::kFloat32;
    case PickleGlobal::kDoubleStorage:
      return DType::kFloat64;
    case PickleGlobal::kHalfStorage:
      return DType::kFloat16;
    case PickleGlobal::kBFloat16Storage:
      return DType::kBFloat16;
    case PickleGlobal::kLongStorage:
      return DType::kInt64;
    case PickleGlobal::kIntStorage:
      return DType::kInt32;
    case PickleGlobal::kByteStorage:
    case PickleGlobal::kBoolStorage:
    case PickleGlobal::kUntypedStorage:
      return DType::kUInt8;
    default:
      return std::nullopt;
  }
}

}  // namespace detail

/// All storages that a checkpoint's pickle names. They are checked before any tensor is made.
class TorchStorages {
 public:
  /// Reads every persistent identifier of the pickle: `('storage', type, key, location, numel)`, in the legacy format
  /// with a sixth part, the view (None, or its key, first element and size).
  /// @throws FormatError naming the storage for another form, a size that is negative or overflows, a view beyond its
  /// storage, and two identifiers of one key that disagree.
  TorchStorages(const Pickle& pickle, bool legacy, const std::string& path);

  std::vector<TorchRecord>& records() { return records_; }
  const std::vector<TorchRecord>& records() const { return records_; }

  /// The record of this key, or nullptr.
  TorchRecord* find(std::string_view key);

  /// The storage that this value of the pickle names, or nullptr when it is no persistent identifier.
  const TorchStorage* find(PickleValue value) const;

  /// Sets a record's bytes. @throws FormatError unless they are exactly as many as its elements need.
  void set_bytes(TorchRecord& record, std::string_view bytes) const;

  /// An error that names a storage.
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;

 private:
  [[noreturn]] void fail(const std::string& message) const;

  TorchStorage read(PickleValue identifier);

  Index size(std::string_view key, std::string_view what, PickleValue number) const;

  std::size_t find_or_add(std::string_view key, PickleGlobal type, Index numel);

  const std::string& path_;
  bool legacy_;
  std::vector<TorchRecord> records_;
  std::map<std::string_view, std::size_t> positions_;
  std::vector<std::pair<Pickle::Id, TorchStorage>> storages_;  // by rising Id
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/torch/detail/impl/torch_storage.ipp>
#endif
