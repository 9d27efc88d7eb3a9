// Which table and which columns: from the command line, or as it was in training.
#pragma once

#include "../common/text_length.hpp"
#include "options.hpp"

#include <tempa/data/text_table.hpp>
#include <tempa/io/json.hpp>
#include <tempa/text/tokenizer.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

/// What a model was trained on: kept beside it in text_classifier.json, so that evaluate and predict need not be told.
struct Settings {
  std::optional<std::string> text_column, text_pair_column;
  std::vector<std::string> label_columns;
  std::optional<std::string> label_separator;
  std::optional<std::int64_t> max_length;
  std::optional<std::string> truncation;
};

inline constexpr auto kSettingsFile = "text_classifier.json";

inline bool is_number(const std::string& column) {
  return !column.empty() && column.size() < 10 && column.find_first_not_of("0123456789") == std::string::npos;
}

inline tempa::Column column_of(const std::string& column) {
  return is_number(column) ? tempa::Column(static_cast<tempa::Index>(std::stoll(column))) : tempa::Column(column);
}

inline tempa::DelimitedFormat format_of(const std::string& path, const Options& options, const Settings& settings) {
  const bool csv = path.ends_with(".csv") || path.ends_with(".CSV");
  tempa::DelimitedFormat format = csv ? tempa::DelimitedFormat::csv() : tempa::DelimitedFormat::tsv();
  if (options.delimiter) {
    const std::string& delimiter = *options.delimiter;
    const bool tab = delimiter == "tab" || delimiter == "\\t" || delimiter == "\t";
    if (!tab && delimiter.size() != 1)
      throw tempa::ConfigError("--delimiter: expected one character, or tab, but got '" + delimiter + "'");
    format.delimiter = tab ? '\t' : delimiter.front();
    format.quoting = tab ? tempa::Quoting::kNone : tempa::Quoting::kRfc4180;
  }
  if (options.quotes) format.quoting = *options.quotes ? tempa::Quoting::kRfc4180 : tempa::Quoting::kNone;
  std::vector<std::string> columns = settings.label_columns;
  for (const auto& column : {settings.text_column, settings.text_pair_column})
    if (column) columns.push_back(*column);
  const bool named = std::any_of(columns.begin(), columns.end(), [](const auto& column) { return !is_number(column); });
  format.header = options.header.value_or(csv || named);
  return format;
}

// The column that the header calls `name`, else number `otherwise`.
inline tempa::Column default_column(const tempa::DelimitedReader& reader, const std::string& name,
                                    tempa::Index otherwise) {
  const auto& header = reader.header();
  return std::find(header.begin(), header.end(), name) != header.end() ? tempa::Column(name) : tempa::Column(otherwise);
}

/// What the command line says, and where it says nothing, text_classifier.json of `folder` (which may be absent).
/// @throws FormatError for a broken file.
inline Settings settings_of(const Options& options, const std::filesystem::path& folder = {}) {
  Settings settings{options.text_column,     options.text_pair_column, options.label_columns,
                    options.label_separator, options.max_length,       options.truncation};
  const std::filesystem::path path = folder / kSettingsFile;
  if (folder.empty() || !std::filesystem::exists(path)) return settings;
  const tempa::JsonFile file = tempa::read_json(path.string());
  const auto fill = [&](const char* field, std::optional<std::string>& value) {
    if (const auto text = tempa::get_or<std::string>(file, field, ""); !value && !text.empty()) value = text;
  };
  fill("text_column", settings.text_column);
  fill("text_pair_column", settings.text_pair_column);
  if (settings.label_columns.empty())
    settings.label_columns = tempa::get_or<std::vector<std::string>>(file, "label_columns", {});
  fill("label_separator", settings.label_separator);
  fill("truncation", settings.truncation);
  if (const auto length = tempa::get_or<std::int64_t>(file, "max_length", 0); !settings.max_length && length > 0)
    settings.max_length = length;
  return settings;
}

/// @throws IoError.
inline void write_settings(const Settings& settings, const std::filesystem::path& folder) {
  nlohmann::json root{{"label_columns", settings.label_columns}};
  const auto put = [&](const char* field, const auto& value) {
    if (value) root[field] = *value;
  };
  put("text_column", settings.text_column);
  put("text_pair_column", settings.text_pair_column);
  put("label_separator", settings.label_separator);
  put("max_length", settings.max_length);
  put("truncation", settings.truncation);
  tempa::write_json((folder / kSettingsFile).string(), root);
}

/// How rows are encoded; the length, and why it is this one, is said on `log`.
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

/// Opens a table, or standard input for "-". @throws IoError, FormatError, ConfigError.
inline tempa::DelimitedReader open_table(const std::string& path, const Options& options, const Settings& settings) {
  const tempa::DelimitedFormat format = format_of(path, options, settings);
  if (path == "-") return tempa::DelimitedReader(std::cin, "standard input", format);
  return tempa::DelimitedReader(std::filesystem::path(path), format);
}

/// The columns of an open table; with `labels` the label columns as well. @throws FormatError for one that is not
/// there.
inline tempa::TextTableColumns columns_of(const tempa::DelimitedReader& reader, const Settings& settings, bool labels) {
  tempa::TextTableColumns columns{.text = settings.text_column ? column_of(*settings.text_column)
                                                               : default_column(reader, "text", 0)};
  if (settings.text_pair_column) columns.pair = column_of(*settings.text_pair_column);
  if (!labels) return columns;
  for (const std::string& column : settings.label_columns) columns.labels.push_back(column_of(column));
  if (columns.labels.empty()) columns.labels.push_back(default_column(reader, "label", 1));
  return columns;
}

/// Reads a whole table with its labels. @throws as above.
inline tempa::TextTable read_table(const std::string& path, const Options& options, const Settings& settings) {
  tempa::DelimitedReader reader = open_table(path, options, settings);
  return tempa::read_text_table(reader, columns_of(reader, settings, true));
}
