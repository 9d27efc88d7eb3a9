// The bodies of <tempa/models/pretrained/detail/config_json.hpp>.
#pragma once

#include <tempa/data/detail/matched_labels.hpp>
#include <tempa/io/detail/json/json_members.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/models/pretrained/detail/config_json.hpp>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE bool has_value(const JsonFile& file, std::string_view field) {
  return has_field(file, field) && !file.root.at(json_pointer_of(field)).is_null();
}

/// Refuses a `label2id` that says something else than `id2label`. Names that nobody has given ("LABEL_0") may differ:
/// transformers leaves them in the file when only `id2label` is set; and so may the case of names.
inline void check_label_ids(const JsonFile& file, const std::vector<std::string>& labels) {
  if (!has_value(file, "label2id")) return;
  const nlohmann::json& ids = file.root.at("label2id");
  if (!ids.is_object()) throw field_error(file, "label2id", "expected an object");
  const std::unordered_set<std::string_view> names(labels.begin(), labels.end());
  for (const auto& item : ids.items()) {
    const std::string field = (nlohmann::json::json_pointer("/label2id") / item.key()).to_string();
    Index id = 0;
    if (item.value().is_string()) {  // older files have numbers in quotes
      const auto& text = item.value().get_ref<const std::string&>();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
      if (error != std::errc() || end != text.data() + text.size())
        throw field_error(file, field, concat("expected an integer but got ", printable(text)));
    } else {
      id = require<Index>(file, field);
    }
    const bool known = id >= 0 && id < static_cast<Index>(labels.size());
    if (known && labels[static_cast<std::size_t>(id)] == item.key()) continue;
    if (known && label_key(labels[static_cast<std::size_t>(id)]) == label_key(item.key()) &&
        !names.contains(item.key()))
      continue;
    if (item.key() == "LABEL_" + std::to_string(id)) continue;
    throw field_error(file, field,
                      known ? concat("expected the number that id2label gives this name but got ", id, ", which is ",
                                     printable(labels[static_cast<std::size_t>(id)]), " there")
                            : concat("expected a number of id2label, below ", labels.size(), ", but got ", id));
  }
}

/// Label names by number from `id2label`, whose keys are "0", "1", …; from `num_labels` when there is none. A name that
/// is a whole number, which transformers writes for such labels, is its digits.
inline std::vector<std::string> read_labels(const JsonFile& file) {
  if (!has_value(file, "id2label")) {
    return default_labels(get_or<Index>(file, "num_labels", 2, {.min = 1, .max = 1 << 20}));
  }
  const nlohmann::json& names = file.root.at("id2label");
  if (!names.is_object() || names.empty())
    throw field_error(file, "id2label", "expected an object with at least one label");
  std::vector<std::string> labels;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto name = names.find(std::to_string(k));
    const bool number = name != names.end() && name->is_number_integer();
    labels.push_back(number ? name->dump() : require<std::string>(file, "/id2label/" + std::to_string(k)));
  }
  const auto count = static_cast<Index>(labels.size());
  if (const auto given = get_or<Index>(file, "num_labels", count); given != count)
    throw field_error(file, "num_labels", concat("expected ", count, ", the size of id2label, but got ", given));
  check_label_ids(file, labels);
  return labels;
}

inline std::optional<ProblemType> read_problem_type(const JsonFile& file) {
  const auto name = get_or<std::string>(file, "problem_type", "");
  if (name.empty()) return std::nullopt;
  for (const auto& [type, type_name] : kProblemTypeNames)
    if (name == type_name) return type;
  throw field_error(file, "problem_type",
                    concat("expected regression, single_label_classification or multi_label_classification but got ",
                           printable(name)));
}

/// `dtype`, or `torch_dtype` as it was called before; nothing for a type that tempa does not store.
inline std::optional<DType> read_dtype(const JsonFile& file) {
  const auto name = get_or<std::string>(file, "dtype", get_or<std::string>(file, "torch_dtype", ""));
  for (const DType type : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16})
    if (name == to_string(type)) return type;
  return std::nullopt;
}

