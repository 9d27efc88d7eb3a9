// The bodies of <tempa/models/pretrained/config_fields.hpp>.
#pragma once

#include <tempa/models/pretrained/config_fields.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE ConfigField size_field(std::string_view name, Index& value, Index min) {
  return {name, ConfigField::Rule::kSize, &value, min};
}

TEMPA_INLINE ConfigField scale_field(std::string_view name, double& value) {
  return {name, ConfigField::Rule::kScale, &value};
}

TEMPA_INLINE ConfigField token_field(std::string_view name, std::optional<Index>& value, Index vocab_size) {
  return {name, ConfigField::Rule::kToken, &value, 0, vocab_size - 1};
}

TEMPA_INLINE ConfigField activation_field(std::string_view name, std::string& value) {
  return {name, ConfigField::Rule::kActivation, &value};
}

namespace detail {

/// @param who "[BertConfig] ". @throws ConfigError naming the field, its rule and its value.
inline void check_field(const std::string& who, const ConfigField& field) {
  using Rule = ConfigField::Rule;
  const auto refuse = [&](const std::string& rule, const auto& value) {
    throw ConfigError(concat(who, field.name, " must be ", rule, " but is ", value));
  };
  const auto check_whole = [&](Index value) {
    if (value >= field.min && value <= field.max) return;
    refuse(field.rule == Rule::kToken ? concat("in [0,vocab_size=", field.max + 1, ")")
                                      : concat("in [", field.min, ",", field.max, "]"),
           value);
  };
  const auto check_real = [&](double value) {
    if (field.rule == Rule::kProbability && !(value >= 0.0 && value < 1.0)) refuse("in [0,1)", value);
    if (field.rule == Rule::kScale && !(value >= 0.0 && std::isfinite(value))) refuse("finite and not negative", value);
  };
  std::visit(
      [&]<typename Value>(Value* value) {
        if constexpr (std::same_as<Value, Index>) check_whole(*value);
        if constexpr (std::same_as<Value, double>) check_real(*value);
        if constexpr (std::same_as<Value, std::string>) parse_activation(who + std::string(field.name), *value);
        if constexpr (std::same_as<Value, std::optional<Index>>)
          if (*value) check_whole(**value);
        if constexpr (std::same_as<Value, std::optional<double>>)
          if (*value) check_real(**value);
      },
      field.value);
}

TEMPA_INLINE void check_config(const ConfigView& view, const EncoderConfig& encoder) {
  const std::string who = concat("[", view.class_name, "Config] ");
  for (const ConfigField& field : view.fields) check_field(who, field);
  if (encoder.hidden_size % encoder.num_attention_heads != 0)
    throw ConfigError(concat(who, "hidden_size must be a multiple of num_attention_heads but they are ",
                             encoder.hidden_size, " and ", encoder.num_attention_heads));
  if (view.id2label->empty()) throw ConfigError(who + "id2label must name at least one label but is empty");
  if (view.id2label->size() == 1 && *view.problem_type == ProblemType::kSingleLabelClassification)
    throw ConfigError(who +
                      "problem_type single_label_classification must have at least 2 labels but id2label has 1; for a "
                      "yes or no take 2 labels, for a number problem_type regression");
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
