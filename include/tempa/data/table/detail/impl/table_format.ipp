// The bodies of <tempa/data/table/detail/table_format.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/data/table/detail/column_role.hpp>
#include <tempa/data/table/detail/table_format.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <span>
#include <sstream>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE TableSample sample_table(const TableStart& start, DelimitedFormat format) {
  constexpr std::size_t kRows = 1000, kEnough = 10;
  TableSample sample;
  format.header = false;
  format.ragged = true;
  try {
    std::istringstream in(start.text);
    DelimitedReader reader(in, "sample", format);
    while (sample.rows.size() < kRows && reader.next()) sample.rows.push_back(reader.row().to_vector());
  } catch (const Error&) {
    sample.broken = start.whole || sample.rows.size() < kEnough;  // else the end may be inside a quoted field
  }
  return sample;
}

namespace detail {

inline DelimitedFormat with_delimiter(char delimiter) { return {.delimiter = delimiter, .quoting = Quoting::kRfc4180}; }

inline std::vector<Column> wanted_columns(const TableRequest& request) {
  std::vector<Column> columns;
  if (request.needs_label) columns = request.labels;
  for (const auto& column : {request.text, request.pair})
    if (column) columns.push_back(*column);
  return columns;
}

/// Whether one of these cells is the name of a requested column.
inline bool has_wanted_name(std::span<const std::string> cells, const TableRequest& request) {
  const std::vector<Column> columns = wanted_columns(request);
  return std::any_of(columns.begin(), columns.end(), [&](const Column& column) {
    // Digits are a number, too: a cell with them says something only where there is no column of that number.
    const Index* number = column.number();
    if (column.name() == nullptr || (number != nullptr && *number < static_cast<Index>(cells.size()))) return false;
    return find_name(cells, *column.name()).count > 0;
  });
}

inline bool is_usual_name(const std::string& cell) { return column_role(cell).use != ColumnUse::kUnknown; }

/// Whether a cell names a text, one of a pair, or a label.
inline bool names_content(const std::string& cell) {
  const ColumnUse use = column_role(cell).use;
  return use == ColumnUse::kText || use == ColumnUse::kPaired || use == ColumnUse::kLabel;
}

/// Whether these cells must be a header: all are usual names, or requested ones.
inline bool are_names(std::span<const std::string> cells, const TableRequest& request) {
  if (has_wanted_name(cells, request)) return true;
  return std::all_of(cells.begin(), cells.end(), is_usual_name) &&
         std::any_of(cells.begin(), cells.end(), names_content) &&
         std::set<std::string>(cells.begin(), cells.end()).size() == cells.size();
}

/// 0, 1, …: what pandas writes as the header of columns without names.
inline bool counts_columns(std::span<const std::string> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i] != std::to_string(i)) return false;
  return true;
}

/// Whether a cell of the first row occurs again in its column, as a label does and a name does not.
inline bool first_row_recurs(const std::vector<std::vector<std::string>>& rows) {
  for (std::size_t c = 0; c < rows.front().size(); ++c)
    for (std::size_t r = 1; r < rows.size() && !is_blank(rows.front()[c]); ++r)
      if (c < rows[r].size() && rows[r][c] == rows.front()[c]) return true;
  return false;
}

/// Whether a column has numbers under a first cell that is not a number.
inline bool has_column_of_numbers(const std::vector<std::vector<std::string>>& rows) {
  for (std::size_t c = 0; c < rows.front().size(); ++c) {
    const auto number = [&](const auto& row) { return c < row.size() && parse_number(row[c]); };
    if (!number(rows.front()) && std::all_of(rows.begin() + 1, rows.end(), number)) return true;
  }
  return false;
}

// A few words at most, and no number.
inline bool may_be_name(const std::string& cell) {
  constexpr std::size_t kLongest = 40;
  return cell.size() <= kLongest && std::count(cell.begin(), cell.end(), ' ') <= 2 && !parse_number(cell);
}

TEMPA_INLINE std::optional<bool> has_header(const TableSample& sample, const TableRequest& request) {
  if (sample.rows.empty()) return std::nullopt;
  const std::vector<std::string>& first = sample.rows.front();
  if (are_names(first, request)) return true;
  if (counts_columns(first)) return std::nullopt;
  if (first_row_recurs(sample.rows)) return false;
  constexpr std::size_t kTelling = 3;
  if (sample.rows.size() >= kTelling && first.size() > 1 && std::all_of(first.begin(), first.end(), may_be_name) &&
      (std::any_of(first.begin(), first.end(), names_content) || has_column_of_numbers(sample.rows)))
    return true;
  return std::nullopt;
}

