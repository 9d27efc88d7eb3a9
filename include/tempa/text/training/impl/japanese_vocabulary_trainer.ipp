// The bodies of <tempa/text/training/japanese_vocabulary_trainer.hpp>.
#pragma once

#include <tempa/text/training/japanese_vocabulary_trainer.hpp>

#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE std::vector<std::string> first_tokens(const SpecialTokens& special) {
  return {special.pad_token, special.unk_token, special.cls_token, special.sep_token, special.mask_token};
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
