// A vocabulary: token <-> id, read from and written to vocab.txt.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/byte_trie.hpp>
#include <tempa/text/unicode.hpp>
#include <tempa/text/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Tokens in the order of their ids. A cheap value: copies share the tokens, which never change.
class Vocabulary {
 public:
  Vocabulary() : Vocabulary(std::vector<std::string>{}) {}

  /// @param tokens token i gets id i; where a token comes twice, looking it up gives the last id.
  /// @throws ValueError for what vocab.txt cannot hold: invalid UTF-8, NUL, a line break, white space at the end.
  static Vocabulary from_tokens(std::vector<std::string> tokens) {
    for (std::size_t id = 0; id < tokens.size(); ++id) {
      require_valid_utf8("Vocabulary", tokens[id]);
      if (tokens[id].find_first_of(std::string_view("\n\0", 2)) != std::string::npos ||
          trim_end(tokens[id]).size() != tokens[id].size()) {
        throw ValueError(
            concat("[Vocabulary] a token must hold no NUL or line break and not end in white space but token ", id,
                   " is \"", tokens[id], "\""));
      }
    }
    return Vocabulary(std::move(tokens));
  }

  /// Reads vocab.txt: line i (from 0) is the token with id i, without the white space at its end.
  /// @throws IoError where the file cannot be read; FormatError with the line where it is empty, holds invalid UTF-8
  ///   or a NUL byte. A token that comes twice is legal (files in use have them): looking it up gives the last id.
  /// @source tokenizers `WordPiece::read_file`.
  static Vocabulary load(const std::filesystem::path& path) {
    const std::string name = path.string();
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
      throw IoError(name, "expected a vocabulary file but it is a folder");
    std::ifstream in(path, std::ios::binary);
    if (!in) throw IoError(name, "cannot open the vocabulary file");
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (in.bad()) throw IoError(name, "cannot read the vocabulary file");
    if (text.empty()) throw FormatError(name, 0, "expected one token a line but the file is empty");
    std::vector<std::string> tokens;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      const auto number = static_cast<std::int64_t>(tokens.size()) + 1;
      if (const auto offset = find_invalid_utf8(line)) {
        throw FormatError(name, number, concat("expected UTF-8 but byte ", *offset, " of the line is invalid"));
      }
      if (line.find('\0') != std::string_view::npos) throw FormatError(name, number, "the line holds a NUL byte");
      if (number > std::numeric_limits<std::int32_t>::max()) throw FormatError(name, number, "more tokens than ids");
      tokens.emplace_back(trim_end(line));
      begin = end + 1;
    }
    return Vocabulary(std::move(tokens));
  }

  /// Writes vocab.txt, one token a line. @throws IoError where the file cannot be written.
  void save(const std::filesystem::path& path) const {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!out) throw IoError(path.string(), "cannot write the vocabulary file");
    for (const std::string& token : data_->tokens) out << token << '\n';
    out.close();
    if (!out) throw IoError(path.string(), "writing the vocabulary file failed");
  }

  /// @return the number of ids (lines of the file).
  std::int64_t size() const { return static_cast<std::int64_t>(data_->tokens.size()); }

  /// @return the id of `token`, or nothing.
  std::optional<std::int32_t> find(std::string_view token) const {
    const std::int32_t id = data_->trie.find(token);
    return id == ByteTrie::kNoValue ? std::nullopt : std::optional(id);
  }

  /// @return the token with this id. @throws ValueError where id is not in [0, size()).
  const std::string& token(std::int32_t id) const {
    if (id < 0 || id >= size()) {
      throw ValueError(concat("[Vocabulary] id must be in [0, ", size(), ") but is ", id));
    }
    return data_->tokens[static_cast<std::size_t>(id)];
  }

  /// @return all tokens in the order of their ids.
  const std::vector<std::string>& tokens() const { return data_->tokens; }

  /// @return the trie of all tokens, with their ids as values.
  const ByteTrie& trie() const { return data_->trie; }

 private:
  struct Data {
    std::vector<std::string> tokens;
    ByteTrie trie;
  };

  explicit Vocabulary(std::vector<std::string> tokens) {
    auto data = std::make_shared<Data>();
    data->tokens = std::move(tokens);
    std::vector<std::pair<std::string_view, std::int32_t>> entries;
    entries.reserve(data->tokens.size());
    for (std::size_t id = 0; id < data->tokens.size(); ++id) {
      if (!data->tokens[id].empty()) entries.emplace_back(data->tokens[id], static_cast<std::int32_t>(id));
    }
    data->trie = ByteTrie(std::move(entries));
    data_ = std::move(data);
  }

  /// `text`, valid UTF-8, without the white space at its end. @source Rust `str::trim_end`.
  static std::string_view trim_end(std::string_view text) {
    while (!text.empty()) {
      std::size_t start = text.size() - 1;
      while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
      if (!is_white_space(decode_utf8(text, start).value)) break;
      text.remove_suffix(text.size() - start);
    }
    return text;
  }

  std::shared_ptr<const Data> data_;
};

}  // namespace tempa::inline TEMPA_ABI
