// Guesses the layout of a table: what separates its fields, and whether its first row is a header.
#pragma once

#include <tempa/data/table/column.hpp>
#include <tempa/data/table/delimited.hpp>
#include <tempa/data/table/table_input.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// What is known about a table before it is opened; the rest is guessed.
struct TableRequest {
  std::optional<char> delimiter{};
  std::optional<Quoting> quoting{};
  std::optional<bool> header{};  ///< whether the first row names the columns
  std::optional<Column> text{};  ///< column of the texts
  std::optional<Column> pair{};  ///< column of the second texts, where rows are pairs
  std::vector<Column> labels{};  ///< label columns
  bool needs_label = true;       ///< there must be a label column
  /// The columns are those of another table, which had a header or had none: what a model was trained on.
  std::optional<bool> remembered_header{};
  std::string text_option = "the text column";    ///< the option that errors name
  std::string label_option = "the label column";  ///< likewise
};

/// The first rows of a table, read with one format.
struct TableSample {
  std::vector<std::vector<std::string>> rows;
  bool broken = false;  ///< the rows end with one that this format cannot read
};

/// Reads the start of a table, up to 1000 rows.
TableSample sample_table(const TableStart& start, DelimitedFormat format);

namespace detail {

/// Whether the first row is a header; nothing where that is unclear.
std::optional<bool> has_header(const TableSample& sample, const TableRequest& request);

}  // namespace detail

/// The format of a table: what the request says, and otherwise what the name and the first rows show. A
/// file that ends with .csv has commas (or semicolons or tabs, where its first row shows those), RFC 4180 quotes, and a
/// header unless its first row occurs again below; any other has tabs, no quotes, and a header where its first row has
/// the names of requested columns, or usual ones.
/// @param guessed receives what was guessed, in words.
DelimitedFormat table_format(const TableInput& input, const TableRequest& request, std::vector<std::string>& guessed);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/detail/impl/table_format.ipp>
#endif