/// The delimiter of a table that should have commas.
inline char guess_csv_delimiter(const TableStart& start, const TableRequest& request) {
  struct Candidate {
    char delimiter;
    bool even, named;
  };
  std::vector<Candidate> wide;  // those that split the first row
  for (const char delimiter : {',', ';', '\t'}) {
    const TableSample sample = sample_table(start, with_delimiter(delimiter));
    if (sample.rows.empty() || sample.rows.front().size() < 2) continue;
    const std::vector<std::string>& first = sample.rows.front();
    const bool even = !sample.broken && std::all_of(sample.rows.begin(), sample.rows.end(),
                                                    [&](const auto& row) { return row.size() == first.size(); });
    const bool named = has_wanted_name(first, request) || std::any_of(first.begin(), first.end(), names_content);
    wide.push_back({delimiter, even, named});
  }
  const auto only = [&](bool Candidate::*property) -> std::optional<char> {
    const auto has = [&](const Candidate& candidate) { return candidate.*property; };
    if (std::count_if(wide.begin(), wide.end(), has) != 1) return std::nullopt;
    return std::find_if(wide.begin(), wide.end(), has)->delimiter;
  };
  if (const auto named = only(&Candidate::named)) return *named;
  if (!wide.empty() && wide.front().delimiter == ',' && (wide.front().even || wide.size() == 1)) return ',';
  return only(&Candidate::even).value_or(',');
}

inline bool are_quoted(std::span<const std::string> cells) {
  return std::all_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return cell.size() > 1 && cell.front() == '"' && cell.back() == '"';
  });
}

/// The format of a table that should have tabs and no quotes: another one only where the header shows it.
inline DelimitedFormat guess_tsv_format(const TableStart& start, const TableRequest& request) {
  const TableSample plain = sample_table(start, DelimitedFormat::tsv());
  if (plain.rows.empty()) return DelimitedFormat::tsv();
  const std::vector<std::string>& first = plain.rows.front();
  const auto named = [&](char delimiter) {
    const TableSample sample = sample_table(start, with_delimiter(delimiter));
    return !sample.rows.empty() && are_names(sample.rows.front(), request) &&
           (delimiter == '\t' ? !sample.broken : sample.rows.front().size() > 1);
  };
  if (first.size() == 1)
    for (const char delimiter : {',', ';'})
      if (named(delimiter)) return with_delimiter(delimiter);
  if (are_quoted(first) && named('\t')) return with_delimiter('\t');
  return DelimitedFormat::tsv();
}

}  // namespace detail

TEMPA_INLINE DelimitedFormat table_format(const TableInput& input, const TableRequest& request,
                                          std::vector<std::string>& guessed) {
  const TableStart& start = input.start();
  const bool csv = label_key(input.name()).ends_with(".csv");
  DelimitedFormat format = csv ? DelimitedFormat::csv() : DelimitedFormat::tsv();
  if (request.delimiter) {
    format.delimiter = *request.delimiter;
    format.quoting = format.delimiter == '\t' ? Quoting::kNone : Quoting::kRfc4180;
  } else if (csv) {
    format.delimiter = detail::guess_csv_delimiter(start, request);
    if (format.delimiter == '\t' && sample_table(start, format).broken) format.quoting = Quoting::kNone;
    if (format.delimiter != ',')
      guessed.push_back(format.delimiter == '\t' ? "tabs as delimiters" : "\";\" as the delimiter");
  } else {
    format = detail::guess_tsv_format(start, request);
    if (format.delimiter != '\t')
      guessed.push_back(concat("\"", format.delimiter, "\" as the delimiter"));
    else if (format.quoting == Quoting::kRfc4180 && !request.quoting)
      guessed.emplace_back("quotes around fields");
  }
  if (request.quoting) format.quoting = *request.quoting;

  format.header = csv;
  if (request.header) {
    format.header = *request.header;
    return format;
  }
  const TableSample sample = sample_table(start, format);
  const std::vector<Column> wanted = detail::wanted_columns(request);
  const bool by_name = std::any_of(wanted.begin(), wanted.end(), [](const Column& column) {
    return column.name() != nullptr && column.number() == nullptr;
  });
  if (sample.rows.empty() || detail::has_wanted_name(sample.rows.front(), request)) {
    format.header = csv || by_name || !sample.rows.empty();
  } else if (by_name) {
    // A name that the first row does not have is an error later, unless the only column must be the text.
    format.header = csv || !request.remembered_header || request.needs_label || sample.rows.front().size() > 1;
  } else if (const auto header = detail::has_header(sample, request)) {
    format.header = *header;
  } else if (request.remembered_header) {
    format.header = *request.remembered_header;
  }
  if (!by_name && format.header && !csv) guessed.emplace_back("the first row as the header");
  if (!format.header && csv) guessed.emplace_back("the first row as no header");
  return format;
}

}  // namespace tempa::inline TEMPA_ABI
