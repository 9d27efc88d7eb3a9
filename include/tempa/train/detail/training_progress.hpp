// The progress of a training, without its weights: what a checkpoint must contain so that the training can resume as if
// nothing had happened.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/random.hpp>
#include <tempa/io/checkpoint.hpp>
#include <tempa/metrics/problem_type.hpp>
#include <tempa/train/detail/epoch_record.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// Numbers by name: the state of schedulers, loggers and the like.
using NumberState = std::map<std::string, double>;

/// The progress of a training.
struct TrainingProgress {
  Index epoch = 1;                            ///< that runs, or comes next; from 1
  Index batch = 0;                            ///< batches of it that are done
  Index step = 0;                             ///< optimizer steps so far, skipped ones too
  Index skipped = 0;                          ///< steps that `OnFault::kSkip` has skipped
  bool ended = false;                         ///< stopped early, or by a callback
  std::optional<ProblemType> problem_type{};  ///< as it was found from the first batch
  EpochRecord running{};                      ///< of the epoch that runs: lr and seconds so far
  std::vector<EpochRecord> history{};         ///< epochs that are done
  std::optional<double> best{};               ///< watched metric of the best evaluation
  Index waited = 0;                           ///< evaluations since then
};

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

inline nlohmann::json numbers_to_json(const NumberState& numbers) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, value] : numbers) json[name] = number_to_json(value);
  return json;
}

/// @param field JSON pointer to an object of numbers.
inline NumberState numbers_from_json(const JsonFile& file, const std::string& field) {
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

inline nlohmann::json record_to_json(const EpochRecord& record) {
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

/// Converts the state of a score keeper (`visit_state`) to tensors, or tensors to its state.
struct StateWriter {
  StateDict& tensors;
  template <typename T>
  void operator()(std::string_view name, std::vector<T>& values) const {
    if constexpr (std::same_as<T, std::size_t>) {
      tensors.insert(std::string(name),
                     Tensor<std::int64_t>::from(std::vector<std::int64_t>(values.begin(), values.end())));
    } else {
      tensors.insert(std::string(name), Tensor<T>::from(values));
    }
  }
  template <typename T>
  requires std::integral<T> || std::floating_point<T>
  void operator()(std::string_view name, T& value) const {
    using Stored = std::conditional_t<std::floating_point<T>, double, std::int64_t>;
    tensors.insert(std::string(name), Tensor<Stored>::from({static_cast<Stored>(value)}));
  }
};

struct StateReader {
  const StateDict& tensors;
  template <typename T>
  void operator()(std::string_view name, std::vector<T>& values) const {
    using Stored = std::conditional_t<std::same_as<T, std::size_t>, std::int64_t, T>;
    const auto stored = tensors.get<Stored>(name);
    values.assign(stored.span().begin(), stored.span().end());
  }
  template <typename T>
  requires std::integral<T> || std::floating_point<T>
  void operator()(std::string_view name, T& value) const {
    using Stored = std::conditional_t<std::floating_point<T>, double, std::int64_t>;
    const auto stored = tensors.get<Stored>(name);
    if (stored.numel() != 1) throw ValueError(concat("[checkpoint] '", name, "' must be one number"));
    value = static_cast<T>(stored.data()[0]);
  }
};

}  // namespace detail

/// A generator's whole state as JSON. The numbers are texts, since JSON readers may not keep 64 bits.
inline nlohmann::json generator_to_json(const Generator& generator) {
  return {{"seed", std::to_string(generator.seed())}, {"position", std::to_string(generator.position())}};
}

/// @param field JSON pointer to what `generator_to_json` wrote. @throws FormatError.
inline Generator generator_from_json(const JsonFile& file, const std::string& field) {
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

/// The progress as JSON.
inline nlohmann::json progress_to_json(const TrainingProgress& progress) {
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

/// @param field JSON pointer to what `progress_to_json` wrote. @throws FormatError naming the field.
inline TrainingProgress progress_from_json(const JsonFile& file, const std::string& field) {
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
