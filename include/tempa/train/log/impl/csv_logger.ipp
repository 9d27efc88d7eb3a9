// The bodies of <tempa/train/log/csv_logger.hpp>.
#pragma once

#include <tempa/data/table/delimited.hpp>
#include <tempa/data/table/delimited_writer.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/train/log/csv_logger.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE CsvLogger::CsvLogger(std::filesystem::path path) : path_(std::move(path)) {
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

TEMPA_INLINE void CsvLogger::log(Index step, const Metrics& metrics) {
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

TEMPA_INLINE std::size_t CsvLogger::column(const std::vector<std::string>& columns, const std::string& name) {
  return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
}

TEMPA_INLINE std::vector<std::string> CsvLogger::columns_with(const Metrics& metrics) const {
  std::vector<std::string> columns = columns_.empty() ? std::vector<std::string>{"step"} : columns_;
  for (const Metric& metric : metrics) {
    if (metric.name == "step") throw ValueError("[CsvLogger] the name 'step' is taken");
    require_valid_utf8("CsvLogger", metric.name);
    if (column(columns, metric.name) == columns.size()) columns.push_back(metric.name);
  }
  return columns;
}

TEMPA_INLINE void CsvLogger::widen(const std::vector<std::string>& columns) {
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

TEMPA_INLINE Index CsvLogger::header_lines() const {
  const std::string header = columns_.empty() ? "" : row_text(columns_);
  return std::count(header.begin(), header.end(), '\n');
}

TEMPA_INLINE std::string CsvLogger::row_text(const std::vector<std::string>& fields) const {
  std::ostringstream out;
  DelimitedWriter(out, path_.string(), DelimitedFormat::csv(true)).write(fields);
  return std::move(out).str();
}

TEMPA_INLINE std::string CsvLogger::number_text(double value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace tempa::inline TEMPA_ABI
