// The wire format of protocol buffers: messages without a schema compiler.
#pragma once

#include <tempa/core/config.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  void varint(std::uint32_t field, std::uint64_t value);
  void integer(std::uint32_t field, std::int64_t value) { varint(field, static_cast<std::uint64_t>(value)); }
  void real(std::uint32_t field, double value);
  void real32(std::uint32_t field, float value);
  /// A string, bytes, or a message that is already written.
  void bytes(std::uint32_t field, std::string_view value);
  void message(std::uint32_t field, const ProtobufWriter& value) { bytes(field, value.bytes_); }
  /// A packed list of doubles.
  void reals(std::uint32_t field, std::span<const double> values);

  const std::string& str() const& { return bytes_; }
  std::string str() && { return std::move(bytes_); }

 private:
  void tag(std::uint32_t field, WireType type);
  void append_varint(std::uint64_t value);

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
  ProtobufReader(std::string_view bytes, const std::string& path, std::string_view what);

  /// The next field; nothing at the end.
  /// @throws FormatError for a truncated message, a number that is too long, or a wire type that is no longer in use.
  std::optional<ProtobufField> next();

  /// Checks that `field` has this wire type. @throws FormatError otherwise.
  const ProtobufField& expect(const ProtobufField& field, WireType type) const;
  /// Appends the doubles of a packed field, or a single one. @throws FormatError for another type or a broken length.
  void append_reals(const ProtobufField& field, std::vector<double>& values) const;

  /// @throws FormatError with the message's type, always.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  static constexpr std::uint64_t kMaxFieldNumber = (1u << 29) - 1;

  std::string_view take(std::uint64_t size);
  std::uint64_t varint();

  std::string_view bytes_;
  std::size_t at_ = 0;
  const std::string* path_;
  std::string_view what_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/detail/impl/protobuf.ipp>
#endif
