// BERT without a head.
#pragma once

#include <tempa/models/bert/config.hpp>
#include <tempa/models/encoder/embeddings.hpp>
#include <tempa/models/encoder/encoder_model.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// Embeddings, encoder and pooler.
/// @source Devlin et al. 2018; transformers BertModel
template <Floating T>
struct BertModel : EncoderModelMembers<BertModel<T>, T> {
  static constexpr std::string_view kName = "BertModel";

  BertConfig config;
  EncoderEmbeddings<T> embeddings;
  Encoder<T> encoder;
  Pooler<T> pooler;

  BertModel() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit BertModel(const BertConfig& configuration);

  void visit_body(auto&& f) {
    f("embeddings", embeddings);
    f("encoder", encoder);
  }
  void visit(auto&& f) {
    visit_body(f);
    f("pooler", pooler);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/bert/impl/model.ipp>
#endif
