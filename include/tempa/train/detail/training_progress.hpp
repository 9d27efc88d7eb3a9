// The progress of a training, without its weights: what a checkpoint must contain so that the training can resume as if
// nothing had happened.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/state_dict.hpp>
#include <tempa/metrics/problem_type.hpp>
#include <tempa/train/detail/epoch_record.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

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

nlohmann::json numbers_to_json(const NumberState& numbers);

/// @param field JSON pointer to an object of numbers.
NumberState numbers_from_json(const JsonFile& file, const std::string& field);

nlohmann::json record_to_json(const EpochRecord& record);

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
nlohmann::json generator_to_json(const Generator& generator);

/// @param field JSON pointer to what `generator_to_json` wrote. @throws FormatError.
Generator generator_from_json(const JsonFile& file, const std::string& field);

/// The progress as JSON.
nlohmann::json progress_to_json(const TrainingProgress& progress);

/// @param field JSON pointer to what `progress_to_json` wrote. @throws FormatError naming the field.
TrainingProgress progress_from_json(const JsonFile& file, const std::string& field);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/detail/impl/training_progress.ipp>
#endif
