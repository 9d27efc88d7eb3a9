// The bodies of <tempa/train/log/json_lines_logger.hpp>.
#pragma once

#include <tempa/tensorboard/detail/event_file.hpp>
#include <tempa/train/log/json_lines_logger.hpp>

#include <nlohmann/json.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void JsonLinesLogger::log(Index step, const Metrics& metrics) {
  nlohmann::ordered_json line{{"step", step}, {"wall_time", EventFileWriter::wall_time_now()}};
  for (const Metric& metric : metrics) {
    if (line.contains(metric.name)) throw ValueError(concat("[JsonLinesLogger] the name '", metric.name, "' is taken"));
    line[metric.name] = metric.value;
  }
  try {
    file_.append(line.dump() + "\n");
  } catch (const nlohmann::json::type_error&) {
    throw ValueError("[JsonLinesLogger] the names of metrics must be valid UTF-8");
  }
}

}  // namespace tempa::inline TEMPA_ABI
