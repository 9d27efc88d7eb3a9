// A user's own classifier: BertModel with a custom head. Everything here is user code.
#pragma once

#include <tempa/models/bert/model.hpp>
#include <tempa/nn/activation.hpp>
#include <tempa/nn/batch_norm1d.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/linear.hpp>
#include <tempa/nn/sequential.hpp>
#include <tempa/ops/bce_with_logits.hpp>

#include <cstdint>
#include <string_view>
#include <tuple>

/// Dropout, Linear C to C/2, BatchNorm1d, Linear to C/8, ReLU, Dropout, Linear to C/32, ReLU, Dropout, Linear to 2;
/// with C = 768: 768, 384, 96, 24, 2. Parameters are named as in a torch.nn.Sequential of these layers.
/// @param hidden_size C, at least 32. @throws tempa::ConfigError for a smaller one.
template <tempa::Floating T>
auto make_review_head(tempa::Index hidden_size, double drop_prob) {
  using namespace tempa;
  if (hidden_size < 32)
    throw ConfigError(concat("[ReviewClassifier] hidden_size must be at least 32 but is ", hidden_size));
  return Sequential{Dropout(drop_prob),
                    Linear<T>(hidden_size, hidden_size / 2),
                    BatchNorm1d<T>(hidden_size / 2),
                    Linear<T>(hidden_size / 2, hidden_size / 8),
                    Relu{},
                    Dropout(drop_prob),
                    Linear<T>(hidden_size / 8, hidden_size / 32),
                    Relu{},
                    Dropout(drop_prob),
                    Linear<T>(hidden_size / 32, 2)};
}

/// The classifier's output.
template <tempa::Floating T>
struct ReviewOutput {
  tempa::Variable<tempa::Accumulator<T>> loss;  ///< mean over rows and classes; undefined when the batch has no labels
  tempa::Variable<T> logits;                    ///< (B,2)
};

/// (B,2): 1 in the column of the label, else 0. @param labels (B) of 0 and 1.
template <tempa::Real T>
tempa::Tensor<T> one_hot(const tempa::Tensor<std::int32_t>& labels) {
  auto targets = tempa::Tensor<T>::zeros({labels.numel(), 2});
  for (tempa::Index b = 0; b < labels.numel(); ++b) targets.data()[2 * b + labels.data()[b]] = T(1);
  return targets;
}

/// logits = head(pooler_output), with binary cross entropy of both logits against one-hot targets.
template <tempa::Floating T>
struct ReviewClassifier : tempa::ModuleMembers<ReviewClassifier<T>, T> {
  static constexpr std::string_view kName = "ReviewClassifier";

  tempa::BertModel<T> bert;
  decltype(make_review_head<T>(0, 0.0)) head;

  ReviewClassifier() = default;
  explicit ReviewClassifier(const tempa::BertConfig& configuration, double drop_prob = 0.2)
      : bert(configuration), head(make_review_head<T>(bert.config.hidden_size, drop_prob)) {}

  const tempa::BertConfig& config() const { return bert.config; }

  ReviewOutput<T> operator()(const tempa::Batch& batch) {
    const auto logits = head(bert(batch, tempa::OutputRows::kFirstToken).pooler_output);  // (B,2)
    if (batch.labels.empty()) return {{}, logits};
    const auto targets =
        one_hot<tempa::Accumulator<T>>(batch.labels.to(tempa::Device::cpu())).to(logits.device());  // (B,2)
    return {tempa::bce_with_logits(logits, targets), logits};
  }

  /// Changes the head's three dropouts, after a model was loaded.
  void set_head_dropout(double drop_prob) {
    std::get<0>(head.layers) = tempa::Dropout(drop_prob);
    std::get<5>(head.layers) = tempa::Dropout(drop_prob);
    std::get<8>(head.layers) = tempa::Dropout(drop_prob);
  }

  void visit(auto&& f) {
    f("bert", bert);
    f("head", head);
  }
};
