// A vocabulary: token <-> id, read from and written to vocab.txt.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Tokens in the order of their ids. Cheap to copy: copies share the tokens, which never change.
class Vocabulary {
 public:
  Vocabulary() : Vocabulary(std::vector<std::string>{}) {}

  /// @param tokens token i gets id i; where a token occurs twice, looking it up gives the last id.
  /// @param may_end_in_space whether white space at the end of a token is legal: `load` drops it by the fast rules.
  /// @throws ValueError for what vocab.txt cannot contain: invalid UTF-8, NUL, a line break, white space at the end.
  static Vocabulary from_tokens(std::vector<std::string> tokens, bool may_end_in_space = false);

  /// Reads vocab.txt: line i (from 0) is the token with id i; of a token that occurs twice (files in use have them)
  /// looking it up gives the last id.
  /// @param rules fast: lines end with a line feed, and white space at their ends does not count; Python: lines end
  ///   with a line feed, a carriage return, or both, and nothing else is removed.
  /// @throws IoError where the file cannot be read; FormatError with the line where it is empty, holds invalid UTF-8
  ///   or a NUL byte.
  /// @source tokenizers `WordPiece::read_file`; transformers `load_vocab`.
  static Vocabulary load(const std::filesystem::path& path, TextRules rules = TextRules::kFast);

  /// Writes vocab.txt, one token a line; a vocabulary that was loaded is written as its file was, byte by byte.
  /// @throws IoError where the file cannot be written.
  void save(const std::filesystem::path& path) const;

  /// @return the number of ids (lines of the file).
  std::int64_t size() const { return static_cast<std::int64_t>(data_->tokens.size()); }

  /// @return the id of `token`, or nothing.
  std::optional<std::int32_t> find(std::string_view token) const;

  /// @return the token with this id. @throws ValueError where id is not in [0, size()).
  const std::string& token(std::int32_t id) const;

  /// @return the number of different tokens: less than `size()` where one occurs twice.
  std::int64_t distinct_tokens() const;

  /// @return all tokens in the order of their ids.
  const std::vector<std::string>& tokens() const { return data_->tokens; }

  /// @return the trie of all tokens, with their ids as values.
  const ByteTrie& trie() const { return data_->trie; }

 private:
  struct Data {
    std::vector<std::string> tokens;
    ByteTrie trie;
    std::string file_text;  // of the file that was loaded, else empty
  };

  explicit Vocabulary(std::vector<std::string> tokens, std::string file_text = {});

  std::shared_ptr<const Data> data_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/shared/impl/vocabulary.ipp>
#endif
