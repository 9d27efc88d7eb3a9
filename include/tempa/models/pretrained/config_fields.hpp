// What a family states about its configuration, once: the fields of config.json, where their values lie, what they may
// be. Reading, writing and checking go by this list.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/metrics/problem_type.hpp>
#include <tempa/models/encoder/encoder_config.hpp>
#include <tempa/models/pretrained/detail/checkpoint_names.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A field of config.json.
struct ConfigField {
  /// What the value may be.
  enum class Rule {
    kSize,         ///< a whole number from `min` to `max`
    kProbability,  ///< in [0,1), or absent
    kScale,        ///< finite and not negative
    kToken,        ///< a whole number from `min` to `max`, or absent
    kActivation,   ///< see `parse_activation`
  };
  static constexpr Index kLargestSize = Index{1} << 28;  // no product of two sizes leaves 64 bits

  std::string_view name;
  Rule rule;
  /// Where the value lies: the default until the file is read.
  std::variant<Index*, double*, std::string*, std::optional<Index>*, std::optional<double>*> value;
  Index min = 0, max = kLargestSize;
};

/// A size, of at least `min`.
ConfigField size_field(std::string_view name, Index& value, Index min = 1);
/// A probability; an `std::optional` may be absent. @param value double or std::optional<double>.
inline ConfigField probability_field(std::string_view name, auto& value) {
  return {name, ConfigField::Rule::kProbability, &value};
}
/// A number that is finite and not negative.
ConfigField scale_field(std::string_view name, double& value);
/// An id of the vocabulary, or none.
ConfigField token_field(std::string_view name, std::optional<Index>& value, Index vocab_size);
/// The name of an activation.
ConfigField activation_field(std::string_view name, std::string& value);

/// A configuration with the names of its family forgotten: what `config_json.hpp` works on.
struct ConfigView {
  std::string_view class_name;               ///< "Bert"
  std::string_view model_type;               ///< "bert"
  std::vector<ConfigField> fields;           ///< the family's own
  std::vector<std::string>* id2label;        ///< (K) name of each class
  std::optional<ProblemType>* problem_type;  ///< derived from labels and targets when absent
  std::vector<std::string>* architectures;   ///< classes of transformers that have the weights
  std::optional<DType>* dtype;               ///< type in which the weights are stored
  std::string* source_json;                  ///< config.json as it was read
};

/// The configuration of a family: an aggregate whose members are called as the fields of config.json.
///
/// Of its own it has `kClassName` ("Bert"), with which its classes begin in transformers; `kModelType` ("bert"),
/// config.json's model_type; `checkpoint_names()`; `fields()`, its own fields; `encoder()` and `embeddings()`, its
/// sizes and choices under the names that all families share; `num_weights()`, about how many weights the encoder has
/// at least; `head_dropout_prob()` of the classifiers. And the five members of all families.
template <typename C>
concept ModelConfig = requires(C& config, const C& constant) {
  { C::kClassName } -> std::convertible_to<std::string_view>;
  { C::kModelType } -> std::convertible_to<std::string_view>;
  { C::checkpoint_names() } -> std::same_as<CheckpointNames>;
  { config.fields() } -> std::same_as<std::vector<ConfigField>>;
  { constant.encoder() } -> std::same_as<EncoderConfig>;
  { constant.embeddings() } -> std::same_as<EmbeddingsConfig>;
  { constant.num_weights() } -> std::same_as<double>;
  { constant.head_dropout_prob() } -> std::same_as<double>;
  { constant.id2label } -> std::convertible_to<const std::vector<std::string>&>;
  { constant.problem_type } -> std::convertible_to<const std::optional<ProblemType>&>;
  { constant.architectures } -> std::convertible_to<const std::vector<std::string>&>;
  { constant.dtype } -> std::convertible_to<const std::optional<DType>&>;
  { constant.source_json } -> std::convertible_to<const std::string&>;
};

/// The configuration of a model: its member function `config()`, or its member `config`.
template <typename Model>
decltype(auto) config_of(Model& model) {
  if constexpr (requires { model.config(); }) {
    return model.config();
  } else {
    return (model.config);
  }
}
/// The configuration of a model.
template <typename Model>
using ConfigOf = std::remove_cvref_t<decltype(config_of(std::declval<Model&>()))>;

/// @param config must outlive the view.
template <ModelConfig C>
ConfigView view_of(C& config) {
  return {C::kClassName,        C::kModelType,         config.fields(), &config.id2label,
          &config.problem_type, &config.architectures, &config.dtype,   &config.source_json};
}

namespace detail {

/// @throws ConfigError naming the field, its rule and its value.
void check_config(const ConfigView& view, const EncoderConfig& encoder);

}  // namespace detail

/// The configuration itself, for use in an initializer list. @throws ConfigError naming the field, its rule and its
/// value.
template <ModelConfig C>
const C& validated(const C& config) {
  C copy = config;
  detail::check_config(view_of(copy), config.encoder());
  return config;
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/pretrained/impl/config_fields.ipp>
#endif
