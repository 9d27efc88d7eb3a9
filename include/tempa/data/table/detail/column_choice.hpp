// Guesses which columns of a table contain the texts and the labels.
#pragma once

#include <tempa/data/table/delimited.hpp>
#include <tempa/data/table/detail/table_format.hpp>
#include <tempa/data/table/text_table.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The columns of a table, by number.
struct ChosenColumns {
  std::optional<Index> text{}, pair{};
  std::vector<Index> labels{};
  bool guessed = false;  ///< some of them were not requested but guessed
};

/// The columns of an open table: what the request says; else by the usual names in the header (`column_role`), where
/// one name alone has the lowest rank; else the one column that remains when indices, and for texts numbers, are set
/// aside. Without a header: text 0 and label 1, or what is free, unless another
/// column has more words than a text of numbers or of one word a row. Text and label are never the same column.
/// @param start the beginning of the table. @param format with which the table is read.
/// @throws FormatError that lists the columns, for a missing column and where the choice is ambiguous.
ChosenColumns choose_columns(const DelimitedReader& reader, const TableStart& start, const DelimitedFormat& format,
                             const TableRequest& request);

/// A table whose columns are known: what `read_text_table` and `TextTableReader` take.
struct OpenTextTable {
  DelimitedReader reader;
  TextTableColumns columns;  ///< by number
  std::string guessed;       ///< one line that says what was guessed, or nothing

  /// How to find a column again in another table: by its name, where that is unique.
  Column lasting(const Column& column) const;
};

/// Opens a table and guesses what the request does not say. @param input must outlive what is returned.
/// @throws as `choose_columns` and the constructors of `DelimitedReader`.
OpenTextTable open_text_table(TableInput& input, const TableRequest& request);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/detail/impl/column_choice.ipp>
#endif
