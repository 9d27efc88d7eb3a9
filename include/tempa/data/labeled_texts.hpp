// Texts and their classes out of a table, and their encodings.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/data/dataset.hpp>
#include <tempa/data/delimited.hpp>
#include <tempa/text/tokenizer.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Which columns of a table hold what.
struct TextColumns {
  Column text = 0;
  std::optional<Column> pair = std::nullopt;  ///< the second text, where an example is a pair
  std::optional<Column> label = Column(1);    ///< nothing: the table has no labels
};

/// The texts of a table, with their classes where it has them.
struct LabeledTexts {
  std::string name;                  ///< path of the table, or name of the stream
  std::vector<std::string> texts;    ///< (n)
  std::vector<std::string> pairs;    ///< (n), or empty
  std::vector<std::int32_t> labels;  ///< (n), or empty
  std::vector<std::int64_t> lines;   ///< (n) line on which each row begins, from 1

  Index size() const { return static_cast<Index>(texts.size()); }
};

namespace detail {

inline bool is_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, i);
    if (!is_white_space(decoded.value)) return false;
    i += decoded.size;
  }
  return true;
}

inline std::string class_list(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// The class that `field` names, or numbers from 0.
inline std::int32_t parse_label(std::string_view field, std::span<const std::string> names, const std::string& file,
                                std::int64_t line) {
  const auto found = std::find(names.begin(), names.end(), field);
  if (found != names.end()) return static_cast<std::int32_t>(found - names.begin());
  const auto count = static_cast<std::int64_t>(names.size());
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (end != field.data() + field.size() || error == std::errc::invalid_argument)
    throw FormatError(file, line, concat("unknown label \"", field, "\": expected one of ", class_list(names)));
  if (error != std::errc() || number < 0 || number >= count)
    throw FormatError(
        file, line,
        concat("label ", field, " is out of range: expected 0 to ", count - 1, " or one of ", class_list(names)));
  return static_cast<std::int32_t>(number);
}

}  // namespace detail

/// Reads the rows that are left in a table.
/// @param class_names name of each class; a label is such a name, or the number of a class from 0.
/// @throws FormatError with the line for an unknown label, one out of range, a text that is empty or white space, and
///   for a table without rows; what `DelimitedReader` throws; ConfigError for labels without class names.
inline LabeledTexts read_labeled_texts(DelimitedReader& reader, std::span<const std::string> class_names,
                                       const TextColumns& columns = {}) {
  if (columns.label && class_names.empty())
    throw ConfigError("[read_labeled_texts] reading labels needs the names of the classes");
  const auto number_of = [&](const std::optional<Column>& column) { return column ? reader.column(*column) : -1; };
  const Index text = reader.column(columns.text), pair = number_of(columns.pair), label = number_of(columns.label);
  LabeledTexts table;
  table.name = reader.name();
  for (const DelimitedRow& row : reader) {
    for (const Index column : {text, pair})
      if (column >= 0 && detail::is_blank(row[column]))
        throw FormatError(table.name, row.line(), concat("expected a text in column ", column, " but it is empty"));
    table.texts.emplace_back(row[text]);
    if (pair >= 0) table.pairs.emplace_back(row[pair]);
    if (label >= 0) table.labels.push_back(detail::parse_label(row[label], class_names, table.name, row.line()));
    table.lines.push_back(row.line());
  }
  if (table.texts.empty()) throw FormatError(table.name, 0, "expected at least one row but there is only a header");
  return table;
}

/// Reads a file. @throws as above, and IoError.
inline LabeledTexts read_labeled_texts(const std::filesystem::path& path, std::span<const std::string> class_names,
                                       const TextColumns& columns = {}, const DelimitedFormat& format = {}) {
  DelimitedReader reader(path, format);
  return read_labeled_texts(reader, class_names, columns);
}

/// Encodes all texts, on `num_threads` threads.
/// @param tokenizer its `encode` must be safe to call from several threads at once.
/// @return (n) examples in the order of the table. @throws FormatError with the line of a text that cannot be encoded.
template <Tokenizer T>
std::vector<TextExample> encode_texts(const LabeledTexts& table, const T& tokenizer,
                                      const EncodeOptions& options = {}) {
  std::vector<TextExample> examples(table.texts.size());
  parallel_for(0, table.size(), 64, [&](Index begin, Index end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      try {
        examples[i].encoding = table.pairs.empty() ? tokenizer.encode(std::string_view(table.texts[i]), options)
                                                   : tokenizer.encode(table.texts[i], table.pairs[i], options);
      } catch (const Error& error) {
        throw FormatError(table.name, table.lines[i], error.what());
      }
      if (!table.labels.empty()) examples[i].label = table.labels[i];
    }
  });
  return examples;
}

}  // namespace tempa::inline TEMPA_ABI
