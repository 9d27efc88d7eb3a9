// The wire format of protocol buffers: messages without a schema compiler.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

namespace detail {

template <typename Unsigned>
void append_little_endian(std::string& out, Unsigned value) {
  for (unsigned shift = 0; shift < 8 * sizeof(Unsigned); shift += 8)
    out += static_cast<char>(static_cast<unsigned char>((value >> shift) & 255u));
}

/// @param bytes at least sizeof(Unsigned).
template <typename Unsigned>
Unsigned load_little_endian(std::string_view bytes) {
  Unsigned value = 0;
  for (std::size_t i = sizeof(Unsigned); i-- > 0;)
    value = static_cast<Unsigned>((value << 8) | static_cast<unsigned char>(bytes[i]));
  return value;
}

}  // namespace detail

/// How a field's value is encoded.
enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// Builds a message, field by field, in the order of the calls.
/// @source https://protobuf.dev/programming-guides/encoding
class ProtobufWriter {
 public:
  /// An int32, int64, uint64, bool or enum. A negative number takes ten bytes.
  void varint(std::uint32_t field, std::uint64_t value) {
    tag(field, WireType::kVarint);
    append_varint(value);
  }
  void integer(std::uint32_t field, std::int64_t value) { varint(field, static_cast<std::uint64_t>(value)); }
  void real(std::uint32_t field, double value) {
    tag(field, WireType::kFixed64);
    detail::append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
  }
  void real32(std::uint32_t field, float value) {
    tag(field, WireType::kFixed32);
    detail::append_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
  }
  /// A string, bytes, or a message that is already written.
  void bytes(std::uint32_t field, std::string_view value) {
    tag(field, WireType::kBytes);
    append_varint(value.size());
    bytes_ += value;
  }
  void message(std::uint32_t field, const ProtobufWriter& value) { bytes(field, value.bytes_); }
  /// A packed list of doubles.
  void reals(std::uint32_t field, std::span<const double> values) {
    tag(field, WireType::kBytes);
    append_varint(8 * values.size());
    for (const double value : values) detail::append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
  }

  const std::string& str() const& { return bytes_; }
  std::string str() && { return std::move(bytes_); }

 private:
  void tag(std::uint32_t field, WireType type) {
    append_varint((std::uint64_t{field} << 3) | static_cast<std::uint64_t>(type));
  }
  void append_varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(static_cast<unsigned char>((value & 127u) | 128u));
    bytes_ += static_cast<char>(static_cast<unsigned char>(value));
  }

  std::string bytes_;
};

/// A field of a message.
struct ProtobufField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t bits = 0;    ///< of a varint, a fixed64 or a fixed32
  std::string_view bytes{};  ///< of a string, bytes, a message or a packed list

  std::int64_t integer() const { return static_cast<std::int64_t>(bits); }
  double real() const { return std::bit_cast<double>(bits); }
  float real32() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }
};

/// Walks through the fields of a message; views into its bytes, no copies.
///
///   ProtobufReader reader(bytes, path, "Event");
///   while (const auto field = reader.next()) …
///
class ProtobufReader {
 public:
  /// @param bytes the message, which must outlive the reader and its fields. @param path the file that errors name.
  /// @param what the message's type, for errors.
  ProtobufReader(std::string_view bytes, const std::string& path, std::string_view what)
      : bytes_(bytes), path_(&path), what_(what) {}

  /// The next field; nothing at the end.
  /// @throws FormatError for a truncated message, a number that is too long, or a wire type that is no longer in use.
  std::optional<ProtobufField> next() {
    if (at_ == bytes_.size()) return std::nullopt;
    const std::uint64_t tag = varint();
    ProtobufField field;
    if ((tag >> 3) == 0 || (tag >> 3) > kMaxFieldNumber) fail(concat("a field has the number ", tag >> 3));
    field.number = static_cast<std::uint32_t>(tag >> 3);
    switch (tag & 7u) {
      case 0:
        field.bits = varint();
        return field;
      case 1:
        field.type = WireType::kFixed64;
        field.bits = detail::load_little_endian<std::uint64_t>(take(8));
        return field;
      case 2:
        field.type = WireType::kBytes;
        field.bytes = take(varint());
        return field;
      case 5:
        field.type = WireType::kFixed32;
        field.bits = detail::load_little_endian<std::uint32_t>(take(4));
        return field;
      default:
        fail(concat("field ", field.number, " has the wire type ", tag & 7u));
    }
  }

  /// Checks that `field` has this wire type. @throws FormatError otherwise.
  const ProtobufField& expect(const ProtobufField& field, WireType type) const {
    if (field.type != type)
      fail(concat("field ", field.number, " must have the wire type ", static_cast<int>(type), " but has ",
                  static_cast<int>(field.type)));
    return field;
  }
  /// Appends the doubles of a packed field, or a single one. @throws FormatError for another type or a broken length.
  void append_reals(const ProtobufField& field, std::vector<double>& values) const {
    if (field.type == WireType::kFixed64) {
      values.push_back(field.real());
      return;
    }
    std::string_view bytes = expect(field, WireType::kBytes).bytes;
    if (bytes.size() % 8 != 0) fail(concat("field ", field.number, " holds ", bytes.size(), " bytes of doubles"));
    for (; !bytes.empty(); bytes.remove_prefix(8))
      values.push_back(std::bit_cast<double>(detail::load_little_endian<std::uint64_t>(bytes)));
  }

  /// @throws FormatError with the message's type, always.
  [[noreturn]] void fail(const std::string& message) const {
    throw FormatError(*path_, 0, concat("broken protocol buffer ", what_, ": ", message));
  }

 private:
  static constexpr std::uint64_t kMaxFieldNumber = (1u << 29) - 1;

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - at_)
      fail(concat("expected ", size, " more bytes but ", bytes_.size() - at_, " are left"));
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return taken;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      if (shift == 63 && byte > 1) fail("a number has more than 64 bits");
      value |= std::uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
    fail("a number has more than ten bytes");
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  const std::string* path_;
  std::string_view what_;
};

}  // namespace tempa::inline TEMPA_ABI
