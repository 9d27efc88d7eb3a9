// The bodies of <tempa/text/shared/vocabulary.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Vocabulary Vocabulary::from_tokens(std::vector<std::string> tokens, bool may_end_in_space) {
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    require_valid_utf8("Vocabulary", tokens[id]);
    const bool breaks = tokens[id].find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos;
    const bool ends_in_space = trim_right(tokens[id], is_white_space).size() != tokens[id].size();
    if (breaks || (ends_in_space && !may_end_in_space)) {
      throw ValueError(concat("[Vocabulary] a token must hold no NUL or line break",
                              may_end_in_space ? "" : " and not end in white space", " but token ", id, " is ",
                              printable(tokens[id])));
    }
  }
  return Vocabulary(std::move(tokens));
}

TEMPA_INLINE Vocabulary Vocabulary::load(const std::filesystem::path& path, TextRules rules) {
  const std::string name = path.string();
  std::string text = read_text_file(name);
  if (text.empty()) throw FormatError(name, 0, "expected one token a line but the file is empty");
  const std::string_view ends = rules == TextRules::kFast ? "\n" : "\r\n";
  std::vector<std::string> tokens;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(ends, begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const auto number = static_cast<std::int64_t>(tokens.size()) + 1;
    if (const auto offset = find_invalid_utf8(line)) {
      throw FormatError(name, number, concat("expected UTF-8 but byte ", *offset, " of the line is invalid"));
    }
    if (line.find('\0') != std::string_view::npos) throw FormatError(name, number, "the line holds a NUL byte");
    if (number > std::numeric_limits<std::int32_t>::max()) throw FormatError(name, number, "more tokens than ids");
    tokens.emplace_back(rules == TextRules::kFast ? trim_right(line, is_white_space) : line);
    begin = end + (std::string_view(text).substr(end).starts_with("\r\n") ? 2 : 1);
  }
  return Vocabulary(std::move(tokens), std::move(text));
}

TEMPA_INLINE void Vocabulary::save(const std::filesystem::path& path) const {
  if (!data_->file_text.empty()) return atomic_write_text(path.string(), data_->file_text);
  std::string text;
  for (const std::string& token : data_->tokens) text.append(token) += '\n';
  atomic_write_text(path.string(), text);
}

TEMPA_INLINE std::optional<std::int32_t> Vocabulary::find(std::string_view token) const {
  const std::int32_t id = data_->trie.find(token);
  return id == ByteTrie::kNoValue ? std::nullopt : std::optional(id);
}

TEMPA_INLINE const std::string& Vocabulary::token(std::int32_t id) const {
  if (id < 0 || id >= size()) {
    throw ValueError(concat("[Vocabulary] id must be in [0, ", size(), ") but is ", id));
  }
  return data_->tokens[static_cast<std::size_t>(id)];
}

TEMPA_INLINE std::int64_t Vocabulary::distinct_tokens() const {
  std::int64_t count = 0;
  bool has_empty = false;
  for (std::size_t id = 0; id < data_->tokens.size(); ++id) {
    has_empty = has_empty || data_->tokens[id].empty();
    if (data_->trie.find(data_->tokens[id]) == static_cast<std::int32_t>(id)) ++count;
  }
  return count + (has_empty ? 1 : 0);
}

TEMPA_INLINE Vocabulary::Vocabulary(std::vector<std::string> tokens, std::string file_text) {
  auto data = std::make_shared<Data>();
  data->tokens = std::move(tokens);
  std::vector<std::pair<std::string_view, std::int32_t>> entries;
  entries.reserve(data->tokens.size());
  for (std::size_t id = 0; id < data->tokens.size(); ++id) {
    if (!data->tokens[id].empty()) entries.emplace_back(data->tokens[id], static_cast<std::int32_t>(id));
  }
  data->trie = ByteTrie(std::move(entries));
  data->file_text = std::move(file_text);
  data_ = std::move(data);
}

}  // namespace tempa::inline TEMPA_ABI
