// Batches for masked language modeling: some tokens are hidden, and the model has to predict them.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/data/dataset.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace tempa::inline TEMPA_ABI {

/// What happens to the tokens of a text that are neither [CLS], [SEP] nor padding.
struct TokenMasking {
  double mask_prob = 0.15;           ///< share of the tokens that are to be predicted
  double replace_prob = 0.8;         ///< of these: becomes [MASK]
  double random_replace_prob = 0.1;  ///< of these: becomes any token; the rest stays as it is
};

/// A packed batch in which M tokens are to be predicted.
struct MaskedLMBatch {
  Batch input;                     ///< the tokens as the model reads them
  Tensor<std::int32_t> positions;  ///< (M) which of the N tokens are to be predicted, ascending
  Tensor<std::int32_t> targets;    ///< (M) the original tokens

  Index tokens() const { return input.tokens(); }
  /// The same batch on `device`. @throws DeviceError.
  MaskedLMBatch to(Device device) const { return {input.to(device), positions.to(device), targets.to(device)}; }
};

/// The collate function of masked language modeling: every token that is not special is chosen with `mask_prob`, at
/// least one in a batch that has any. Random numbers come from `default_generator()`, which a `DataLoader` seeds for
/// each batch: a different choice in each epoch, but the same for any number of workers.
/// @source Devlin et al. 2018; transformers DataCollatorForLanguageModeling
class MaskedLMCollate {
 public:
  /// @param tokenizer its mask, [CLS], [SEP] and padding ids and its vocabulary's size are taken.
  /// @throws ConfigError for a vocabulary without a mask token; ValueError for probabilities outside of [0,1], a
  ///   `mask_prob` of 0, or `replace_prob` and `random_replace_prob` that add up to more than 1.
  template <Tokenizer T>
  explicit MaskedLMCollate(const T& tokenizer, TokenMasking masking = {})
      : special_{tokenizer.cls_token_id(), tokenizer.sep_token_id(), tokenizer.pad_token_id()},
        vocab_size_(tokenizer.vocab_size()),
        masking_(masking) {
    const std::optional<std::int32_t> mask_id = tokenizer.mask_token_id();
    if (!mask_id) throw ConfigError("[MaskedLMCollate] expected a vocabulary with a mask token but it has none");
    mask_id_ = *mask_id;
    for (const double probability : {masking.mask_prob, masking.replace_prob, masking.random_replace_prob})
      if (!(probability >= 0.0 && probability <= 1.0))
        throw ValueError(concat("[MaskedLMCollate] probabilities must be in [0,1] but one is ", probability));
    if (masking.mask_prob == 0.0 || masking.replace_prob + masking.random_replace_prob > 1.0)
      throw ValueError(concat("[MaskedLMCollate] mask_prob must be positive and replace_prob + random_replace_prob at ",
                              "most 1 but they are ", masking.mask_prob, ", ", masking.replace_prob, " + ",
                              masking.random_replace_prob));
  }

  /// @throws ValueError as `PackedCollate`, and for a batch of special tokens only.
  MaskedLMBatch operator()(std::span<const TextExample> examples) const;

  /// The settings that its batches depend on: a `Trainer` compares them on resume.
  void visit_settings(auto&& f) const {
    const auto& [mask_prob, replace_prob, random_replace_prob] = masking_;
    f("mask_prob", mask_prob);
    f("replace_prob", replace_prob);
    f("random_replace_prob", random_replace_prob);
  }

 private:
  bool is_special(std::int32_t id) const;

  std::int32_t special_[3];
  std::int32_t mask_id_ = 0;
  std::int64_t vocab_size_;
  TokenMasking masking_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/masked_tokens.ipp>
#endif
