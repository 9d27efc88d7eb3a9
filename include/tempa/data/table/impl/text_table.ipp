// The bodies of <tempa/data/table/text_table.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/data/table/text_table.hpp>

#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE LabeledTexts LabeledTexts::subset(std::span<const Index> rows) const {
  LabeledTexts part;
  part.name = name;
  for (const Index row : rows) {
    const auto i = static_cast<std::size_t>(row);
    part.texts.push_back(texts.at(i));
    part.lines.push_back(lines.at(i));
    if (!pairs.empty()) part.pairs.push_back(pairs[i]);
    if (!labels.empty()) part.labels.push_back(labels[i]);
    if (!targets.empty()) part.targets.push_back(targets[i]);
  }
  return part;
}

TEMPA_INLINE TextTableReader::TextTableReader(DelimitedReader& reader, const TextTableColumns& columns,
                                              BlankTexts blank)
    : reader_(reader),
      text_(reader.column(columns.text)),
      pair_(columns.pair ? reader.column(*columns.pair) : -1),
      blank_(blank) {
  for (const Column& column : columns.labels) {
    labels_.push_back(reader.column(column));
    if (labels_.back() == text_ || labels_.back() == pair_)
      throw FormatError(reader_.name(), 0,
                        concat("expected different columns for text and label but both are ", name_of(labels_.back())));
  }
}

TEMPA_INLINE TextTable TextTableReader::empty_table() const {
  TextTable table;
  table.rows.name = reader_.name();
  for (const Index column : labels_) table.label_names.push_back(name_of(column));
  table.fields.resize(labels_.size());
  return table;
}

TEMPA_INLINE bool TextTableReader::append_to(TextTable& table) {
  if (!reader_.next()) return false;
  const DelimitedRow& row = reader_.row();
  for (const Index column : {text_, pair_})
    if (column >= 0 && blank_ == BlankTexts::kRefused && detail::is_blank(row[column]))
      throw FormatError(reader_.name(), row.line(), concat("expected a text in column ", column, " but it is empty"));
  table.rows.texts.emplace_back(row[text_]);
  if (pair_ >= 0) table.rows.pairs.emplace_back(row[pair_]);
  table.rows.lines.push_back(row.line());
  for (std::size_t i = 0; i < labels_.size(); ++i) table.fields[i].emplace_back(row[labels_[i]]);
  return true;
}

TEMPA_INLINE std::string TextTableReader::name_of(Index column) const {
  return reader_.header().empty() ? std::to_string(column) : reader_.header()[static_cast<std::size_t>(column)];
}

TEMPA_INLINE TextTable read_text_table(DelimitedReader& reader, const TextTableColumns& columns) {
  TextTableReader rows(reader, columns);
  TextTable table = rows.empty_table();
  while (rows.append_to(table)) {
  }
  if (table.rows.texts.empty())
    throw FormatError(reader.name(), 0, "expected at least one row but there is only a header");
  return table;
}

TEMPA_INLINE TextTable read_text_table(const std::filesystem::path& path, const TextTableColumns& columns,
                                       const DelimitedFormat& format) {
  DelimitedReader reader(path, format);
  return read_text_table(reader, columns);
}

}  // namespace tempa::inline TEMPA_ABI
