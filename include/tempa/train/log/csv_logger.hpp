// A training log as a CSV table.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/metrics/metrics.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Writes a CSV file with a row for each call of `log`: the step and a column for each name. Each row is written
/// immediately, and an existing table is continued. A name that first occurs later adds a column: the file is replaced
/// by one with the wider table, in which earlier rows are empty there.
class CsvLogger {
 public:
  /// @throws IoError when the file cannot be opened or created; FormatError when it exists and is no such table.
  explicit CsvLogger(std::filesystem::path path);

  /// Appends a row. Numbers are written so that they read back exactly; NaN and infinities as "nan", "inf", "-inf".
  /// @param metrics any names but "step".
  /// @throws IoError when the disk is full or fails; ValueError for a name that is taken or not UTF-8.
  void log(Index step, const Metrics& metrics);

  /// For `log_to`: the path of the file, its number of rows, and removing later rows.
  std::string location() const { return path_.string(); }
  Index position() const { return file_->lines() - header_lines(); }
  void rewind(Index position) { file_->keep_lines(header_lines() + position); }

  /// Closes the file. @throws IoError when the system reports a failure.
  void close() { file_->close(); }

 private:
  static std::size_t column(const std::vector<std::string>& columns, const std::string& name);
  /// The file's columns, followed by those that it does not have yet.
  std::vector<std::string> columns_with(const Metrics& metrics) const;
  /// Replaces the file by one that has more columns, empty in the existing rows. In a pipe or a device, where
  /// nothing can be replaced, a table with the new columns begins.
  void widen(const std::vector<std::string>& columns);
  /// More than one when a name has a line break.
  Index header_lines() const;
  std::string row_text(const std::vector<std::string>& fields) const;
  static std::string number_text(double value);

  std::filesystem::path path_;
  std::vector<std::string> columns_;  // of the file
  std::unique_ptr<AppendFile> file_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/log/impl/csv_logger.ipp>
#endif
