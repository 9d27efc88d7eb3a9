// JSON files: read strictly (no duplicate keys, limited nesting), with errors that name file, line and field.
// This header includes all of nlohmann/json: include it only where JSON is read or written.
#pragma once

#include <tempa/core/error.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A parsed JSON text and where it came from.
struct JsonFile {
  std::string path;     ///< named in errors
  std::string text;     ///< as it was read
  nlohmann::json root;  ///< an object in every file of a model folder
};

namespace detail {

/// "hidden_size" is "/hidden_size"; what begins with '/' is a JSON pointer already.
nlohmann::json::json_pointer json_pointer_of(std::string_view field);

}  // namespace detail

/// Parses a JSON text. Comments, duplicate keys, NUL bytes, invalid UTF-8 and more than 64 levels are refused.
/// @param text the whole text; @param path the file that errors name.
/// @throws FormatError with the line.
JsonFile parse_json(std::string text, std::string path);

/// Reads and parses a JSON file.
/// @param max_bytes as `read_text_file`.
/// @throws IoError when it cannot be read; FormatError with the line when it is no strict JSON.
JsonFile read_json(const std::string& path, std::uint64_t max_bytes = std::uint64_t{64} << 20);

/// Writes `value` in the form of Hugging Face's files (two spaces, sorted keys, a final newline), atomically. A NaN or
/// infinite number, which JSON does not have, becomes null.
/// @throws ValueError when a string is no UTF-8; IoError when the disk fails.
void write_json(const std::string& path, const nlohmann::json& value);

/// An error about one field, for rules that the getters below do not know: `throw field_error(file, "hidden_act", …)`.
/// @param field a key of the root, or a JSON pointer ("/id2label/0").
/// @return FormatError "path:line: field: message", without a line when the field is missing.
FormatError field_error(const JsonFile& file, std::string_view field, const std::string& message);

/// Whether the field exists (also as null).
bool has_field(const JsonFile& file, std::string_view field);

/// What a number may be, both ends included: `{.min = 1, .max = 512}`.
template <typename T>
struct JsonRange {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};

namespace detail {

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

/// "true", "-1", "1.5", "'text'", "an array": a value as a message names it.
std::string json_description(const nlohmann::json& value);

/// A number within the range and within T. Integers are never read through a floating-point number.
template <typename T>
T json_number(const JsonFile& file, std::string_view field, const nlohmann::json& value, JsonRange<T> range) {
  using Limits = std::numeric_limits<T>;
  const auto refuse = [&](bool fits_into_type) {
    const bool has_min = !fits_into_type || range.min != Limits::lowest();
    const bool has_max = !fits_into_type || range.max != Limits::max();
    return field_error(file, field,
                       concat("expected ", std::integral<T> ? "an integer" : "a number", has_min ? " of at least " : "",
                              has_min ? concat(+range.min) : "",
                              has_min && has_max ? " and"
                              : has_max          ? " of"
                                                 : "",
                              has_max ? concat(" at most ", +range.max) : "", " but got ", json_description(value)));
  };
  T number = 0;
  if constexpr (std::floating_point<T>) {
    if (!value.is_number()) throw refuse(true);
    const double wide = value.get<double>();
    if (std::abs(wide) > static_cast<double>(Limits::max())) throw refuse(false);
    number = static_cast<T>(wide);
  } else if (value.is_number_unsigned()) {
    if (!std::in_range<T>(value.get<std::uint64_t>())) throw refuse(false);
    number = static_cast<T>(value.get<std::uint64_t>());
  } else {
    if (!value.is_number_integer()) throw refuse(true);
    if (!std::in_range<T>(value.get<std::int64_t>())) throw refuse(false);
    number = static_cast<T>(value.get<std::int64_t>());
  }
  if (number < range.min || number > range.max) throw refuse(true);
  return number;
}

template <typename T>
T json_value(const JsonFile& file, std::string_view field, const nlohmann::json& value) {
  const auto refuse = [&](std::string_view expected) {
    return field_error(file, field, concat("expected ", expected, " but got ", json_description(value)));
  };
  if constexpr (std::same_as<T, bool>) {
    if (!value.is_boolean()) throw refuse("true or false");
    return value.get<bool>();
  } else if constexpr (std::same_as<T, std::string>) {
    if (!value.is_string()) throw refuse("a string");
    return value.get<std::string>();
  } else if constexpr (IsVector<T>::value) {
    if (!value.is_array()) throw refuse("an array");
    T items;
    for (const nlohmann::json& item : value)
      items.push_back(
          json_value<typename T::value_type>(file, (json_pointer_of(field) / items.size()).to_string(), item));
    return items;
  } else {
    return json_number<T>(file, field, value, {});
  }
}

const nlohmann::json& json_field(const JsonFile& file, std::string_view field);

}  // namespace detail

/// A field that must be there: `require<std::string>(file, "hidden_act")`.
/// @tparam T bool, an integer or floating-point type, std::string, or a std::vector of these.
/// @param field a key of the root, or a JSON pointer ("/id2label/0").
/// @throws FormatError with file, line and field when it is missing, of another type, or does not fit into T.
template <typename T>
T require(const JsonFile& file, std::string_view field) {
  return detail::json_value<T>(file, field, detail::json_field(file, field));
}

/// A number that must be there, within a range: `require<int>(file, "hidden_size", {.min = 1})`.
/// @throws FormatError with file, line and field, also when it is outside of the range.
template <typename T>
requires std::integral<T> || std::floating_point<T> T require(const JsonFile& file, std::string_view field,
                                                              JsonRange<T> range) {
  return detail::json_number<T>(file, field, detail::json_field(file, field), range);
}

/// A field that may be missing or null: then `fallback`. @throws FormatError as `require`.
template <typename T>
T get_or(const JsonFile& file, std::string_view field, const std::type_identity_t<T>& fallback) {
  if (!has_field(file, field) || detail::json_field(file, field).is_null()) return fallback;
  return require<T>(file, field);
}

/// A number that may be missing or null, within a range when it exists. @throws FormatError as `require`.
template <typename T>
requires std::integral<T> || std::floating_point<T> T get_or(const JsonFile& file, std::string_view field,
                                                             std::type_identity_t<T> fallback, JsonRange<T> range) {
  if (!has_field(file, field) || detail::json_field(file, field).is_null()) return fallback;
  return require<T>(file, field, range);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/detail/json/impl/json.ipp>
#endif
