// A token that is added to a vocabulary, and how it is found in a text.
#pragma once

#include <tempa/core/config.hpp>

#include <string>

namespace tempa::inline TEMPA_ABI {

/// A token that is found in the text before words are split into tokens. It may be a token of the vocabulary, or a new
/// one with an id after the vocabulary's.
/// @source tokenizers, transformers `AddedToken`.
struct AddedToken {
  std::string content;       ///< UTF-8, not empty
  bool single_word = false;  ///< not found inside a word
  bool lstrip = false;       ///< includes the white space before it
  bool rstrip = false;       ///< includes the white space after it
  bool special = false;      ///< left out by `decode` with `skip_special_tokens`
  /// Both the token and the text are normalized (lower-cased and so on) before it is searched.
  bool normalized = !special;
  friend bool operator==(const AddedToken&, const AddedToken&) = default;
};

}  // namespace tempa::inline TEMPA_ABI
