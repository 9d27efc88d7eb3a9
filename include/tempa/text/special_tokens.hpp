// Special tokens: their names, and finding them in a raw text.
#pragma once

#include <tempa/core/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The tokens with a role of their own, by Hugging Face's names.
struct SpecialTokens {
  std::string unk_token = "[UNK]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string mask_token = "[MASK]";  ///< may be missing in the vocabulary: only pre-training reads it

  /// @return the five tokens in this order.
  std::array<std::string_view, 5> all() const { return {unk_token, sep_token, pad_token, cls_token, mask_token}; }
};

/// Finds whole tokens in raw text, before anything is normalised: leftmost first, of several there the longest.
/// @source tokenizers `AddedVocabulary`; transformers 4 `Trie.split`.
class TokenSplitter {
 public:
  TokenSplitter() = default;

  /// @param tokens texts to find (not empty) with their ids.
  explicit TokenSplitter(std::vector<std::pair<std::string, std::int32_t>> tokens) : tokens_(std::move(tokens)) {
    for (const auto& token : tokens_) starts_[static_cast<unsigned char>(token.first[0])] = true;
  }

  /// Cuts `text` into what lies between the tokens and the tokens.
  /// @param on_text called as `on_text(std::string_view)` for each stretch of plain text that is not empty.
  /// @param on_token called as `on_token(std::int32_t id, std::string_view token)` for each token.
  template <typename OnText, typename OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size();) {
      if (!starts_[static_cast<unsigned char>(text[i])]) {
        ++i;
        continue;
      }
      const std::pair<std::string, std::int32_t>* longest = nullptr;
      for (const auto& token : tokens_) {
        if (text.substr(i).starts_with(token.first) && (!longest || token.first.size() > longest->first.size())) {
          longest = &token;
        }
      }
      if (longest == nullptr) {
        ++i;
        continue;
      }
      if (begin < i) on_text(text.substr(begin, i - begin));
      on_token(longest->second, text.substr(i, longest->first.size()));
      begin = i += longest->first.size();
    }
    if (begin < text.size()) on_text(text.substr(begin));
  }

 private:
  std::vector<std::pair<std::string, std::int32_t>> tokens_;
  std::array<bool, 256> starts_{};
};

}  // namespace tempa::inline TEMPA_ABI
