// The tokens that were added to a vocabulary, with their ids.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// A vocabulary with added tokens. A token that the vocabulary has keeps its id; any other gets the next id after it,
/// in the order in which they are added.
/// @source tokenizers `AddedVocabulary`.
class AddedVocabulary {
 public:
  explicit AddedVocabulary(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)), size_(vocabulary_.size()) {}

  /// The id that `add` would give.
  std::int32_t id_to_be(std::string_view content) const;

  /// Adds a token; one that was added before only gets the new properties.
  /// @return whether it was new, or its properties were.
  /// @throws ValueError where its text is empty or no valid UTF-8; ConfigError where it needs a new id but the
  ///   vocabulary has a token twice: the original would then assign an id that is in use.
  bool add(AddedToken token);

  /// @return the id of an added token or of one of the vocabulary, or nothing.
  std::optional<std::int32_t> find(std::string_view content) const;

  /// @return the added token with this id, or null.
  const AddedToken* token(std::int32_t id) const;

  /// @return all added tokens by their ids.
  const std::map<std::int32_t, AddedToken>& tokens() const { return tokens_; }
  /// @return the number of ids, those of the vocabulary included.
  std::int64_t size() const { return size_; }
  /// @return the vocabulary without added tokens.
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
  std::int64_t size_;
  std::map<std::int32_t, AddedToken> tokens_;
  std::map<std::string, std::int32_t, std::less<>> ids_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/shared/detail/impl/added_vocabulary.ipp>
#endif
