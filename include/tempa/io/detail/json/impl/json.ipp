// The bodies of <tempa/io/detail/json/json.hpp>.
#pragma once

#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/detail/json/json_events.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE nlohmann::json::json_pointer json_pointer_of(std::string_view field) {
  if (!field.empty() && field.front() == '/') return nlohmann::json::json_pointer(std::string(field));
  return nlohmann::json::json_pointer() / std::string(field);
}

}  // namespace detail

TEMPA_INLINE JsonFile parse_json(std::string text, std::string path) {
  std::int64_t line = 1;
  detail::JsonBuilder builder(path, line);
  detail::walk_json(text, path, line, builder);
  nlohmann::json root = builder.take();
  return {std::move(path), std::move(text), std::move(root)};
}

TEMPA_INLINE JsonFile read_json(const std::string& path, std::uint64_t max_bytes) {
  return parse_json(read_text_file(path, max_bytes), path);
}

TEMPA_INLINE void write_json(const std::string& path, const nlohmann::json& value) {
  std::string text;
  try {
    text = value.dump(2) + '\n';
  } catch (const nlohmann::json::exception& error) {
    throw ValueError(concat("[write_json] ", path, ": ", error.what()));
  }
  atomic_write_text(path, text);
}

TEMPA_INLINE FormatError field_error(const JsonFile& file, std::string_view field, const std::string& message) {
  std::int64_t line = 1;
  detail::JsonPointerFinder finder(detail::json_pointer_of(field));
  detail::walk_json(file.text, file.path, line, finder);
  return FormatError(file.path, finder.found() ? line : 0, concat(field, ": ", message));
}

TEMPA_INLINE bool has_field(const JsonFile& file, std::string_view field) {
  return file.root.contains(detail::json_pointer_of(field));
}

namespace detail {

TEMPA_INLINE std::string json_description(const nlohmann::json& value) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  if (value.is_array()) return "an array";
  return value.is_object() ? "an object" : value.dump();
}

TEMPA_INLINE const nlohmann::json& json_field(const JsonFile& file, std::string_view field) {
  if (!has_field(file, field)) throw field_error(file, field, "is required but missing");
  return file.root.at(json_pointer_of(field));
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
