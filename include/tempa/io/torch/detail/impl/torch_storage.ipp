// The bodies of <tempa/io/torch/detail/torch_storage.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/torch_storage.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE TorchStorages::TorchStorages(const Pickle& pickle, bool legacy, const std::string& path)
    : path_(path), legacy_(legacy) {
  std::size_t count = 0;
  for (Pickle::Id id = 0; id < pickle.size(); ++id) count += pickle.value(id).is(PickleKind::kPersistent) ? 1 : 0;
  storages_.reserve(count);
  for (Pickle::Id id = 0; id < pickle.size(); ++id)
    if (const PickleValue value = pickle.value(id); value.is(PickleKind::kPersistent))
      storages_.emplace_back(id, read(value.arguments()));
}

TEMPA_INLINE TorchRecord* TorchStorages::find(std::string_view key) {
  const auto found = positions_.find(key);
  return found == positions_.end() ? nullptr : &records_[found->second];
}

TEMPA_INLINE const TorchStorage* TorchStorages::find(PickleValue value) const {
  const auto found = std::lower_bound(storages_.begin(), storages_.end(), value.id(),
                                      [](const auto& storage, Pickle::Id id) { return storage.first < id; });
  return found == storages_.end() || found->first != value.id() ? nullptr : &found->second;
}

TEMPA_INLINE void TorchStorages::set_bytes(TorchRecord& record, std::string_view bytes) const {
  const auto expected = static_cast<std::uint64_t>(record.numel) * detail::element_bytes(record.type);
  if (bytes.size() != expected)
    fail(record.key, concat("expected ", expected, " bytes for ", record.numel, " elements of ", to_string(record.type),
                            " but the file has ", bytes.size()));
  record.bytes = bytes;
}

TEMPA_INLINE void TorchStorages::fail(std::string_view key, const std::string& message) const {
  throw FormatError(path_, 0, concat("storage ", printable(key), ": ", message));
}

TEMPA_INLINE void TorchStorages::fail(const std::string& message) const { throw FormatError(path_, 0, message); }

TEMPA_INLINE TorchStorage TorchStorages::read(PickleValue identifier) {
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

TEMPA_INLINE Index TorchStorages::size(std::string_view key, std::string_view what, PickleValue number) const {
  if (!number.is(PickleKind::kInteger) || number.integer() < 0)
    fail(key, concat("expected a number of ", what, " but got ", number.description()));
  return number.integer();
}

TEMPA_INLINE std::size_t TorchStorages::find_or_add(std::string_view key, PickleGlobal type, Index numel) {
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

}  // namespace tempa::inline TEMPA_ABI
