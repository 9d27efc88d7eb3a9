// The settings of a training that must not change when it is resumed.
#pragma once

#include <tempa/data/data_loader.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/nn/classification_loss.hpp>
#include <tempa/optim/lr_scheduler/reduce_lr_on_plateau.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/train/trainer_options.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// A setting as text: the shortest that is this number to the last bit.
std::string setting_text(double value);
std::string setting_text(bool value);
std::string setting_text(const std::string& value);
std::string setting_text(const char* value);
template <std::integral T>
std::string setting_text(T value) {
  return std::to_string(value);
}
template <typename T>
std::string setting_text(const std::optional<T>& value) {
  return value ? setting_text(*value) : "none";
}
std::string setting_text(const std::vector<double>& values);

// Each struct of options is decomposed into all its fields, so that a new field does not compile before it is added
// here.

/// @param note called with the name and the text of each setting. The fields without a note change no weights;
/// `on_fault` changes them only after a fault, and a training that has stopped at one may continue by skipping it.
inline void note_settings(const TrainerOptions& options, const auto& note) {
  const auto& [epochs, evaluate_every, gradient_accumulation_steps, max_grad_norm, metric, problem_type, patience,
               on_fault, graph, restore_best, scaler, average, log, progress, checkpoint, stop_requested] = options;
  note("epochs", setting_text(epochs));
  note("evaluate_every", setting_text(evaluate_every));
  note("gradient_accumulation_steps", setting_text(gradient_accumulation_steps));
  note("max_grad_norm", setting_text(max_grad_norm));
  note("metric", setting_text(metric));
  note("problem_type", problem_type ? std::to_string(static_cast<int>(*problem_type)) : "of the batches");
  note("patience", setting_text(patience));
  note("graph", setting_text(graph));
  note("restore_best", setting_text(restore_best));
  note("scaler", setting_text(scaler != nullptr));
  if (scaler != nullptr) {
    const auto& [init_scale, growth_factor, backoff_factor, growth_interval, enabled] = scaler->options();
    note("scaler init_scale", setting_text(init_scale));
    note("scaler growth_factor", setting_text(growth_factor));
    note("scaler backoff_factor", setting_text(backoff_factor));
    note("scaler growth_interval", setting_text(growth_interval));
  }
  note("average", setting_text(average != nullptr));
  if (average != nullptr) {
    const auto& [averaging, decay, warm_up] = average->options();
    note("averaging", averaging == Averaging::kExponential ? "exponential" : "equal");
    note("average decay", setting_text(decay));
    note("average warm_up", setting_text(warm_up));
  }
}

inline void note_settings(const ReduceLROnPlateauOptions& options, const auto& note) {
  const auto& [mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, min_lrs, eps] = options;
  note("plateau mode", mode == PlateauMode::kMin ? "min" : "max");
  note("plateau factor", setting_text(factor));
  note("plateau patience", setting_text(patience));
  note("plateau threshold", setting_text(threshold));
  note("plateau threshold_mode", threshold_mode == ThresholdMode::kRel ? "relative" : "absolute");
  note("plateau cooldown", setting_text(cooldown));
  note("plateau min_lr", setting_text(min_lr));
  note("plateau min_lrs", setting_text(min_lrs));
  note("plateau eps", setting_text(eps));
}

inline void note_settings(const DataLoaderOptions& options, const auto& note) {
  const auto& [batch_size, shuffle, seed, drop_last, num_workers, prefetch_factor, group_by_length, tokens_per_batch] =
      options;  // any number of workers gives the same batches
  note("batch_size", setting_text(batch_size));
  note("shuffle", setting_text(shuffle));
  note("data seed", setting_text(seed));
  note("drop_last", setting_text(drop_last));
  note("group_by_length", setting_text(group_by_length));
  note("tokens_per_batch", setting_text(tokens_per_batch));
}

inline void note_settings(const ClassificationLossOptions& options, const auto& note) {
  const auto& [class_weights, label_smoothing] = options;
  note("class_weights", setting_text(class_weights));
  note("label_smoothing", setting_text(label_smoothing));
}

inline void note_settings(const Optimizer& optimizer, const auto& note) {
  for (const auto& [name, value] : optimizer.state_dict().numbers)
    if (name.starts_with("groups.")) note(name, setting_text(value));
}

/// The settings of a model: its configuration, field by field, and how its loss is computed.
template <typename Model>
void note_model_settings(const Model& model, const auto& note) {
  if constexpr (requires { config_text(model.config()); }) {
    const JsonFile configuration = parse_json(config_text(model.config()), "the configuration");
    for (const auto& field : configuration.root.items()) note("model " + field.key(), field.value().dump());
  }
  if constexpr (requires {
                  { model.loss_options } -> std::convertible_to<const ClassificationLossOptions&>;
                })
    note_settings(model.loss_options, note);
}

/// The settings of a loader: its options, and those of its dataset and collate function by `visit_settings`.
template <typename Loader>
void note_loader_settings(const Loader& loader, const auto& note) {
  note("batches of an epoch", setting_text(static_cast<Index>(loader.size())));
  if constexpr (requires { note_settings(loader.options(), note); }) note_settings(loader.options(), note);
  if constexpr (requires { loader.dataset().size(); }) note("rows", setting_text(Index(loader.dataset().size())));
  [[maybe_unused]] const auto show = [&](const std::string& name, const auto& value) {
    note(name, setting_text(value));
  };
  if constexpr (requires { loader.dataset().visit_settings(show); }) loader.dataset().visit_settings(show);
  if constexpr (requires { loader.collate().visit_settings(show); }) loader.collate().visit_settings(show);
}

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/detail/impl/trainer_settings.ipp>
#endif
