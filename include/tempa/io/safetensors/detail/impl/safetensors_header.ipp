// The bodies of <tempa/io/safetensors/detail/safetensors_header.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json_events.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/safetensors/detail/safetensors_header.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline constexpr std::uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;

/// Reads the header's JSON event by event, so that memory is used only for what is kept.
class SafetensorsHeaderParser : public JsonSax {
 public:
  SafetensorsHeaderParser(const std::string& path, SafetensorsHeader& header) : path_(path), header_(header) {}

  bool null() override { refuse("null"); }
  bool boolean(bool value) override { refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { refuse(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { refuse(printable(text)); }
  bool binary(binary_t&) override { refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::kShapeItem) {
      if (sizes_.size() == static_cast<std::size_t>(Shape::kMaxRank))
        fail(concat("expected at most ", Shape::kMaxRank, " dimensions but has more"));
      check_size(value);
      sizes_.push_back(value);
    } else if (place_ == Place::kOffset) {
      if (offset_count_ == 2) fail("expected [begin, end] but has more than 2 numbers");
      check_size(value);
      (offset_count_++ == 0 ? entry_.begin : entry_.end) = value;
    } else {
      refuse(std::to_string(value));
    }
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::kDType) {
      const auto dtype = safetensors_dtype(value);
      if (!dtype) fail(concat("expected a type of the format but got ", printable(value)));
      entry_.dtype = *dtype;
      place_ = Place::kTensor;
    } else if (place_ == Place::kMetadataValue) {
      header_.metadata[metadata_key_] = std::move(value);
      place_ = Place::kMetadata;
    } else {
      refuse(printable(value));
    }
    return true;
  }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::kOutside:
        place_ = Place::kTop;
        break;
      case Place::kTensorValue:
        place_ = Place::kTensor;
        break;
      case Place::kMetadataObject:
        place_ = Place::kMetadata;
        break;
      default:
        refuse("an object");
    }
    return true;
  }

  bool key(string_t& name) override {
    if (place_ == Place::kTop) {
      if (!names_.insert(name).second) throw_error(concat("duplicate tensor ", printable(name)));
      const bool is_metadata = name == kSafetensorsMetadata;
      place_ = is_metadata ? Place::kMetadataObject : Place::kTensorValue;
      entry_ = {};
      sizes_.clear();
      has_dtype_ = has_shape_ = has_offsets_ = false;
      if (!is_metadata) entry_.name = std::move(name);
    } else if (place_ == Place::kTensor) {
      begin_field(name);
    } else {  // Place::kMetadata
      if (header_.metadata.contains(name))
        throw_error(concat("duplicate key ", printable(name), " in ", kSafetensorsMetadata));
      metadata_key_ = std::move(name);
      place_ = Place::kMetadataValue;
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      finish_tensor();
      place_ = Place::kTop;
    } else {
      place_ = place_ == Place::kMetadata ? Place::kTop : Place::kOutside;
    }
    return true;
  }

  bool start_array(std::size_t) override {
    switch (place_) {
      case Place::kShape:
        place_ = Place::kShapeItem;
        break;
      case Place::kOffsets:
        place_ = Place::kOffset;
        break;
      default:
        refuse("an array");
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::kOffset && offset_count_ != 2)
      fail(concat("expected [begin, end] but has ", offset_count_, " numbers"));
    place_ = Place::kTensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    throw_error(concat("expected JSON in the header but at its byte ", position, ": ", json_error_text(error)));
  }

 private:
  enum class Place {
    kOutside,
    kTop,
    kTensorValue,
    kTensor,
    kDType,
    kShape,
    kShapeItem,
    kOffsets,
    kOffset,
    kMetadataObject,
    kMetadata,
    kMetadataValue,
  };

  void begin_field(const std::string& field) {
    bool* const seen = field == "dtype" ? &has_dtype_ : field == "shape" ? &has_shape_ : &has_offsets_;
    place_ = field == "dtype" ? Place::kDType : field == "shape" ? Place::kShape : Place::kOffsets;
    if (place_ == Place::kOffsets && field != "data_offsets")
      throw_error(concat("tensor ", printable(entry_.name), ": expected dtype, shape and data_offsets but has ",
                         printable(field)));
    if (std::exchange(*seen, true)) fail("is there twice");
    offset_count_ = 0;
  }

  /// Rule: the bytes between the offsets are exactly those of the elements, computed without overflow.
  void finish_tensor() {
    if (!has_dtype_ || !has_shape_ || !has_offsets_)
      throw_error(concat("tensor ", printable(entry_.name), ": expected dtype, shape and data_offsets but ",
                         !has_dtype_   ? "dtype"
                         : !has_shape_ ? "shape"
                                       : "data_offsets",
                         " is missing"));
    place_ = Place::kShape;  // named by errors
    std::uint64_t bits = bits_of(entry_.dtype);
    std::uint64_t count = 1;
    for (const std::uint64_t size : sizes_) {
      if (size != 0 && count > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / size)
        fail("expected a product below 2^63 but it is larger");
      count *= size;
    }
    if (count > std::numeric_limits<std::uint64_t>::max() / bits) fail("expected fewer than 2^64 bits but has more");
    bits *= count;
    if (bits % 8 != 0) fail(concat("expected whole bytes but has ", bits, " bits of ", to_string(entry_.dtype)));
    for (const std::uint64_t size : sizes_) entry_.shape.push_back(static_cast<Index>(size));
    place_ = Place::kOffsets;
    if (entry_.begin > entry_.end || entry_.end - entry_.begin != bits / 8)
      fail(concat("expected ", bits / 8, " bytes for ", entry_.shape, " of ", to_string(entry_.dtype), " but got [",
                  entry_.begin, ", ", entry_.end, "]"));
    header_.entries.push_back(std::move(entry_));
  }

  void check_size(std::uint64_t value) const {
    if (value > kMaxSafetensorsSize) fail(concat("expected at most 2^48 but got ", value));
  }

  /// The error for a value of the wrong kind at the current place.
  [[noreturn]] void refuse(const std::string& actual) const {
    switch (place_) {
      case Place::kOutside:
        throw_error(concat("expected an object as the header but got ", actual));
      case Place::kMetadataObject:
        throw_error(concat(kSafetensorsMetadata, ": expected an object but got ", actual));
      case Place::kMetadataValue:
        throw_error(
            concat(kSafetensorsMetadata, ", key ", printable(metadata_key_), ": expected a string but got ", actual));
      case Place::kTensorValue:
        throw_error(concat("tensor ", printable(entry_.name), ": expected an object but got ", actual));
      case Place::kDType:
        fail(concat("expected a string but got ", actual));
      case Place::kShapeItem:
      case Place::kOffset:
        fail(concat("expected integers of at least 0 but got ", actual));
      default:
        fail(concat("expected an array but got ", actual));
    }
  }

  /// An error of a field of the tensor that is being read.
  [[noreturn]] void fail(const std::string& message) const {
    const std::string_view field = place_ == Place::kDType                                  ? "dtype"
                                   : place_ == Place::kShape || place_ == Place::kShapeItem ? "shape"
                                                                                            : "data_offsets";
    throw_error(concat("tensor ", printable(entry_.name), ", ", field, ": ", message));
  }
  [[noreturn]] void throw_error(const std::string& message) const { throw FormatError(path_, 0, message); }

  const std::string& path_;
  SafetensorsHeader& header_;
  Place place_ = Place::kOutside;
  std::set<std::string> names_;
  std::string metadata_key_;
  SafetensorsEntry entry_;
  std::vector<std::uint64_t> sizes_;
  int offset_count_ = 0;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
};

