// A training log of JSON objects, one a line.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/metrics/metrics.hpp>
#include <tempa/tensorboard/detail/event_file.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <string>

TEMPA_COMPILED_FILE("train");

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
  void log(Index step, const Metrics& metrics) {
    nlohmann::ordered_json line{{"step", step}, {"wall_time", EventFileWriter::wall_time_now()}};
    for (const Metric& metric : metrics) {
      if (line.contains(metric.name))
        throw ValueError(concat("[JsonLinesLogger] the name '", metric.name, "' is taken"));
      line[metric.name] = metric.value;
    }
    try {
      file_.append(line.dump() + "\n");
    } catch (const nlohmann::json::type_error&) {
      throw ValueError("[JsonLinesLogger] the names of metrics must be valid UTF-8");
    }
  }

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
