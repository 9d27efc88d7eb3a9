// A training log of JSON objects, one a line.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/metrics/metrics.hpp>

#include <filesystem>
#include <string>

namespace tempa::inline TEMPA_ABI {

/// Appends lines like {"step":344,"wall_time":1700000000.5,"train/loss":0.31}. Each line is written
/// immediately, and an existing file is continued, so that nothing is lost when the process dies or a training is
/// resumed.
class JsonLinesLogger {
 public:
  /// @throws IoError when the file cannot be opened or created.
  explicit JsonLinesLogger(const std::filesystem::path& path) : file_(path.string()) {}

  /// Appends a line. @param metrics any names but "step" and "wall_time"; NaN and infinities, which JSON does not have,
  ///   become null.
  /// @throws IoError when the disk is full or fails; ValueError for a name that is taken or not UTF-8.
  void log(Index step, const Metrics& metrics);

  /// For `log_to`: the path of the file, its number of lines, and removing later lines.
  std::string location() const { return file_.path(); }
  Index position() const { return file_.lines(); }
  void rewind(Index position) { file_.keep_lines(position); }

  /// Closes the file. @throws IoError when the system reports a failure.
  void close() { file_.close(); }

 private:
  AppendFile file_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/log/impl/json_lines_logger.ipp>
#endif
