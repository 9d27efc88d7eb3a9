// Which columns to use and how to encode rows: from the command line, or as in training.
#pragma once

#include "../common/text_length.hpp"
#include "options.hpp"

#include <tempa/data/table/column.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/tokenizer.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The settings of a model's training, stored with it in text_classifier.json for evaluate and predict.
struct Settings {
  std::optional<tempa::Column> text_column, text_pair_column;
  std::vector<tempa::Column> label_columns;
  std::optional<bool> header;  ///< of the table of training, where all columns are those of training
  std::optional<std::string> label_separator;
  std::optional<std::int64_t> max_length;
  std::optional<std::string> truncation;
};

inline constexpr auto kSettingsFile = "text_classifier.json";

inline bool is_number(const std::string& column) { return tempa::Column::parse(column).number() != nullptr; }

// A column in text_classifier.json: a string is its name, an integer its number. Before `header` was written there,
// strings of digits were numbers, too.
inline tempa::Column read_column(const tempa::JsonFile& file, const std::string& field) {
  if (file.root.at(tempa::detail::json_pointer_of(field)).is_number())
    return tempa::require<tempa::Index>(file, field, {.min = 0});
  const auto text = tempa::require<std::string>(file, field);
  return tempa::has_field(file, "header") ? tempa::Column(text) : tempa::Column::parse(text);
}

inline nlohmann::json column_json(const tempa::Column& column) {
  return column.name() != nullptr ? nlohmann::json(*column.name()) : nlohmann::json(*column.number());
}

inline void read_columns(const tempa::JsonFile& file, Settings& settings) {
  const bool all = !settings.text_column && !settings.text_pair_column && settings.label_columns.empty();
  const auto fill = [&](const char* field, std::optional<tempa::Column>& column) {
    if (!column && tempa::has_field(file, field) && !file.root[field].is_null()) column = read_column(file, field);
  };
  fill("text_column", settings.text_column);
  fill("text_pair_column", settings.text_pair_column);
  if (settings.label_columns.empty() && file.root.contains("label_columns")) {
    const nlohmann::json& columns = file.root["label_columns"];
    if (!columns.is_array())
      throw tempa::field_error(file, "label_columns", "expected an array but got " + columns.dump());
    for (std::size_t i = 0; i < columns.size(); ++i)
      settings.label_columns.push_back(read_column(file, "/label_columns/" + std::to_string(i)));
  }
  if (all && tempa::has_field(file, "header")) settings.header = tempa::require<bool>(file, "header");
}

/// The settings of the command line, completed by text_classifier.json of `folder` (which may be absent).
/// @throws FormatError for a broken file.
inline Settings settings_of(const Options& options, const std::filesystem::path& folder = {}) {
  Settings settings;
  if (options.text_column) settings.text_column = tempa::Column::parse(*options.text_column);
  if (options.text_pair_column) settings.text_pair_column = tempa::Column::parse(*options.text_pair_column);
  for (const std::string& column : options.label_columns)
    settings.label_columns.push_back(tempa::Column::parse(column));
  settings.label_separator = options.label_separator;
  settings.max_length = options.max_length;
  settings.truncation = options.truncation;
  const std::filesystem::path path = folder / kSettingsFile;
  if (folder.empty() || !std::filesystem::exists(path)) return settings;
  const tempa::JsonFile file = tempa::read_json(path.string());
  read_columns(file, settings);
  const auto fill = [&](const char* field, std::optional<std::string>& value) {
    if (const auto text = tempa::get_or<std::string>(file, field, ""); !value && !text.empty()) value = text;
  };
  fill("label_separator", settings.label_separator);
  fill("truncation", settings.truncation);
  if (const auto length = tempa::get_or<std::int64_t>(file, "max_length", 0); !settings.max_length && length > 0)
    settings.max_length = length;
  return settings;
}

/// @throws IoError.
inline void write_settings(const Settings& settings, const std::filesystem::path& folder) {
  nlohmann::json root{{"label_columns", nlohmann::json::array()}};
  for (const tempa::Column& column : settings.label_columns) root["label_columns"].push_back(column_json(column));
  const auto put = [&](const char* field, const auto& value) {
    if (value) root[field] = *value;
  };
  if (settings.text_column) root["text_column"] = column_json(*settings.text_column);
  if (settings.text_pair_column) root["text_pair_column"] = column_json(*settings.text_pair_column);
  put("header", settings.header);
  put("label_separator", settings.label_separator);
  put("max_length", settings.max_length);
  put("truncation", settings.truncation);
  tempa::write_json((folder / kSettingsFile).string(), root);
}

/// How rows are encoded; the length, and the reason for it, is written to `log`.
/// @param positions of the model. @throws ConfigError for more tokens than the model has positions.
inline tempa::EncodeOptions encoding_of(const Settings& settings, const Options& options,
                                        const tempa::AnyTokenizer& tokenizer, std::int64_t positions,
                                        std::ostream& log) {
  const std::string truncation = settings.truncation.value_or("longest_first");
  const TextLength length =
      text_length(settings.max_length, options.max_length ? "--max-length" : kSettingsFile, tokenizer, positions);
  log << length.line() << '\n';
  return {.max_length = length.tokens,
          .truncation = truncation == "only_first"    ? tempa::Truncation::kOnlyFirst
                        : truncation == "only_second" ? tempa::Truncation::kOnlySecond
                                                      : tempa::Truncation::kLongestFirst};
}
