// Ids back to a text. The internals of bert_tokenizer.hpp.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_state.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

/// `text` with every `from` replaced.
std::string replace_all(const std::string& text, std::string_view from, std::string_view to);

/// Removes the spaces that English text does not have, such as before punctuation. @param of_token also " do not"
/// becomes " don't".
/// @source transformers `clean_up_tokenization`; tokenizers `decoders.WordPiece(cleanup=True)` for `of_token`.
std::string clean_up_spaces(std::string text, bool of_token);

/// @source tokenizers `Tokenizer.decode` with `decoders.WordPiece`.
std::string decode_bert(const BertTokenizerState& state, std::span<const std::int32_t> ids, bool skip_special);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/bert_decoder.ipp>
#endif