/// Rule: the tensors' bytes follow each other without hole or overlap and end where the file ends.
inline void check_safetensors_layout(const std::string& path, std::vector<SafetensorsEntry>& entries,
                                     std::uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t expected = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != expected)
      throw FormatError(path, 0,
                        concat("tensor ", printable(entry.name), ", data_offsets: expected to begin at ", expected,
                               ", where the one before ends, but begins at ", entry.begin,
                               entry.begin > expected ? " (a hole)" : " (an overlap)"));
    expected = entry.end;
  }
  if (expected != data_bytes)
    throw FormatError(path, 0,
                      concat("expected ", expected, " bytes of tensors after the header but has ", data_bytes));
}

}  // namespace detail

TEMPA_INLINE SafetensorsHeader read_safetensors_header(std::span<const std::byte> file, const std::string& path) {
  static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof(header_bytes))
    throw FormatError(path, 0, concat("expected at least ", sizeof(header_bytes), " bytes but has ", file.size()));
  std::memcpy(&header_bytes, file.data(), sizeof(header_bytes));
  const std::uint64_t available = file.size() - sizeof(header_bytes);
  if (header_bytes > detail::kMaxSafetensorsHeaderBytes)
    throw FormatError(path, 0,
                      concat("expected a header of at most ", detail::kMaxSafetensorsHeaderBytes, " bytes but it says ",
                             header_bytes));
  if (header_bytes > available)
    throw FormatError(
        path, 0,
        concat("expected a header of ", header_bytes, " bytes but the file has only ", available, " after its length"));
  std::string_view json(reinterpret_cast<const char*>(file.data()) + sizeof(header_bytes),
                        static_cast<std::size_t>(header_bytes));
  if (!json.starts_with('{')) throw FormatError(path, 0, "expected the header to begin with '{'");
  const std::size_t last = json.find_last_not_of(' ');
  if (json[last] != '}') throw FormatError(path, 0, "expected the header to end with '}' and spaces");
  json = json.substr(0, last + 1);

  SafetensorsHeader header;
  header.data_offset = sizeof(header_bytes) + header_bytes;
  detail::SafetensorsHeaderParser parser(path, header);
  std::int64_t line = 1;
  detail::walk_json(json, path, line, parser);
  detail::check_safetensors_layout(path, header.entries, file.size() - header.data_offset);
  return header;
}

TEMPA_INLINE std::string safetensors_header_bytes(const std::vector<SafetensorsEntry>& entries,
                                                  const std::map<std::string, std::string>& metadata) {
  std::string json = "{";  // numbers by std::to_string: a stream would follow the user's locale
  const auto quote = [](const std::string& text) {
    try {
      return nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
      throw ValueError(concat("[save_safetensors] names must be UTF-8 but one is ", printable(text)));
    }
  };
  if (!metadata.empty()) {
    json += concat('"', detail::kSafetensorsMetadata, "\":{");
    for (const auto& [key, value] : metadata)
      json += concat(json.back() == '{' ? "" : ",", quote(key), ':', quote(value));
    json += '}';
  }
  for (const SafetensorsEntry& entry : entries) {
    json += concat(json.size() == 1 ? "" : ",", quote(entry.name), ":{\"dtype\":\"", to_string(entry.dtype),
                   "\",\"shape\":[");
    for (const Index size : entry.shape) json += (json.back() == '[' ? "" : ",") + std::to_string(size);
    json += "],\"data_offsets\":[" + std::to_string(entry.begin) + ',' + std::to_string(entry.end) + "]}";
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  if (json.size() > detail::kMaxSafetensorsHeaderBytes)
    throw ValueError(concat("[save_safetensors] the header may have ", detail::kMaxSafetensorsHeaderBytes,
                            " bytes but names and shapes take ", json.size()));
  const std::uint64_t length = json.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + json;
}

}  // namespace tempa::inline TEMPA_ABI
