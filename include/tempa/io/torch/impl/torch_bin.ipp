// The bodies of <tempa/io/torch/torch_bin.hpp>.
#pragma once

#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/io/torch/detail/pickle_reader.hpp>
#include <tempa/io/torch/detail/torch_storage.hpp>
#include <tempa/io/torch/detail/torch_tensor.hpp>
#include <tempa/io/torch/detail/zip_archive.hpp>
#include <tempa/io/torch/torch_bin.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// How a file of the legacy format begins: a pickle of the number 0x1950a86a20f9469cfc6c.
inline constexpr std::string_view kLegacyTorchMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// An open checkpoint: the pickle of its object, and the storages with their bytes.
struct TorchCheckpoint {
  Pickle pickle;
  TorchStorages storages;
};

/// `<name>/data.pkl` and `<name>/data/<key>`. @throws FormatError.
inline TorchCheckpoint read_torch_zip(std::string_view file, const std::string& path, const TorchBinOptions& options) {
  const std::vector<ZipMember> members = read_zip_directory(file, path);
  const auto refuse = [&](const std::string& message) -> FormatError { return FormatError(path, 0, message); };
  constexpr std::string_view kPickleName = "/data.pkl";
  const ZipMember* program = nullptr;
  for (const ZipMember& member : members) {
    if (!member.name.ends_with(kPickleName)) continue;
    if (program != nullptr)
      throw refuse(concat("expected one data.pkl but has ", printable(program->name), " and ", printable(member.name)));
    program = &member;
  }
  if (program == nullptr)
    throw refuse(concat("expected a data.pkl, as torch.save writes it, among the ", members.size(),
                        " members of the ZIP archive but has none"));
  const std::string prefix(program->name.substr(0, program->name.size() - kPickleName.size() + 1));
  std::vector<const ZipMember*> by_name;
  by_name.reserve(members.size());
  for (const ZipMember& member : members) by_name.push_back(&member);
  std::sort(by_name.begin(), by_name.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  const auto find = [&](const std::string& name) -> const ZipMember* {
    const auto found = std::lower_bound(by_name.begin(), by_name.end(), name,
                                        [](const ZipMember* member, const auto& text) { return member->name < text; });
    return found == by_name.end() || (*found)->name != name ? nullptr : *found;
  };

  const std::string data_prefix = prefix + "data/";
  for (const ZipMember& member : members)
    if (options.check_crc || !member.name.starts_with(data_prefix)) check_crc32(member, path);
  if (find(prefix + "constants.pkl") != nullptr)
    throw refuse("expected a state dict but it is a TorchScript archive, written by torch.jit.save");
  if (const ZipMember* order = find(prefix + "byteorder"); order != nullptr && order->bytes != "little")
    throw refuse(concat("expected the byteorder 'little' but it is ", printable(order->bytes)));

  const auto begin = static_cast<std::size_t>(program->bytes.data() - file.data());
  const std::size_t end = begin + program->bytes.size();
  Pickle pickle = read_pickle(file, begin, end, path);
  if (pickle.end() != end)
    throw refuse(concat("byte ", pickle.end(), ": expected data.pkl to end after STOP but ", end - pickle.end(),
                        " bytes follow"));
  TorchStorages storages(pickle, false, path);
  for (TorchRecord& record : storages.records()) {
    const ZipMember* const member = find(data_prefix + std::string(record.key));
    if (member == nullptr) storages.fail(record.key, "expected a member of its name in data/ but there is none");
    storages.set_bytes(record, member->bytes);
  }
  return {std::move(pickle), std::move(storages)};
}

/// Five pickles (a magic number, the version, the writer's system, the object, the keys of the storages), then for each
/// key its number of elements and their bytes, to the end of the file. @throws FormatError.
inline TorchCheckpoint read_torch_legacy(std::string_view file, const std::string& path) {
  const auto refuse = [&](const std::string& message) -> FormatError { return FormatError(path, 0, message); };
  std::size_t at = kLegacyTorchMagic.size();
  const auto next = [&] {
    Pickle pickle = read_pickle(file, at, file.size(), path);
    at = pickle.end();
    return pickle;
  };
  const Pickle version = next();
  if (!version.root().is(PickleKind::kInteger) || version.root().integer() != 1001)
    throw refuse(concat("expected the protocol version 1001 but got ", version.root().description()));
  const Pickle system = next();
  if (!system.root().is_dict())
    throw refuse(concat("expected a dict about the writer's system but got ", system.root().description()));
  int little_endian = 0;
  system.root().for_each_entry([&](PickleValue key, PickleValue value) {
    if (!key.is(PickleKind::kString) || key.text() != "little_endian") return;
    if (!value.is(PickleKind::kBool) || value.integer() != 1)
      throw refuse(concat("expected the writer's little_endian to be True but it is ", value.description()));
    ++little_endian;
  });
  if (little_endian != 1) throw refuse("expected the writer's system to say little_endian, once");

  Pickle pickle = next();
  TorchStorages storages(pickle, true, path);
  const Pickle keys = next();
  if (!keys.root().is(PickleKind::kList))
    throw refuse(concat("expected a list of storage keys but got ", keys.root().description()));
  if (keys.root().size() != storages.records().size())
    throw refuse(concat("expected the keys of ", storages.records().size(), " storages but the file lists ",
                        keys.root().size()));
  std::vector<bool> seen(storages.records().size());
  keys.root().for_each_item([&](PickleValue key) {
    TorchRecord* const record = key.is(PickleKind::kString) ? storages.find(key.text()) : nullptr;
    if (record == nullptr)
      throw refuse(concat("expected the key of a storage that a tensor has but got ", key.description()));
    const auto index = static_cast<std::size_t>(record - storages.records().data());
    if (seen[index]) storages.fail(record->key, "expected its bytes once but it is listed twice");
    seen[index] = true;
    std::uint64_t numel = 0;
    if (file.size() - at < sizeof(numel)) storages.fail(record->key, "expected its size but the file ends");
    std::memcpy(&numel, file.data() + at, sizeof(numel));
    at += sizeof(numel);
    if (numel != static_cast<std::uint64_t>(record->numel))
      storages.fail(record->key, concat("expected ", record->numel, " elements before its bytes but got ", numel));
    const std::uint64_t bytes = numel * element_bytes(record->type);  // TorchStorages saw that this is below 2^63
    storages.set_bytes(*record, file.substr(at, static_cast<std::size_t>(std::min<std::uint64_t>(bytes, SIZE_MAX))));
    at += record->bytes.size();
  });
  if (at != file.size())
    throw refuse(concat("expected the file to end after its last storage, at byte ", at, ", but ", file.size() - at,
                        " bytes follow"));
  return {std::move(pickle), std::move(storages)};
}

/// The error for a file that is no checkpoint of PyTorch. It says what the file looks like.
inline FormatError no_torch_bin(std::string_view file, const std::string& path) {
  constexpr std::size_t kTarMagic = 257;
  if (file.size() > kTarMagic + 5 && file.substr(kTarMagic, 5) == "ustar")
    return FormatError(path, 0,
                       "is a tar archive of PyTorch before 0.1.10, which is not read (CVE-2025-32434): expected a ZIP "
                       "archive or the legacy stream of torch.save");
  if (file.starts_with("version https://git-lfs"))
    return FormatError(path, 0, "is a Git LFS pointer and not the weights: fetch them with git lfs pull");
  return FormatError(path, 0,
                     concat("expected a ZIP archive or the legacy stream of torch.save but the file begins with ",
                            printable(file.substr(0, std::min<std::size_t>(file.size(), 16)))));
}

/// "'model' is a dict of 2 ('a', 'b')": why a value of the object is no tensor of a state dict.
inline std::string nested_dict_text(std::string_view name, PickleValue dict) {
  constexpr int kShown = 5;
  std::string keys;
  int count = 0;
  dict.for_each_entry([&](PickleValue key, PickleValue) {
    if (count++ < kShown)
      keys +=
          concat(keys.empty() ? "" : ", ", key.is(PickleKind::kString) ? printable(key.text(), 60) : key.description());
  });
  return concat("expected names and tensors but ", printable(name), " is a dict of ", count,
                count == 0 ? "" : concat(" (", keys, count > kShown ? ", …)" : ")"),
                ": save that dict alone, torch.save(checkpoint[", printable(name), "], path)");
}

}  // namespace detail

