// Reads the file of tests/fixtures/models/make_albert.py.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/data/label_columns.hpp>
#include <tempa/data/masked_tokens.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/albert/heads.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

struct AlbertFixture {
  using Ids = tempa::Tensor<std::int32_t>;

  tempa::StateDict tensors;
  tempa::JsonFile names;
  tempa::AlbertConfig config;

  AlbertFixture() {
    using namespace tempa;
    const SafetensorsFile file(fixture_path("models/albert.safetensors").string());
    tensors = load_safetensors(file.path());
    names = parse_json(file.metadata().at("names"), file.path());
    const JsonFile sizes = parse_json(file.metadata().at("config"), file.path());
    for (const ConfigField& field : config.fields()) detail::read_field(sizes, field);
    config.classifier_dropout_prob = 0;
    config.id2label = {"a", "b", "c"};
  }

  /// What `model` is called with, labels included. @param name of the model in the file.
  template <typename T>
  tempa::Batch batch(const tempa::SequenceClassification<T>&, const std::string& name) const {
    return with_labels(labels(name));
  }
  template <typename T>
  tempa::Batch batch(const tempa::LabelColumnsClassification<T>&, const std::string& name) const {
    return with_labels(labels(name));
  }
  template <typename T>
  tempa::Batch batch(const tempa::TokenClassification<T>&, const std::string& name) const {
    std::vector<std::int32_t> packed;
    for_each_token(name, [&](std::int32_t, std::int32_t label) { packed.push_back(label); });
    return with_labels(Ids::from(packed));
  }
  template <typename T>
  tempa::MaskedLMBatch batch(const tempa::MaskedLM<T>&, const std::string& name) const {
    std::vector<std::int32_t> positions, targets;
    for_each_token(name, [&](std::int32_t n, std::int32_t label) {
      if (label == -100) return;
      positions.push_back(n);
      targets.push_back(label);
    });
    return {.input = with_labels({}), .positions = Ids::from(positions), .targets = Ids::from(targets)};
  }

  /// The model's parameters, sorted by name as in the file, each with its part of a tensor of all of them.
  /// @param f called with the parameter and a flat tensor of its size.
  template <typename Model, typename F>
  void for_each_parameter(Model& model, const std::string& tensor, const F& f) const {
    auto parameters = model.named_parameters();
    std::sort(parameters.begin(), parameters.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto flat = tensors.get<float>(tensor);
    tempa::Index begin = 0;
    for (auto& parameter : parameters) {
      const tempa::Index end = begin + parameter.variable.numel();
      REQUIRE(end <= flat.numel());
      f(parameter, flat.rows(begin, end).template cast<double>());
      begin = end;
    }
    REQUIRE(begin == flat.numel());
  }

  /// A model with the file's weights, in training mode; nothing is dropped.
  template <typename Model>
  Model model(const std::string& name) const {
    Model result = fresh<Model>();
    for_each_parameter(result, name + ".weights", [](auto& parameter, const tempa::Tensor<double>& values) {
      using T = typename Model::value_type;
      std::transform(values.span().begin(), values.span().end(), parameter.variable.mutable_value().span().begin(),
                     [](double value) { return static_cast<T>(value); });
    });
    return result;
  }

 private:
  template <typename Model>
  Model fresh() const {
    if constexpr (requires(Model model) { model.label_columns; }) {
      const std::vector<tempa::LabelColumn> columns{
          {"x", {"a", "b", "c"}}, {"y", {"a", "b"}}, {"z", {"a", "b", "c", "d"}}};
      return Model(config, columns);
    } else {
      return Model(config);
    }
  }
  Ids labels(const std::string& name) const { return tensors.get<std::int32_t>(name + ".labels"); }
  tempa::Batch with_labels(const Ids& labels) const {
    auto batch = tempa::pack_padded(tensors.get<std::int32_t>("ids"), tensors.get<std::int32_t>("attention_mask"),
                                    tensors.get<std::int32_t>("token_type_ids"));
    batch.labels = labels;
    return batch;
  }
  /// @param f called with the number of each token that is not padding, and its label.
  template <typename F>
  void for_each_token(const std::string& name, const F& f) const {
    const auto mask = tensors.get<std::int32_t>("attention_mask"), all = labels(name);
    std::int32_t n = 0;
    for (tempa::Index i = 0; i < mask.numel(); ++i)
      if (mask.data()[i] == 1) f(n++, all.data()[i]);
  }
};
