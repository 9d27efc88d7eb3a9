// Reads the file of tests/fixtures/models/make_token_classification.py.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/data/batch.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/config.hpp>

#include "support/catch.hpp"
#include "support/difference.hpp"
#include "support/fixtures.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

struct HeadFixture {
  tempa::StateDict tensors = tempa::load_safetensors(fixture_path("models/token_classification.safetensors").string());
  tempa::BertConfig config{.vocab_size = 11,
                           .hidden_size = 6,
                           .num_hidden_layers = 1,
                           .num_attention_heads = 2,
                           .intermediate_size = 10,
                           .max_position_embeddings = 9};

  /// The padded ids, packed, without labels.
  tempa::Batch batch() const {
    return tempa::pack_padded(tensors.get<std::int32_t>("ids"), tensors.get<std::int32_t>("attention_mask"));
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

  /// `model` with the file's weights, in evaluation mode.
  template <typename T, typename Model>
  Model prepared(Model model, const std::string& name) const {
    for_each_parameter(model, name + ".weights", [](auto& parameter, const tempa::Tensor<double>& values) {
      const auto converted = values.cast<T>();
      std::copy(converted.span().begin(), converted.span().end(), parameter.variable.mutable_value().span().begin());
    });
    model.eval();
    return model;
  }
};

/// Checks every gradient of `model` against the file's.
template <typename Model>
void check_gradients(const HeadFixture& fixture, Model& model, const std::string& name) {
  fixture.for_each_parameter(model, name + ".grad", [](auto& parameter, const tempa::Tensor<double>& expected) {
    INFO(parameter.name);
    if (parameter.name.ends_with("key.bias")) {
      // It shifts all scores of a row alike: its gradient is zero but for rounding.
      for (const double g : parameter.variable.grad().span()) CHECK(std::abs(g) < 1e-14);
    } else {
      CHECK(difference(parameter.variable.grad(), expected) < 0x1p-24 + 1e-11);  // stored as float32
    }
  });
}
