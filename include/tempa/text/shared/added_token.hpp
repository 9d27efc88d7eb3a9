// A token that was added to a vocabulary, and how it is found in a text.
#pragma once

#include <tempa/core/config.hpp>

#include <string>

namespace tempa::inline TEMPA_ABI {

/// A token that is found in the text before words are cut into pieces. It may be a token of the vocabulary, or a new
/// one with an id after the vocabulary's.
/// @source tokenizers, transformers `AddedToken`.
struct AddedToken {
  std::string content;         ///< UTF-8, not empty
  bool single_word = false;    ///< not found inside of a word
  bool lstrip = false;         ///< takes the white space before it along
  bool rstrip = false;         ///< takes the white space after it along
  bool special = false;        ///< left out by `decode` with `skip_special_tokens`
  bool normalized = !special;  ///< is looked for in the text after lower-casing and the like; itself made so, too
  friend bool operator==(const AddedToken&, const AddedToken&) = default;
};

}  // namespace tempa::inline TEMPA_ABI
