// config.json of a model folder, of any family.
#pragma once

#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/models/pretrained/config_fields.hpp>

#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Whether a field is there and not null.
bool has_value(const JsonFile& file, std::string_view field);

/// Reads a field, where the file has it. @throws FormatError with file, line and field.
void read_field(const JsonFile& file, const ConfigField& field);

/// Reads a config.json into a configuration. @throws IoError; FormatError with file, line and field.
void read_config(const std::string& path, const ConfigView& config);

/// See `config_text`.
std::string config_text(const ConfigView& config);

}  // namespace detail

/// Reads config.json; absent fields get the family's defaults, unknown ones are kept and written back:
/// `read_config<BertConfig>("bert-base/config.json")`.
/// @throws IoError; FormatError with file, line and field; ConfigError for an impossible combination.
template <ModelConfig C>
C read_config(const std::string& path) {
  C config;
  detail::read_config(path, view_of(config));
  try {
    return validated(config);
  } catch (const ConfigError& error) {
    throw ConfigError(concat(path, ": ", error.what()));
  }
}

/// config.json as transformers reads it: the fields of `config.source_json` in their order, those that tempa does not
/// know as they stand there, and the others in between. `num_labels`, which transformers derives, is left out, and
/// `torch_dtype` is called `dtype`, as it is since 2025.
/// @throws ValueError when a label is no UTF-8; FormatError when `source_json` is no JSON object.
template <ModelConfig C>
std::string config_text(const C& config) {
  C copy = config;
  return detail::config_text(view_of(copy));
}

/// Writes config.json, at once or not at all. @throws as `config_text`; IoError.
template <ModelConfig C>
void write_config(const C& config, const std::string& path) {
  atomic_write_text(path, config_text(config));
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/pretrained/detail/impl/config_json.ipp>
#endif
