// The bodies of <tempa/text/training/japanese_vocabulary_trainer.hpp>.
#pragma once

#include <tempa/text/training/japanese_vocabulary_trainer.hpp>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::vector<std::string> first_tokens(const SpecialTokens& special) {
  return {special.pad_token, special.unk_token, special.cls_token, special.sep_token, special.mask_token};
}

}  // namespace tempa::inline TEMPA_ABI::detail
