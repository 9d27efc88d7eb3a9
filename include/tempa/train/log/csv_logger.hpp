// A training log as a CSV table.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/data/table/delimited.hpp>
#include <tempa/data/table/delimited_writer.hpp>
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/metrics/metrics.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// Writes a CSV file with a row for each call of `log`: the step and a column for each name. Each row is written
/// immediately, and an existing table is continued. A name that first occurs later adds a column: the file is replaced
/// by one with the wider table, in which earlier rows are empty there.
class CsvLogger {
 public:
  /// @throws IoError when the file cannot be opened or created; FormatError when it exists and is no such table.
  explicit CsvLogger(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code failure;
    file_ = std::make_unique<AppendFile>(path_.string());
    if (file_->is_regular() && std::filesystem::file_size(path_, failure) > 0 && !failure) {
      columns_ = DelimitedReader(path_, DelimitedFormat::csv(true)).header();
      if (columns_.front() != "step")
        throw FormatError(
            path_.string(), 1,
            concat("expected a log that begins with the column step but it begins with ", columns_.front()));
    }
  }

  /// Appends a row. Numbers are written so that they read back exactly; NaN and infinities as "nan", "inf", "-inf".
  /// @param metrics any names but "step".
  /// @throws IoError when the disk is full or fails; ValueError for a name that is taken or not UTF-8.
  void log(Index step, const Metrics& metrics) {
    const std::vector<std::string> columns = columns_with(metrics);
    std::vector<std::string> fields(columns.size());
    fields.front() = std::to_string(step);
    for (const Metric& metric : metrics) fields[column(columns, metric.name)] = number_text(metric.value);
    std::string text = row_text(fields);
    if (columns_.empty()) text = row_text(columns) + text;
    if (!columns_.empty() && columns.size() > columns_.size()) widen(columns);
    file_->append(text);
    columns_ = columns;
  }

  /// For `log_to`: the path of the file, its number of rows, and removing later rows.
  std::string location() const { return path_.string(); }
  Index position() const { return file_->lines() - header_lines(); }
  void rewind(Index position) { file_->keep_lines(header_lines() + position); }

  /// Closes the file. @throws IoError when the system reports a failure.
  void close() { file_->close(); }

 private:
  static std::size_t column(const std::vector<std::string>& columns, const std::string& name) {
    return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  }
  /// The file's columns, followed by those that it does not have yet.
  std::vector<std::string> columns_with(const Metrics& metrics) const {
    std::vector<std::string> columns = columns_.empty() ? std::vector<std::string>{"step"} : columns_;
    for (const Metric& metric : metrics) {
      if (metric.name == "step") throw ValueError("[CsvLogger] the name 'step' is taken");
      require_valid_utf8("CsvLogger", metric.name);
      if (column(columns, metric.name) == columns.size()) columns.push_back(metric.name);
    }
    return columns;
  }
  /// Replaces the file by one that has more columns, empty in the existing rows. In a pipe or a device, where
  /// nothing can be replaced, a table with the new columns begins.
  void widen(const std::vector<std::string>& columns) {
    if (!file_->is_regular()) return file_->append(row_text(columns));
    DelimitedReader reader(path_, DelimitedFormat::csv(true));
    AtomicFile wider(path_.string());
    wider.write(row_text(columns));
    while (reader.next()) {
      std::vector<std::string> fields = reader.row().to_vector();
      fields.resize(columns.size());
      wider.write(row_text(fields));
    }
    wider.commit();
    columns_ = columns;
    file_ = std::make_unique<AppendFile>(path_.string());
  }
  /// More than one when a name has a line break.
  Index header_lines() const {
    const std::string header = columns_.empty() ? "" : row_text(columns_);
    return std::count(header.begin(), header.end(), '\n');
  }
  std::string row_text(const std::vector<std::string>& fields) const {
    std::ostringstream out;
    DelimitedWriter(out, path_.string(), DelimitedFormat::csv(true)).write(fields);
    return std::move(out).str();
  }
  static std::string number_text(double value) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
  }

  std::filesystem::path path_;
  std::vector<std::string> columns_;  // of the file
  std::unique_ptr<AppendFile> file_;
};

}  // namespace tempa::inline TEMPA_ABI
