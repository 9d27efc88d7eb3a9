// Makes an encoding from the ids of one text or a pair: truncation, special tokens, token types.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/tokenizer.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Which special tokens surround the texts.
///   one text: cls A sep      a pair: cls A sep B sep, or, with two separators, cls A sep sep B sep
/// @source tokenizers `TemplateProcessing`; transformers `build_inputs_with_special_tokens`.
struct SequenceTemplate {
  std::int32_t cls_id = 0;
  std::int32_t sep_id = 0;
  bool two_separators = false;                    ///< between the texts of a pair (XLM-R)
  bool second_text_is_type_1 = true;              ///< or of type 0 as the first (XLM-R)
  TextRules truncation_rules = TextRules::kFast;  ///< of `truncated_sizes`
};

/// Makes an encoding.
/// @param first ids of the first text. @param second ids of the second, or nothing for a single text.
/// @throws ValueError where `max_length` leaves no room for the special tokens, or `truncation` does not allow to
/// remove enough.
Encoding encode_sequence(std::vector<std::int32_t> first, std::optional<std::vector<std::int32_t>> second,
                         const SequenceTemplate& frame, const EncodeOptions& options);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/shared/detail/impl/sequence_template.ipp>
#endif
