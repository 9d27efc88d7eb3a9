// Checkpoints of PyTorch made by hand, valid or not: pickles opcode by opcode, ZIP archives, the legacy stream.
#pragma once

#include <tempa/io/files/detail/crc32.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `count` bytes of a number, the lowest first.
inline std::string little(std::uint64_t number, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>((number >> (8 * i)) & 0xffu);
  return bytes;
}

inline std::string joined(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += part;
  return bytes;
}

// --- opcodes; each leaves one value on the stack

inline std::string pickle_text(std::string_view text) { return "X" + little(text.size(), 4) + std::string(text); }
inline std::string pickle_int(std::int64_t number) {
  return "\x8a\x08" + little(static_cast<std::uint64_t>(number), 8);  // LONG1
}
inline std::string pickle_reference(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string pickle_tuple(const std::vector<std::string>& items) { return "(" + joined(items) + "t"; }
inline std::string pickle_list(const std::vector<std::string>& items) { return "](" + joined(items) + "e"; }
/// @param items key, value, key, value, ...
inline std::string pickle_dict(const std::vector<std::string>& items) { return "}(" + joined(items) + "u"; }
inline const std::string kPickleNone = "N", kPickleTrue = "\x88", kPickleFalse = "\x89", kPickleEmptyTuple = ")";
inline std::string pickle_ordered_dict(const std::vector<std::string>& items = {}) {
  return pickle_reference("collections", "OrderedDict") + ")R" + (items.empty() ? "" : "(" + joined(items) + "u");
}
inline std::string pickle_sizes(std::initializer_list<std::int64_t> numbers) {
  std::vector<std::string> items;
  for (const std::int64_t number : numbers) items.push_back(pickle_int(number));
  return pickle_tuple(items);
}

/// A whole pickle of protocol 2.
inline std::string pickle_bytes(std::string_view body) { return "\x80\x02" + std::string(body) + "."; }

// --- what PyTorch says with them

/// A storage of the ZIP format; `view` makes it one of the legacy format.
inline std::string torch_storage(std::string_view type, std::string_view key, std::int64_t numel,
                                 const std::string& view = "") {
  return pickle_tuple({pickle_text("storage"), pickle_reference("torch", type), pickle_text(key), pickle_text("cpu"),
                       pickle_int(numel), view}) +
         "Q";
}

inline std::string torch_tensor(const std::string& storage, std::int64_t offset,
                                std::initializer_list<std::int64_t> sizes,
                                std::initializer_list<std::int64_t> strides) {
  return pickle_reference("torch._utils", "_rebuild_tensor_v2") +
         pickle_tuple({storage, pickle_int(offset), pickle_sizes(sizes), pickle_sizes(strides), kPickleFalse,
                       pickle_ordered_dict()}) +
         "R";
}

/// A member of an archive, and what its headers say of it where that is not the truth.
struct ZipPart {
  std::string name, bytes;
  bool descriptor = false;  ///< size and check follow the bytes, as torch.save writes it
  bool wide = false;        ///< numbers in 64-bit extra fields
  std::optional<std::uint32_t> crc = {};
  std::optional<std::uint64_t> size = {}, stored = {};  ///< in the directory
  std::optional<std::uint64_t> local_size = {};
  std::optional<std::uint64_t> begin = {};
  std::optional<std::string> local_name = {};
  std::uint16_t flags = 0, method = 0, disk = 0;
};

struct ZipEnd {
  bool wide = false;  ///< with the 64-bit end of the directory, as torch.save writes it
  std::string comment = {};
  std::optional<std::uint64_t> count = {}, bytes = {}, begin = {};
};

/// The local header, the bytes and the descriptor.
inline std::string zip_local(const ZipPart& part) {
  const std::uint32_t crc = part.crc.value_or(tempa::crc32(part.bytes));
  const std::uint64_t size = part.local_size.value_or(part.bytes.size());
  const auto flags = static_cast<std::uint16_t>(part.flags | (part.descriptor ? 8u : 0u));
  const std::string name = part.local_name.value_or(part.name);
  std::string bytes = "PK\3\4" + little(20, 2) + little(flags, 2) + little(part.method, 2) + little(0, 4);
  bytes += little(part.descriptor ? 0 : crc, 4);
  const std::uint64_t shown = part.wide ? 0xffffffffu : part.descriptor ? 0 : size;
  bytes += little(shown, 4) + little(shown, 4) + little(name.size(), 2) + little(part.wide ? 20 : 0, 2) + name;
  if (part.wide) bytes += little(1, 2) + little(16, 2) + little(size, 8) + little(size, 8);
  bytes += part.bytes;
  const int width = part.wide ? 8 : 4;
  if (part.descriptor) bytes += "PK\7\10" + little(crc, 4) + little(size, width) + little(size, width);
  return bytes;
}

inline std::string zip_entry(const ZipPart& part, std::uint64_t begin) {
  const std::uint64_t size = part.size.value_or(part.bytes.size()), stored = part.stored.value_or(size);
  const auto flags = static_cast<std::uint16_t>(part.flags | (part.descriptor ? 8u : 0u));
  std::string bytes = "PK\1\2" + little(20, 2) + little(20, 2) + little(flags, 2) + little(part.method, 2);
  bytes += little(0, 4) + little(part.crc.value_or(tempa::crc32(part.bytes)), 4);
  constexpr std::uint64_t kAllOnes = 0xffffffffu;
  bytes += little(part.wide ? kAllOnes : stored, 4) + little(part.wide ? kAllOnes : size, 4);
  bytes += little(part.name.size(), 2) + little(part.wide ? 28 : 0, 2) + little(0, 2) + little(part.disk, 2);
  bytes += little(0, 6) + little(part.wide ? kAllOnes : part.begin.value_or(begin), 4) + part.name;
  if (part.wide)
    bytes += little(1, 2) + little(24, 2) + little(size, 8) + little(stored, 8) + little(part.begin.value_or(begin), 8);
  return bytes;
}

/// What ends an archive whose directory has `directory_bytes` from `begin` on.
inline std::string zip_end(std::uint64_t count, std::uint64_t directory_bytes, std::uint64_t begin,
                           const ZipEnd& end = {}) {
  const std::uint64_t shown_count = end.count.value_or(count), shown_bytes = end.bytes.value_or(directory_bytes),
                      shown_begin = end.begin.value_or(begin);
  std::string bytes;
  if (end.wide) {
    bytes += "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) + little(shown_count, 8) +
             little(shown_count, 8) + little(shown_bytes, 8) + little(shown_begin, 8);
    bytes += "PK\6\7" + little(0, 4) + little(begin + directory_bytes, 8) + little(1, 4);
  }
  const std::uint64_t kAllOnes = 0xffffffffu;
  return bytes + "PK\5\6" + little(0, 4) + little(end.wide ? 0xffff : shown_count, 2) +
         little(end.wide ? 0xffff : shown_count, 2) + little(end.wide ? kAllOnes : shown_bytes, 4) +
         little(end.wide ? kAllOnes : shown_begin, 4) + little(end.comment.size(), 2) + end.comment;
}

inline std::string zip_bytes(const std::vector<ZipPart>& parts, const ZipEnd& end = {}) {
  std::string bytes, directory;
  for (const ZipPart& part : parts) {
    directory += zip_entry(part, bytes.size());
    bytes += zip_local(part);
  }
  return bytes + directory + zip_end(parts.size(), directory.size(), bytes.size(), end);
}

/// A checkpoint in the ZIP format.
/// @param body of data.pkl without PROTO and STOP. @param storages key and bytes of each.
inline std::string torch_zip(std::string_view body, const std::vector<ZipPart>& storages = {}) {
  std::vector<ZipPart> parts{{.name = "m/data.pkl", .bytes = pickle_bytes(body)},
                             {.name = "m/byteorder", .bytes = "little"},
                             {.name = "m/version", .bytes = "3\n"}};
  for (ZipPart storage : storages) {
    storage.name = "m/data/" + storage.name;
    parts.push_back(storage);
  }
  return zip_bytes(parts);
}

inline const std::string kTorchMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);

inline std::string torch_system(const std::string& little_endian = kPickleTrue) {
  return pickle_dict({pickle_text("protocol_version"), pickle_int(1001), pickle_text("little_endian"), little_endian,
                      pickle_text("type_sizes"), pickle_dict({pickle_text("int"), pickle_int(4)})});
}

/// A checkpoint in the legacy format.
/// @param body of the object's pickle. @param keys of the storages, in the order of their bytes.
/// @param blocks number of elements and bytes of each, as `torch_block` makes them.
inline std::string torch_legacy(std::string_view body, const std::vector<std::string>& keys,
                                const std::vector<std::string>& blocks) {
  std::vector<std::string> texts;
  for (const std::string& key : keys) texts.push_back(pickle_text(key));
  return kTorchMagic + pickle_bytes(pickle_int(1001)) + pickle_bytes(torch_system()) + pickle_bytes(body) +
         pickle_bytes(pickle_list(texts)) + joined(blocks);
}

inline std::string torch_block(std::uint64_t numel, std::string_view bytes) {
  return little(numel, 8) + std::string(bytes);
}
