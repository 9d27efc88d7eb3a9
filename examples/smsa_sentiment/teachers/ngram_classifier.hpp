// A linear classifier on the n-grams of a text.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/models/heads/outputs.hpp>
#include <tempa/nn/classification_loss.hpp>
#include <tempa/nn/embedding.hpp>
#include <tempa/ops/embedding.hpp>
#include <tempa/ops/matmul.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace teachers {

using namespace tempa;

/// Multinomial logistic regression on tf-idf: logits_b = W_0 + sum_i v_bi W_i over the n-grams i of text b, with
/// v_bi = idf_i / sqrt(sum_j idf_j^2). A batch holds the numbers of n-grams as `NgramVocabulary::ids` gives them, each
/// once, 0 (the bias) first. All weights start at zero.
/// @source scikit-learn TfidfVectorizer with LogisticRegression
struct NgramClassifier : ModuleMembers<NgramClassifier, float> {
  Embedding<float> weight;  // (V,K)
  std::vector<float> idf;   // (V)
  ClassificationLossOptions loss_options;

  /// @param inverse_document_frequencies (V) of the n-grams, by number. @throws ConfigError for no n-grams or classes.
  NgramClassifier(std::vector<float> inverse_document_frequencies, Index classes)
      : weight(static_cast<Index>(inverse_document_frequencies.size()), classes, {.initializer_range = 0.0}),
        idf(std::move(inverse_document_frequencies)) {}

  /// Logits (B,K), and the loss when the batch has labels. @throws ValueError for a number outside of [0,V).
  ClassifierOutput<float> operator()(const Batch& batch) const {
    const auto rows = embedding(weight.weight, batch.ids);                                       // (N,K)
    const auto logits = matmul(Variable<float>(values(batch).to(rows.value().device())), rows);  // (B,K)
    if (batch.labels.empty()) return {{}, logits};
    return {cross_entropy(logits, batch.labels, cross_entropy_options(loss_options)), logits};
  }

  /// What the loss of a batch weighs: its rows, by their class weights; see `loss_weight_of`.
  double loss_weight(const Batch& batch) const {
    return cross_entropy_weight(batch.labels, weight.weight.size(1), cross_entropy_options(loss_options));
  }

  void visit(auto&& f) { f("weight", weight); }

 private:
  // (B,N) the v of each n-gram in the row of its text.
  Tensor<float> values(const Batch& batch) const {
    const auto ids = batch.ids.to(Device::cpu()), bounds = batch.cu_seqlens.to(Device::cpu());
    const Index tokens = batch.tokens();
    auto result = Tensor<float>::zeros({batch.size(), tokens});
    for (Index b = 0; b < batch.size(); ++b) {
      float* const row = result.data() + b * tokens;
      double squares = 0;
      for (Index i = bounds.data()[b]; i < bounds.data()[b + 1]; ++i) {
        const std::int32_t id = ids.data()[i];
        row[i] = id == 0 ? 1.0F : idf[static_cast<std::size_t>(id)];
        if (id != 0) squares += static_cast<double>(row[i]) * row[i];
      }
      for (Index i = bounds.data()[b]; i < bounds.data()[b + 1]; ++i)
        if (ids.data()[i] != 0) row[i] /= static_cast<float>(std::sqrt(squares));
    }
    return result;
  }
};

}  // namespace teachers
