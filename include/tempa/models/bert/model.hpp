// BERT without a head.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/models/bert/config.hpp>
#include <tempa/models/encoder/embeddings.hpp>
#include <tempa/models/encoder/encoder_model.hpp>

#include <filesystem>
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
  explicit BertModel(const BertConfig& configuration)
      : config(validated(configuration)),
        embeddings(config.embeddings()),
        encoder(config.encoder()),
        pooler(config.encoder()) {}

  void visit_body(auto&& f) {
    f("embeddings", embeddings);
    f("encoder", encoder);
  }
  void visit(auto&& f) {
    visit_body(f);
    f("pooler", pooler);
  }
};

TEMPA_COMPILED_ENCODER_MODEL(BertModel);

}  // namespace tempa::inline TEMPA_ABI
