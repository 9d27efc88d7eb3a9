// The bodies of <tempa/io/detail/protobuf.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/detail/protobuf.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void ProtobufWriter::varint(std::uint32_t field, std::uint64_t value) {
  tag(field, WireType::kVarint);
  append_varint(value);
}

TEMPA_INLINE void ProtobufWriter::real(std::uint32_t field, double value) {
  tag(field, WireType::kFixed64);
  detail::append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
}

TEMPA_INLINE void ProtobufWriter::real32(std::uint32_t field, float value) {
  tag(field, WireType::kFixed32);
  detail::append_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
}

TEMPA_INLINE void ProtobufWriter::bytes(std::uint32_t field, std::string_view value) {
  tag(field, WireType::kBytes);
  append_varint(value.size());
  bytes_ += value;
}

TEMPA_INLINE void ProtobufWriter::reals(std::uint32_t field, std::span<const double> values) {
  tag(field, WireType::kBytes);
  append_varint(8 * values.size());
  for (const double value : values) detail::append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
}

TEMPA_INLINE void ProtobufWriter::tag(std::uint32_t field, WireType type) {
  append_varint((std::uint64_t{field} << 3) | static_cast<std::uint64_t>(type));
}

TEMPA_INLINE void ProtobufWriter::append_varint(std::uint64_t value) {
  for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(static_cast<unsigned char>((value & 127u) | 128u));
  bytes_ += static_cast<char>(static_cast<unsigned char>(value));
}

TEMPA_INLINE ProtobufReader::ProtobufReader(std::string_view bytes, const std::string& path, std::string_view what)
    : bytes_(bytes), path_(&path), what_(what) {}

TEMPA_INLINE std::optional<ProtobufField> ProtobufReader::next() {
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

TEMPA_INLINE const ProtobufField& ProtobufReader::expect(const ProtobufField& field, WireType type) const {
  if (field.type != type)
    fail(concat("field ", field.number, " must have the wire type ", static_cast<int>(type), " but has ",
                static_cast<int>(field.type)));
  return field;
}

TEMPA_INLINE void ProtobufReader::append_reals(const ProtobufField& field, std::vector<double>& values) const {
  if (field.type == WireType::kFixed64) {
    values.push_back(field.real());
    return;
  }
  std::string_view bytes = expect(field, WireType::kBytes).bytes;
  if (bytes.size() % 8 != 0) fail(concat("field ", field.number, " holds ", bytes.size(), " bytes of doubles"));
  for (; !bytes.empty(); bytes.remove_prefix(8))
    values.push_back(std::bit_cast<double>(detail::load_little_endian<std::uint64_t>(bytes)));
}

TEMPA_INLINE void ProtobufReader::fail(const std::string& message) const {
  throw FormatError(*path_, 0, concat("broken protocol buffer ", what_, ": ", message));
}

TEMPA_INLINE std::string_view ProtobufReader::take(std::uint64_t size) {
  if (size > bytes_.size() - at_) fail(concat("expected ", size, " more bytes but ", bytes_.size() - at_, " are left"));
  const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(size));
  at_ += static_cast<std::size_t>(size);
  return taken;
}

TEMPA_INLINE std::uint64_t ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const auto byte = static_cast<unsigned char>(take(1)[0]);
    if (shift == 63 && byte > 1) fail("a number has more than 64 bits");
    value |= std::uint64_t{byte & 127u} << shift;
    if (byte < 128) return value;
  }
  fail("a number has more than ten bytes");
}

}  // namespace tempa::inline TEMPA_ABI
