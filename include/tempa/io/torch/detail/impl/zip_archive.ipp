// The bodies of <tempa/io/torch/detail/zip_archive.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/zip_archive.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <tuple>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The fixed part of a record: little-endian numbers at offsets.
class ZipRecord {
 public:
  explicit ZipRecord(std::string_view bytes) : bytes_(bytes) {}
  std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(number(at, 2)); }
  std::uint32_t u32(std::size_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
  std::uint64_t u64(std::size_t at) const { return number(at, 8); }

 private:
  std::uint64_t number(std::size_t at, std::size_t count) const {
    std::uint64_t result = 0;
    for (std::size_t i = count; i-- > 0;) result = result << 8 | static_cast<unsigned char>(bytes_[at + i]);
    return result;
  }
  std::string_view bytes_;
};

/// Reads the directory of an archive. Signatures and offsets are those of PKWARE's APPNOTE.TXT, 4.3 and 4.5.
class ZipReader {
 public:
  ZipReader(std::string_view file, const std::string& path) : path_(path), file_(file) {}

  /// The members in the order of their bytes.
  std::vector<ZipMember> read() {
    find_directory();
    std::vector<Entry> entries;
    entries.reserve(static_cast<std::size_t>(count_));  // find_directory has checked that the file has room for as many
    std::size_t at = directory_begin_;
    for (std::uint64_t i = 0; i < count_; ++i) entries.push_back(read_entry(at));
    if (at != directory_end_)
      fail(concat("expected a directory of ", directory_end_ - directory_begin_, " bytes for ", count_,
                  " members but they take ", at - directory_begin_));
    check_names(entries);
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.name) < std::tie(b.begin, b.name); });
    std::vector<ZipMember> members;
    members.reserve(entries.size());
    std::size_t end = 0;
    for (const Entry& entry : entries) {  // in this order no byte is looked at twice, however many entries point to it
      if (entry.begin < end)
        fail(entry.name, concat("expected to begin after ", printable(members.back().name), ", at byte ", end,
                                ", but begins at ", entry.begin));
      members.push_back(read_local(entry, end));
    }
    return members;
  }

 private:
  static constexpr std::size_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kEntryBytes = 46, kLocalBytes = 30;
  static constexpr std::uint32_t kMax32 = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint16_t kMax16 = std::numeric_limits<std::uint16_t>::max();
  static constexpr std::uint16_t kEncrypted = 1, kDescriptor = 8, kUtf8 = 1u << 11;

  /// What the directory says about a member.
  struct Entry {
    std::string_view name;
    std::uint16_t flags;
    std::uint32_t crc32;
    std::uint64_t size, begin;
  };

  [[noreturn]] void fail(const std::string& message) const { throw FormatError(path_, 0, "ZIP archive: " + message); }
  [[noreturn]] void fail(std::string_view member, const std::string& message) const {
    fail(concat("member ", printable(member), ": ", message));
  }

  /// `count` bytes at `at`, which must begin with the signature.
  ZipRecord record(std::size_t at, std::size_t count, std::string_view signature, std::string_view what) const {
    if (at > file_.size() || count > file_.size() - at || !file_.substr(at).starts_with(signature))
      fail(concat("expected ", what, " at byte ", at, " but it is not there"));
    return ZipRecord(file_.substr(at, count));
  }

  /// The end of the directory: the last 22 bytes, because an archive of torch.save has no comment; before it the 64-bit
  /// record where there is one.
  void find_directory() {
    if (file_.size() < kEndBytes) fail(concat("expected at least ", kEndBytes, " bytes but has ", file_.size()));
    std::size_t end_at = file_.size() - kEndBytes;
    const ZipRecord end = record(end_at, kEndBytes, "PK\5\6", "the end of the directory");
    if (end.u16(20) != 0) fail("expected no comment but has one");
    if (end.u16(4) != 0 || end.u16(6) != 0) fail("expected one file but it is a part of several");
    std::uint64_t count_here = end.u16(8), bytes = end.u32(12), begin = end.u32(16);
    count_ = end.u16(10);
    const bool has_64 = end_at >= kLocatorBytes && file_.substr(end_at - kLocatorBytes).starts_with("PK\6\7");
    if (has_64) {
      const ZipRecord locator = record(end_at - kLocatorBytes, kLocatorBytes, "PK\6\7", "the 64-bit locator");
      if (locator.u32(4) != 0 || locator.u32(16) != 1) fail("expected one file but it is a part of several");
      if (end_at < kLocatorBytes + kEnd64Bytes || locator.u64(8) != end_at - kLocatorBytes - kEnd64Bytes)
        fail(concat("expected the 64-bit end of the directory right before its locator but it is said to be at byte ",
                    locator.u64(8)));
      end_at -= kLocatorBytes + kEnd64Bytes;
      const ZipRecord end64 = record(end_at, kEnd64Bytes, "PK\6\6", "the 64-bit end of the directory");
      if (end64.u64(4) != kEnd64Bytes - 12)
        fail(concat("expected a 64-bit end of the directory of ", kEnd64Bytes, " bytes but it says ", end64.u64(4),
                    " more than 12"));
      if (end64.u32(16) != 0 || end64.u32(20) != 0) fail("expected one file but it is a part of several");
      check_same("members", count_, kMax16, end64.u64(32));
      check_same("members of this file", count_here, kMax16, end64.u64(24));
      check_same("bytes of the directory", bytes, kMax32, end64.u64(40));
      check_same("begin of the directory", begin, kMax32, end64.u64(48));
    }
    if (count_here != count_) fail(concat("expected all ", count_, " members in this file but it has ", count_here));
    if (begin > end_at || bytes != end_at - begin)
      fail(concat("expected the directory to end at byte ", end_at, " but it has ", bytes, " bytes from ", begin,
                  " on"));
    if (count_ > bytes / kEntryBytes) fail(concat("expected ", count_, " members but ", bytes, " bytes are too few"));
    directory_begin_ = static_cast<std::size_t>(begin);
    directory_end_ = end_at;
  }

  /// A number that is stored in few bits, or in 64 bits where these are all ones.
  void check_same(std::string_view what, std::uint64_t& few, std::uint64_t all_ones, std::uint64_t many) const {
    if (few != all_ones && few != many)
      fail(concat("expected the same ", what, " in both ends of the directory but they say ", few, " and ", many));
    few = many;
  }

  Entry read_entry(std::size_t& at) const {
    if (directory_end_ - at < kEntryBytes) fail("expected more members but the directory ends");
    const ZipRecord fixed = record(at, kEntryBytes, "PK\1\2", "an entry of the directory");
    const std::size_t name_bytes = fixed.u16(28), extra_bytes = fixed.u16(30), comment_bytes = fixed.u16(32);
    if (name_bytes + extra_bytes + comment_bytes > directory_end_ - at - kEntryBytes)
      fail(concat("expected the entry at byte ", at, " to end within the directory"));
    const std::string_view extra = file_.substr(at + kEntryBytes + name_bytes, extra_bytes);
    Entry entry{file_.substr(at + kEntryBytes, name_bytes), fixed.u16(8), fixed.u32(16), fixed.u32(24), fixed.u32(42)};
    at += kEntryBytes + name_bytes + extra_bytes + comment_bytes;

    check_name(entry.name);
    if ((entry.flags & kEncrypted) != 0) fail(entry.name, "expected a readable member but it is encrypted");
    if ((entry.flags & ~(kDescriptor | kUtf8)) != 0)
      fail(entry.name, concat("expected no unknown flags but has ", entry.flags));
    if (fixed.u16(10) != 0)
      fail(entry.name, concat("expected stored bytes but they are compressed by method ", fixed.u16(10)));
    std::uint64_t stored = fixed.u32(20), disk = fixed.u16(34);
    read_extra(entry.name, extra,
               {{&entry.size, kMax32, 8}, {&stored, kMax32, 8}, {&entry.begin, kMax32, 8}, {&disk, kMax16, 4}});
    if (disk != 0) fail(entry.name, "expected one file but it is in another");
    if (stored != entry.size)
      fail(entry.name, concat("expected as many stored bytes as bytes but has ", stored, " and ", entry.size));
    return entry;
  }

  struct Wide {
    std::uint64_t* value;
    std::uint64_t all_ones;  ///< its value when the number is in the extra field
    std::size_t bytes;       ///< in the extra field
  };

  /// Replaces the numbers that did not fit into their fields by those of the 64-bit extra field, in this order.
  void read_extra(std::string_view name, std::string_view extra, std::initializer_list<Wide> numbers) const {
    std::string_view wide;
    bool found = false;
    while (!extra.empty()) {
      const std::size_t bytes = extra.size() < 4 ? 0 : ZipRecord(extra).u16(2);
      if (extra.size() < 4 || bytes > extra.size() - 4) fail(name, "expected whole extra fields but one is cut");
      if (ZipRecord(extra).u16(0) == 1) {
        if (found) fail(name, "expected one 64-bit extra field but has two");
        found = true;
        wide = extra.substr(4, bytes);
      }
      extra.remove_prefix(4 + bytes);
    }
    for (const Wide& one : numbers) {
      if (*one.value != one.all_ones || !found) continue;
      if (wide.size() < one.bytes) fail(name, "expected more numbers in the 64-bit extra field");
      *one.value = one.bytes == 8 ? ZipRecord(wide).u64(0) : ZipRecord(wide).u32(0);
      wide.remove_prefix(one.bytes);
    }
  }

  /// The local header must say what the directory says; where sizes were unknown when it was written (flag 3), the
  /// descriptor after the bytes says it.
  /// @param end set to where the member's bytes and its descriptor end.
  ZipMember read_local(const Entry& entry, std::size_t& end) const {
    const std::string_view name = entry.name;
    if (entry.begin > directory_begin_ || directory_begin_ - entry.begin < kLocalBytes)
      fail(name, concat("expected its header before the directory but it is at byte ", entry.begin));
    const auto begin = static_cast<std::size_t>(entry.begin);
    const ZipRecord local = record(begin, kLocalBytes, "PK\3\4", "the header of a member");
    const std::size_t name_at = begin + kLocalBytes, name_bytes = local.u16(26), extra_bytes = local.u16(28);
    if (name_bytes + extra_bytes > directory_begin_ - name_at)
      fail(name, "expected its header to end before the directory");
    if (file_.substr(name_at, name_bytes) != name)
      fail(name,
           concat("expected the same name in its header but it has ", printable(file_.substr(name_at, name_bytes))));
    if (local.u16(6) != entry.flags || local.u16(8) != 0)
      fail(name, "expected the same flags and method in its header");
    const std::size_t bytes_at = name_at + name_bytes + extra_bytes;
    if (entry.size > directory_begin_ - bytes_at)
      fail(name, concat("expected ", entry.size, " bytes but ", directory_begin_ - bytes_at,
                        " are left before the directory"));

    std::uint64_t stored = local.u32(18), size = local.u32(22);
    read_extra(name, file_.substr(name_at + name_bytes, extra_bytes), {{&size, kMax32, 8}, {&stored, kMax32, 8}});
    const bool has_descriptor = (entry.flags & kDescriptor) != 0;
    const auto agrees = [&](std::uint64_t here, std::uint64_t there) {
      return here == there || (has_descriptor && here == 0);
    };
    if (!agrees(local.u32(14), entry.crc32) || !agrees(stored, entry.size) || !agrees(size, entry.size))
      fail(name, concat("expected ", entry.size, " bytes and check ", entry.crc32, " in its header but it says ", size,
                        " and ", local.u32(14)));
    end = bytes_at + static_cast<std::size_t>(entry.size);
    if (has_descriptor) end += descriptor_bytes(entry, file_.substr(end, directory_begin_ - end));
    return {name, file_.substr(bytes_at, static_cast<std::size_t>(entry.size)), entry.crc32};
  }

  /// Signature, check, and both sizes: in 32 bits each, or in 64. @param rest what follows the member's bytes.
  std::size_t descriptor_bytes(const Entry& entry, std::string_view rest) const {
    if (rest.starts_with("PK\7\10") && rest.size() >= 16 && ZipRecord(rest).u32(4) == entry.crc32) {
      const ZipRecord descriptor(rest);
      if (descriptor.u32(8) == entry.size && descriptor.u32(12) == entry.size) return 16;
      if (rest.size() >= 24 && descriptor.u64(8) == entry.size && descriptor.u64(16) == entry.size) return 24;
    }
    fail(entry.name, concat("expected size and check after its ", entry.size, " bytes but something else is there"));
  }

  /// A name is a path below the archive's root.
  void check_name(std::string_view name) const {
    bool safe = !name.empty() && name.front() != '/' && name.find('\\') == std::string_view::npos &&
                name.find('\0') == std::string_view::npos;
    for (std::size_t begin = 0; safe && begin < name.size();) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      const std::string_view part = name.substr(begin, end - begin);
      safe = !part.empty() && part != "." && part != "..";
      begin = end + 1;
    }
    if (!safe) fail(name, "expected a relative path without '..'");
  }

  void check_names(const std::vector<Entry>& entries) const {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const Entry& entry : entries) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) fail(*twice, "expected every name once but it is there twice");
  }

  const std::string& path_;
  std::string_view file_;
  std::uint64_t count_ = 0;
  std::size_t directory_begin_ = 0, directory_end_ = 0;
};

}  // namespace detail

TEMPA_INLINE std::vector<ZipMember> read_zip_directory(std::string_view file, const std::string& path) {
  return detail::ZipReader(file, path).read();
}

TEMPA_INLINE void check_crc32(const ZipMember& member, const std::string& path) {
  if (member.crc32 == 0) return;
  if (const std::uint32_t actual = crc32(member.bytes); actual != member.crc32)
    throw FormatError(path, 0,
                      concat("ZIP archive: member ", printable(member.name), ": expected bytes of the check ",
                             member.crc32, " but theirs is ", actual));
}

}  // namespace tempa::inline TEMPA_ABI
