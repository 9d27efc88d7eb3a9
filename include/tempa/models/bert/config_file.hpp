// config.json of a model folder.
#pragma once

#include <tempa/io/json.hpp>
#include <tempa/models/bert/config.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline constexpr std::array<std::pair<ProblemType, std::string_view>, 3> kProblemTypeNames{
    {{ProblemType::kRegression, "regression"},
     {ProblemType::kSingleLabelClassification, "single_label_classification"},
     {ProblemType::kMultiLabelClassification, "multi_label_classification"}}};

/// Label names by number from `id2label`, whose keys are "0", "1", …; from `num_labels` when there is none.
inline std::vector<std::string> read_labels(const JsonFile& file) {
  if (!has_field(file, "id2label")) {
    const auto count = get_or<Index>(file, "num_labels", 2, {.min = 1, .max = 1 << 20});
    std::vector<std::string> names;
    for (Index k = 0; k < count; ++k) names.push_back("LABEL_" + std::to_string(k));
    return names;
  }
  const nlohmann::json& names = file.root.at("id2label");
  if (!names.is_object() || names.empty())
    throw field_error(file, "id2label", "expected an object with at least one label");
  std::vector<std::string> labels;
  for (std::size_t k = 0; k < names.size(); ++k)
    labels.push_back(require<std::string>(file, "/id2label/" + std::to_string(k)));
  return labels;
}

/// The fields that `BertConfig` has members for, written by `write_bert_config`; the rest is kept as it is.
inline constexpr std::array<std::string_view, 20> kKnownFields{"architectures",
                                                               "model_type",
                                                               "vocab_size",
                                                               "hidden_size",
                                                               "num_hidden_layers",
                                                               "num_attention_heads",
                                                               "intermediate_size",
                                                               "hidden_act",
                                                               "hidden_dropout_prob",
                                                               "attention_probs_dropout_prob",
                                                               "classifier_dropout",
                                                               "max_position_embeddings",
                                                               "type_vocab_size",
                                                               "initializer_range",
                                                               "layer_norm_eps",
                                                               "pad_token_id",
                                                               "id2label",
                                                               "label2id",
                                                               "num_labels",
                                                               "problem_type"};

}  // namespace detail

/// Reads config.json; absent fields get BERT's defaults, unknown ones are kept and written back.
/// @throws IoError; FormatError with file, line and field; ConfigError for an impossible combination.
inline BertConfig read_bert_config(const std::string& path) {
  const JsonFile file = read_json(path);
  if (!file.root.is_object()) throw FormatError(path, 1, "expected a JSON object");
  BertConfig config;
  if (const auto type = get_or<std::string>(file, "model_type", "bert"); type != "bert")
    throw field_error(file, "model_type", concat("expected 'bert' but got '", type, "'"));
  if (const auto type = get_or<std::string>(file, "position_embedding_type", "absolute"); type != "absolute")
    throw field_error(file, "position_embedding_type", concat("expected 'absolute' but got '", type, "'"));
  if (get_or<bool>(file, "is_decoder", false)) throw field_error(file, "is_decoder", "expected false but got true");
  const auto size = [&](std::string_view field, Index& value, Index min) {
    value = get_or<Index>(file, field, value, {.min = min, .max = Index{1} << 28});
  };
  const auto real = [&](std::string_view field, double& value) {
    value = get_or<double>(file, field, value, {.min = 0.0});
  };
  size("vocab_size", config.vocab_size, 1);
  size("hidden_size", config.hidden_size, 1);
  size("num_hidden_layers", config.num_hidden_layers, 0);
  size("num_attention_heads", config.num_attention_heads, 1);
  size("intermediate_size", config.intermediate_size, 1);
  size("max_position_embeddings", config.max_position_embeddings, 1);
  size("type_vocab_size", config.type_vocab_size, 1);
  size("pad_token_id", config.pad_token_id, 0);
  config.hidden_act = get_or<std::string>(file, "hidden_act", config.hidden_act);
  real("hidden_dropout_prob", config.hidden_dropout_prob);
  real("attention_probs_dropout_prob", config.attention_probs_dropout_prob);
  real("initializer_range", config.initializer_range);
  real("layer_norm_eps", config.layer_norm_eps);
  if (has_field(file, "classifier_dropout") && !file.root.at("classifier_dropout").is_null())
    config.classifier_dropout = require<double>(file, "classifier_dropout");
  config.id2label = detail::read_labels(file);
  if (const auto name = get_or<std::string>(file, "problem_type", ""); !name.empty()) {
    for (const auto& [type, type_name] : detail::kProblemTypeNames)
      if (name == type_name) config.problem_type = type;
    if (!config.problem_type)
      throw field_error(
          file, "problem_type",
          concat("expected regression, single_label_classification or multi_label_classification but got '", name,
                 "'"));
  }
  config.architectures = get_or<std::vector<std::string>>(file, "architectures", {});
  nlohmann::json unknown = file.root;
  for (const std::string_view field : detail::kKnownFields) unknown.erase(std::string(field));
  config.unknown_fields = unknown.dump();
  try {
    return config.validated();
  } catch (const ConfigError& error) {
    throw ConfigError(concat(path, ": ", error.what()));
  }
}

/// Writes config.json as transformers reads it, at once or not at all. @throws IoError.
inline void write_bert_config(const BertConfig& config, const std::string& path) {
  nlohmann::json root = nlohmann::json::parse(config.unknown_fields);
  root["model_type"] = "bert";
  root["architectures"] = config.architectures;
  root["vocab_size"] = config.vocab_size;
  root["hidden_size"] = config.hidden_size;
  root["num_hidden_layers"] = config.num_hidden_layers;
  root["num_attention_heads"] = config.num_attention_heads;
  root["intermediate_size"] = config.intermediate_size;
  root["hidden_act"] = config.hidden_act;
  root["hidden_dropout_prob"] = config.hidden_dropout_prob;
  root["attention_probs_dropout_prob"] = config.attention_probs_dropout_prob;
  root["classifier_dropout"] = nullptr;
  if (config.classifier_dropout) root["classifier_dropout"] = *config.classifier_dropout;
  root["max_position_embeddings"] = config.max_position_embeddings;
  root["type_vocab_size"] = config.type_vocab_size;
  root["initializer_range"] = config.initializer_range;
  root["layer_norm_eps"] = config.layer_norm_eps;
  root["pad_token_id"] = config.pad_token_id;
  for (std::size_t k = 0; k < config.id2label.size(); ++k) {
    root["id2label"][std::to_string(k)] = config.id2label[k];
    root["label2id"][config.id2label[k]] = k;
  }
  if (config.problem_type)
    for (const auto& [type, name] : detail::kProblemTypeNames)
      if (type == *config.problem_type) root["problem_type"] = name;
  write_json(path, root);
}

}  // namespace tempa::inline TEMPA_ABI