TEMPA_INLINE void read_field(const JsonFile& file, const ConfigField& field) {
  const bool given = has_value(file, field.name);
  std::visit(
      [&]<typename Value>(Value* value) {
        if constexpr (std::same_as<Value, Index>)
          *value = get_or<Index>(file, field.name, *value, {.min = field.min, .max = field.max});
        if constexpr (std::same_as<Value, double>) *value = get_or<double>(file, field.name, *value, {.min = 0.0});
        if constexpr (std::same_as<Value, std::string>) *value = get_or<std::string>(file, field.name, *value);
        if constexpr (std::same_as<Value, std::optional<Index>>) {
          if (has_field(file, field.name)) *value = std::nullopt;
          if (given) *value = require<Index>(file, field.name, {.min = 0, .max = ConfigField::kLargestSize});
        }
        if constexpr (std::same_as<Value, std::optional<double>>) {
          if (has_field(file, field.name)) *value = std::nullopt;
          if (given) *value = require<double>(file, field.name, {.min = 0.0});
        }
      },
      field.value);
}

TEMPA_INLINE void read_config(const std::string& path, const ConfigView& config) {
  const JsonFile file = read_json(path);
  if (!file.root.is_object()) throw FormatError(path, 1, "expected a JSON object");
  const auto expect = [&](std::string_view field, const std::string& expected) {
    if (const auto value = get_or<std::string>(file, field, expected); value != expected)
      throw field_error(file, field, concat("expected '", expected, "' but got ", printable(value)));
  };
  expect("model_type", std::string(config.model_type));
  expect("position_embedding_type", "absolute");
  for (const std::string_view field : {"is_decoder", "add_cross_attention"})
    if (get_or<bool>(file, field, false)) throw field_error(file, field, "expected false but got true");
  for (const ConfigField& field : config.fields) read_field(file, field);
  *config.id2label = read_labels(file);
  *config.problem_type = read_problem_type(file);
  *config.architectures = get_or<std::vector<std::string>>(file, "architectures", {});
  *config.dtype = read_dtype(file);
  *config.source_json = file.text;
}

/// The fields of a configuration as they stand in a config.json, sorted.
inline std::vector<JsonMember> known_members(const ConfigView& config) {
  std::vector<JsonMember> members;
  const auto add = [&](std::string_view key, const nlohmann::json& value) {
    std::string text = value.dump(2);
    for (std::size_t i = text.find('\n'); i != std::string::npos; i = text.find('\n', i + 1)) text.insert(i + 1, "  ");
    members.push_back({std::string(key), std::move(text)});
  };
  const auto add_optional = [&](std::string_view key, const auto& value) {
    value ? add(key, *value) : add(key, nullptr);
  };
  for (const ConfigField& field : config.fields)
    std::visit(
        [&](const auto* value) {
          if constexpr (requires { value->has_value(); }) {
            add_optional(field.name, *value);
          } else {
            add(field.name, *value);
          }
        },
        field.value);
  add("model_type", config.model_type);
  add("architectures", *config.architectures);
  if (*config.dtype) add("dtype", to_string(**config.dtype));
  std::optional<std::string_view> problem;
  for (const auto& [type, name] : kProblemTypeNames)
    if (*config.problem_type == type) problem = name;
  add_optional("problem_type", problem);
  std::string names;  // by number: "10" comes after "9"
  nlohmann::json ids;
  const std::vector<std::string>& labels = *config.id2label;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    names += concat(k > 0 ? "," : "", "\n    \"", k, "\": ", nlohmann::json(labels[k]).dump());
    ids[labels[k]] = k;
  }
  members.push_back({"id2label", "{" + names + "\n  }"});
  add("label2id", ids);
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return members;
}

TEMPA_INLINE std::string config_text(const ConfigView& config) {
  std::vector<JsonMember> members =
      json_members(parse_json(*config.source_json, concat(config.class_name, "Config::source_json")));
  const auto with_key = [&](std::string_view key) {
    return std::find_if(members.begin(), members.end(), [&](const JsonMember& member) { return member.key == key; });
  };
  if (const auto old = with_key("num_labels"); old != members.end()) members.erase(old);
  if (const auto old = with_key("torch_dtype"); old != members.end()) {
    if (with_key("dtype") == members.end()) {
      old->key = "dtype";
    } else {
      members.erase(old);
    }
  }
  try {
    for (JsonMember& known : known_members(config)) {
      const auto old = with_key(known.key);
      const auto next = std::find_if(members.begin(), members.end(),
                                     [&](const JsonMember& member) { return member.key > known.key; });
      if (old != members.end()) {
        *old = std::move(known);
      } else {
        members.insert(next, std::move(known));
      }
    }
    return json_object_text(members);
  } catch (const nlohmann::json::exception& error) {
    throw ValueError(concat("[config_text] expected labels in UTF-8: ", error.what()));
  }
}

}  // namespace tempa::inline TEMPA_ABI::detail
