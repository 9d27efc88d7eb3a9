// Texts that are encoded in a different random way each time they are read: regularization for small training sets.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/dataset.hpp>
#include <tempa/data/table/text_table.hpp>

#include <optional>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// How `AugmentedTexts` changes a text.
struct TextAugmentation {
  double piece_drop_prob = 0.0;  ///< see `EncodeOptions::piece_drop_prob`
  double token_mask_prob = 0.0;  ///< each token of the text becomes [MASK] with this probability
};

/// A training dataset over a table of texts: each row is encoded when it is read, with pieces dropped and tokens
/// masked at random. The numbers come from `default_generator()`, which a `DataLoader` seeds for each batch: the same
/// examples for any number of workers, others in each epoch.
/// @source Hiraoka 2022, "MaxMatch-Dropout"; Iyyer et al. 2015 (word dropout)
template <Tokenizer T>
class AugmentedTexts {
 public:
  /// @param table borrowed. @param tokenizer kept; it must have a `mask_token_id()`.
  /// @throws ValueError for a probability outside [0,1); ConfigError for masking without a mask token.
  AugmentedTexts(const LabeledTexts& table, T tokenizer, EncodeOptions encoding = {},
                 TextAugmentation augmentation = {})
      : table_(table), tokenizer_(std::move(tokenizer)), encoding_(encoding), augmentation_(augmentation) {
    for (const double probability : {augmentation.piece_drop_prob, augmentation.token_mask_prob})
      if (!(probability >= 0.0 && probability < 1.0))
        throw ValueError(concat("[AugmentedTexts] probabilities must be in [0,1) but one is ", probability));
    encoding_.piece_drop_prob = augmentation.piece_drop_prob;
    if (augmentation.token_mask_prob > 0.0) {
      const std::optional<std::int32_t> mask_id = tokenizer_.mask_token_id();
      if (!mask_id)
        throw ConfigError("[AugmentedTexts] token_mask_prob needs a vocabulary with a mask token but it has none");
      mask_id_ = *mask_id;
    }
  }

  Index size() const { return table_.size(); }
  /// The settings that its examples depend on: a `Trainer` compares them on resume.
  void visit_settings(auto&& f) const {
    const auto& [piece_drop_prob, token_mask_prob] = augmentation_;
    f("piece_drop_prob", piece_drop_prob);
    f("token_mask_prob", token_mask_prob);
    f("max_length", encoding_.max_length);
    f("truncation", static_cast<int>(encoding_.truncation));
    f("add_special_tokens", encoding_.add_special_tokens);
  }

  /// Tokens of a row when no pieces are dropped; dropping makes a few more. Draws nothing.
  Index length(Index row) const {
    EncodeOptions plain = encoding_;
    plain.piece_drop_prob = 0.0;
    return static_cast<Index>(encode(static_cast<std::size_t>(row), plain).ids.size());
  }

  /// A new encoding of a row, with its label. @throws what the tokenizer throws.
  TextExample operator[](Index row) const {
    const auto i = static_cast<std::size_t>(row);
    TextExample example;
    example.encoding = encode(i, encoding_);
    if (!table_.labels.empty()) example.label = table_.labels[i];
    if (!table_.targets.empty()) example.targets = table_.targets[i];
    if (augmentation_.token_mask_prob > 0.0) mask(example.encoding);
    return example;
  }

 private:
  Encoding encode(std::size_t i, const EncodeOptions& encoding) const {
    return table_.pairs.empty() ? tokenizer_.encode(std::string_view(table_.texts[i]), encoding)
                                : tokenizer_.encode(table_.texts[i], table_.pairs[i], encoding);
  }

  void mask(Encoding& encoding) const {
    const std::uint32_t threshold = drop_threshold(augmentation_.token_mask_prob);
    for (std::int32_t& id : encoding.ids) {
      const bool special =
          id == tokenizer_.cls_token_id() || id == tokenizer_.sep_token_id() || id == tokenizer_.pad_token_id();
      if (!special && default_generator().bits() < threshold) id = mask_id_;
    }
  }

  const LabeledTexts& table_;
  T tokenizer_;
  EncodeOptions encoding_;
  TextAugmentation augmentation_;
  std::int32_t mask_id_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
