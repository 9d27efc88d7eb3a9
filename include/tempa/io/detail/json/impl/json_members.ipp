// The bodies of <tempa/io/detail/json/json_members.hpp>.
#pragma once

#include <tempa/io/detail/json/json_members.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The end of the string that begins at `text[begin]`, one past its closing quote. `text` is valid JSON.
inline std::size_t json_string_end(std::string_view text, std::size_t begin) {
  std::size_t i = begin + 1;
  while (text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return i + 1;
}

/// The end of the value that begins at `text[begin]`. `text` is valid JSON, and the value is inside an object.
inline std::size_t json_value_end(std::string_view text, std::size_t begin) {
  std::size_t depth = 0, i = begin;
  while (true) {
    const char c = text[i];
    if (c == '"') {
      i = json_string_end(text, i);
      if (depth == 0) return i;
      continue;
    }
    if (depth == 0 && i > begin && (c == ',' || c == '}')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      ++i;
      if (--depth == 0) return i;
      continue;
    }
    ++i;
  }
  return text.find_last_not_of(" \t\r\n", i - 1) + 1;  // a number or a word, without the space after it
}

}  // namespace detail

TEMPA_INLINE std::vector<JsonMember> json_members(const JsonFile& file) {
  if (!file.root.is_object()) throw FormatError(file.path, 1, "expected a JSON object");
  constexpr std::string_view kSpace = " \t\r\n";
  const std::string_view text = file.text;
  std::vector<JsonMember> members;
  std::size_t i = text.find('{') + 1;
  while (members.size() < file.root.size()) {
    i = text.find('"', i);
    const std::size_t key_end = detail::json_string_end(text, i);
    std::string key = parse_json(std::string(text.substr(i, key_end - i)), file.path).root.get<std::string>();
    const std::size_t begin = text.find_first_not_of(kSpace, text.find(':', key_end) + 1);
    i = detail::json_value_end(text, begin);
    members.push_back({std::move(key), std::string(text.substr(begin, i - begin))});
  }
  return members;
}

TEMPA_INLINE std::string json_object_text(const std::vector<JsonMember>& members) {
  std::string text = "{";
  for (const JsonMember& member : members)
    text += concat(text.size() > 1 ? ",\n  " : "\n  ", nlohmann::json(member.key).dump(), ": ", member.value);
  return text + "\n}\n";
}

}  // namespace tempa::inline TEMPA_ABI