TEMPA_INLINE StateDict load_torch_bin(const std::string& path, const TorchBinOptions& options) {
  static_assert(std::endian::native == std::endian::little, "the elements of checkpoints are little-endian");
  const auto whole = std::make_shared<const FileBytes>(path);
  const std::string_view file(reinterpret_cast<const char*>(whole->bytes().data()), whole->bytes().size());
  const bool is_zip = file.starts_with("PK\3\4");
  if (!is_zip && !file.starts_with(detail::kLegacyTorchMagic)) throw detail::no_torch_bin(file, path);
  const detail::TorchCheckpoint checkpoint =
      is_zip ? detail::read_torch_zip(file, path, options) : detail::read_torch_legacy(file, path);
  const PickleValue root = checkpoint.pickle.root();
  if (!root.is_dict())
    throw FormatError(path, 0, concat("expected a dict of names and tensors but got ", root.description()));
  root.for_each_entry([&](PickleValue key, PickleValue value) {  // first, because it explains the other errors
    if (key.is(PickleKind::kString) && value.is_dict())
      throw FormatError(path, 0, detail::nested_dict_text(key.text(), value));
  });
  TorchTensors tensors(checkpoint.storages, file.size(), whole, path);
  StateDict state;
  state.reserve(root.size());
  root.for_each_entry([&](PickleValue key, PickleValue value) {
    if (!key.is(PickleKind::kString))
      throw FormatError(path, 0, concat("expected names and tensors but a name is ", key.description()));
    const std::string_view name = key.text();
    if (state.contains(name)) throw FormatError(path, 0, concat("duplicate tensor ", printable(name)));
    state.insert(std::string(name), tensors.tensor(name, value));
  });
  return state;
}

}  // namespace tempa::inline TEMPA_ABI
