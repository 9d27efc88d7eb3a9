// The bodies of <tempa/train/detail/training_progress.hpp>.
#pragma once

#include <tempa/io/checkpoint.hpp>
#include <tempa/train/detail/training_progress.hpp>

#include <charconv>
#include <cmath>
#include <system_error>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// JSON has no NaN and no infinity: they are words.
inline nlohmann::json number_to_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

inline double number_from_json(const JsonFile& file, const std::string& field) {
  const nlohmann::json& value = json_field(file, field);
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  return json_value<double>(file, field, value);
}

TEMPA_INLINE nlohmann::json numbers_to_json(const NumberState& numbers) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, value] : numbers) json[name] = number_to_json(value);
  return json;
}

TEMPA_INLINE NumberState numbers_from_json(const JsonFile& file, const std::string& field) {
  if (!json_field(file, field).is_object()) throw field_error(file, field, "expected an object of numbers");
  NumberState numbers;
  for (const auto& entry : json_field(file, field).items())
    numbers[entry.key()] = number_from_json(file, (json_pointer_of(field) / entry.key()).to_string());
  return numbers;
}

inline nlohmann::json metrics_to_json(const Metrics& metrics) {
  nlohmann::json json = nlohmann::json::array();
  for (const Metric& metric : metrics)
    json.push_back({{"name", metric.name},
                    {"value", number_to_json(metric.value)},
                    {"label", metric.label},
                    {"digits", metric.digits},
                    {"greater_is_better", metric.greater_is_better}});
  return json;
}

/// An array's length. @throws FormatError when the field is no array.
inline std::size_t array_size(const JsonFile& file, const std::string& field) {
  if (!json_field(file, field).is_array()) throw field_error(file, field, "expected an array");
  return json_field(file, field).size();
}

inline Metrics metrics_from_json(const JsonFile& file, const std::string& field) {
  Metrics metrics;
  for (std::size_t i = 0; i < array_size(file, field); ++i) {
    const std::string one = concat(field, '/', i);
    metrics.add({.name = require<std::string>(file, one + "/name"),
                 .value = number_from_json(file, one + "/value"),
                 .label = require<std::string>(file, one + "/label"),
                 .digits = require<int>(file, one + "/digits", {.min = 0, .max = 30}),
                 .greater_is_better = require<bool>(file, one + "/greater_is_better")});
  }
  return metrics;
}

TEMPA_INLINE nlohmann::json record_to_json(const EpochRecord& record) {
  return {{"epoch", record.epoch},
          {"train", metrics_to_json(record.train)},
          {"valid", record.valid ? metrics_to_json(*record.valid) : nlohmann::json()},
          {"lr", number_to_json(record.lr)},
          {"seconds", number_to_json(record.seconds)},
          {"tokens_per_second", number_to_json(record.tokens_per_second)},
          {"best", record.best}};
}

inline EpochRecord record_from_json(const JsonFile& file, const std::string& field) {
  EpochRecord record;
  record.epoch = require<Index>(file, field + "/epoch", {.min = 0});
  record.train = metrics_from_json(file, field + "/train");
  if (!json_field(file, field + "/valid").is_null()) record.valid = metrics_from_json(file, field + "/valid");
  record.lr = number_from_json(file, field + "/lr");
  record.seconds = number_from_json(file, field + "/seconds");
  record.tokens_per_second = number_from_json(file, field + "/tokens_per_second");
  record.best = require<bool>(file, field + "/best");
  return record;
}

}  // namespace detail

TEMPA_INLINE nlohmann::json generator_to_json(const Generator& generator) {
  return {{"seed", std::to_string(generator.seed())}, {"position", std::to_string(generator.position())}};
}

TEMPA_INLINE Generator generator_from_json(const JsonFile& file, const std::string& field) {
  const auto number = [&](const char* name) {
    const auto text = require<std::string>(file, concat(field, '/', name));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      throw field_error(file, concat(field, '/', name), "expected a whole number in a text");
    return value;
  };
  Generator generator(number("seed"));
  generator.seek(number("position"));
  return generator;
}

TEMPA_INLINE nlohmann::json progress_to_json(const TrainingProgress& progress) {
  nlohmann::json history = nlohmann::json::array();
  for (const EpochRecord& record : progress.history) history.push_back(detail::record_to_json(record));
  return {{"epoch", progress.epoch},
          {"batch", progress.batch},
          {"step", progress.step},
          {"skipped", progress.skipped},
          {"ended", progress.ended},
          {"problem_type",
           progress.problem_type ? nlohmann::json(static_cast<int>(*progress.problem_type)) : nlohmann::json()},
          {"running", detail::record_to_json(progress.running)},
          {"history", history},
          {"best", progress.best ? detail::number_to_json(*progress.best) : nlohmann::json()},
          {"waited", progress.waited}};
}

TEMPA_INLINE TrainingProgress progress_from_json(const JsonFile& file, const std::string& field) {
  TrainingProgress progress;
  progress.epoch = require<Index>(file, field + "/epoch", {.min = 1});
  progress.batch = require<Index>(file, field + "/batch", {.min = 0});
  progress.step = require<Index>(file, field + "/step", {.min = 0});
  progress.skipped = get_or<Index>(file, field + "/skipped", 0, {.min = 0});  // not in older checkpoints
  progress.ended = require<bool>(file, field + "/ended");
  if (!detail::json_field(file, field + "/problem_type").is_null())
    progress.problem_type = static_cast<ProblemType>(require<int>(file, field + "/problem_type", {.min = 0, .max = 2}));
  progress.running = detail::record_from_json(file, field + "/running");
  for (std::size_t i = 0; i < detail::array_size(file, field + "/history"); ++i)
    progress.history.push_back(detail::record_from_json(file, concat(field, "/history/", i)));
  if (!detail::json_field(file, field + "/best").is_null())
    progress.best = detail::number_from_json(file, field + "/best");
  progress.waited = require<Index>(file, field + "/waited", {.min = 0});
  return progress;
}

}  // namespace tempa::inline TEMPA_ABI
