// The texts of the special tokens: [CLS], [SEP] and so on.
#pragma once

#include <tempa/core/config.hpp>

#include <array>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// The tokens with a role, by Hugging Face's names.
struct SpecialTokens {
  std::string unk_token = "[UNK]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string mask_token = "[MASK]";  ///< may be missing in the vocabulary: only pre-training reads it

  /// @return the five tokens in this order.
  std::array<std::string_view, 5> all() const { return {unk_token, sep_token, pad_token, cls_token, mask_token}; }
};

}  // namespace tempa::inline TEMPA_ABI
