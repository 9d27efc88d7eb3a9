// The bodies of <tempa/text/shared/detail/added_vocabulary.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::int32_t AddedVocabulary::id_to_be(std::string_view content) const {
  return find(content).value_or(static_cast<std::int32_t>(size_));
}

TEMPA_INLINE bool AddedVocabulary::add(AddedToken token) {
  if (token.content.empty()) throw ValueError("[AddedVocabulary] a token must not be empty");
  require_valid_utf8("AddedVocabulary", token.content);
  const bool known = find(token.content).has_value();
  if (!known && size_ == vocabulary_.size() && vocabulary_.distinct_tokens() != size_) {
    throw ConfigError(concat("[AddedVocabulary] a vocabulary of ", size_, " ids must have as many different tokens ",
                             "before ", printable(token.content), " can be added but has ",
                             vocabulary_.distinct_tokens()));
  }
  const std::int32_t id = id_to_be(token.content);
  if (const AddedToken* old = this->token(id); old != nullptr && *old == token) return false;
  if (!known) ++size_;
  ids_.insert_or_assign(token.content, id);
  tokens_.insert_or_assign(id, std::move(token));
  return true;
}

TEMPA_INLINE std::optional<std::int32_t> AddedVocabulary::find(std::string_view content) const {
  const auto it = ids_.find(content);
  return it == ids_.end() ? vocabulary_.find(content) : std::optional(it->second);
}

TEMPA_INLINE const AddedToken* AddedVocabulary::token(std::int32_t id) const {
  const auto it = tokens_.find(id);
  return it == tokens_.end() ? nullptr : &it->second;
}

}  // namespace tempa::inline TEMPA_ABI
