// The storages of a PyTorch checkpoint: arrays of one element type, of which tensors are views.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/pickle.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

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
  TorchStorages(const Pickle& pickle, bool legacy, const std::string& path) : path_(path), legacy_(legacy) {
    std::size_t count = 0;
    for (Pickle::Id id = 0; id < pickle.size(); ++id) count += pickle.value(id).is(PickleKind::kPersistent) ? 1 : 0;
    storages_.reserve(count);
    for (Pickle::Id id = 0; id < pickle.size(); ++id)
      if (const PickleValue value = pickle.value(id); value.is(PickleKind::kPersistent))
        storages_.emplace_back(id, read(value.arguments()));
  }

  std::vector<TorchRecord>& records() { return records_; }
  const std::vector<TorchRecord>& records() const { return records_; }

  /// The record of this key, or nullptr.
  TorchRecord* find(std::string_view key) {
    const auto found = positions_.find(key);
    return found == positions_.end() ? nullptr : &records_[found->second];
  }

  /// The storage that this value of the pickle names, or nullptr when it is no persistent identifier.
  const TorchStorage* find(PickleValue value) const {
    const auto found = std::lower_bound(storages_.begin(), storages_.end(), value.id(),
                                        [](const auto& storage, Pickle::Id id) { return storage.first < id; });
    return found == storages_.end() || found->first != value.id() ? nullptr : &found->second;
  }

  /// Sets a record's bytes. @throws FormatError unless they are exactly as many as its elements need.
  void set_bytes(TorchRecord& record, std::string_view bytes) const {
    const auto expected = static_cast<std::uint64_t>(record.numel) * detail::element_bytes(record.type);
    if (bytes.size() != expected)
      fail(record.key, concat("expected ", expected, " bytes for ", record.numel, " elements of ",
                              to_string(record.type), " but the file has ", bytes.size()));
    record.bytes = bytes;
  }

  /// An error that names a storage.
  [[noreturn]] void fail(std::string_view key, const std::string& message) const {
    throw FormatError(path_, 0, concat("storage ", printable(key), ": ", message));
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw FormatError(path_, 0, message); }

  TorchStorage read(PickleValue identifier) {
    const std::size_t parts = legacy_ ? 6 : 5;
    if (identifier.size() != parts)
      fail(concat("expected a persistent identifier of ", parts, " parts but one has ", identifier.size()));
    if (!identifier[0].is(PickleKind::kString) || identifier[0].text() != "storage")
      fail(concat("expected a persistent identifier of a 'storage' but got ", identifier[0].description()));
    if (!identifier[2].is(PickleKind::kString))
      fail(concat("expected a string as key of a storage but got ", identifier[2].description()));
    const std::string_view key = identifier[2].text();
    const PickleValue type = identifier[1], numel = identifier[4];
    if (!type.is(PickleKind::kGlobal) || detail::element_bytes(type.global()) == 0)
      fail(key, concat("expected a type of storage, e.g. torch.FloatStorage, but got ", type.description()));
    if (!identifier[3].is(PickleKind::kString))
      fail(key, concat("expected a string as its device but got ", identifier[3].description()));
    const std::size_t record = find_or_add(key, type.global(), size(key, "elements", numel));
    if (!legacy_ || identifier[5].is(PickleKind::kNone)) return {record, 0, records_[record].numel};

    const PickleValue view = identifier[5];
    if (!view.is(PickleKind::kTuple) || view.size() != 3)
      fail(key, concat("expected None or a view's key, offset and size but got ", view.description()));
    const Index offset = size(key, "elements before its view", view[1]);
    const Index count = size(key, "elements of its view", view[2]);
    if (offset > records_[record].numel || count > records_[record].numel - offset)
      fail(key, concat("expected a view within its ", records_[record].numel, " elements but got ", count, " from ",
                       offset, " on"));
    return {record, offset, count};
  }

  Index size(std::string_view key, std::string_view what, PickleValue number) const {
    if (!number.is(PickleKind::kInteger) || number.integer() < 0)
      fail(key, concat("expected a number of ", what, " but got ", number.description()));
    return number.integer();
  }

  std::size_t find_or_add(std::string_view key, PickleGlobal type, Index numel) {
    const auto [found, is_new] = positions_.emplace(key, records_.size());
    if (!is_new) {
      const TorchRecord& earlier = records_[found->second];
      // storages without elements have no distinct address, and may share a key
      if (earlier.numel != numel || (earlier.type != type && numel != 0))
        fail(key, concat("expected ", earlier.numel, " elements of ", to_string(earlier.type), " as before but got ",
                         numel, " of ", to_string(type)));
      return found->second;
    }
    if (numel > std::numeric_limits<Index>::max() / static_cast<Index>(detail::element_bytes(type)))
      fail(key, concat("expected fewer than 2^63 bytes but it has ", numel, " elements of ", to_string(type)));
    records_.push_back({key, type, numel, {}});
    return records_.size() - 1;
  }

  const std::string& path_;
  bool legacy_;
  std::vector<TorchRecord> records_;
  std::map<std::string_view, std::size_t> positions_;
  std::vector<std::pair<Pickle::Id, TorchStorage>> storages_;  // by rising Id
};

}  // namespace tempa::inline TEMPA_ABI
