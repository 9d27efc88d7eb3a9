// Opens tables as the command line and the model describe them; the rest is guessed and reported.
#pragma once

#include "settings.hpp"

#include <tempa/data/table/detail/column_choice.hpp>
#include <tempa/data/table/table_input.hpp>

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

/// What is known about a table. @param labels whether it must have them.
inline tempa::TableRequest request_of(const Options& options, const Settings& settings, bool labels) {
  tempa::TableRequest request{.header = options.header,
                              .text = settings.text_column,
                              .pair = settings.text_pair_column,
                              .labels = settings.label_columns,
                              .needs_label = labels,
                              .remembered_header = settings.header,
                              .text_option = "--text-column",
                              .label_option = "--label-column"};
  if (options.delimiter) {
    const std::string& delimiter = *options.delimiter;
    const bool tab = delimiter == "tab" || delimiter == "\\t" || delimiter == "\t";
    if (!tab && delimiter.size() != 1)
      throw tempa::ConfigError("--delimiter: expected one character, or tab, but got '" + delimiter + "'");
    request.delimiter = tab ? '\t' : delimiter.front();
  }
  if (options.quotes) request.quoting = *options.quotes ? tempa::Quoting::kRfc4180 : tempa::Quoting::kNone;
  return request;
}

/// The start of a table, or of standard input for "-".
inline tempa::TableInput input_of(const std::string& path, tempa::Peek peek = tempa::Peek::kStart) {
  if (path == "-") return tempa::TableInput(std::cin, "standard input", peek);
  return tempa::TableInput(std::filesystem::path(path), peek);
}

inline tempa::TextTable read_rows(tempa::OpenTextTable& table, std::ostream& log) {
  if (!table.guessed.empty()) log << table.guessed << '\n' << std::flush;
  return tempa::read_text_table(table.reader, table.columns);
}

/// Reads a whole table with its labels. @param log gets a line about what was guessed. @throws tempa::Error for a
/// broken table, a missing column, and where it is ambiguous which column is meant.
inline tempa::TextTable read_table(const std::string& path, const Options& options, const Settings& settings,
                                   std::ostream& log = std::cout) {
  tempa::TableInput input = input_of(path);
  tempa::OpenTextTable table = tempa::open_text_table(input, request_of(options, settings, true));
  return read_rows(table, log);
}

/// The same of the table to train on; `settings` receives its columns, by name where it has a header.
inline tempa::TextTable read_training_table(const Options& options, Settings& settings) {
  tempa::TableInput input = input_of(options.train);
  tempa::OpenTextTable table = tempa::open_text_table(input, request_of(options, settings, true));
  settings.text_column = table.lasting(table.columns.text);
  if (table.columns.pair) settings.text_pair_column = table.lasting(*table.columns.pair);
  settings.label_columns.clear();
  for (const tempa::Column& column : table.columns.labels) settings.label_columns.push_back(table.lasting(column));
  settings.header = !table.reader.header().empty();
  return read_rows(table, std::cout);
}
