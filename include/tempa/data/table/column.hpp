// Names a column of a table: by its name in the header, or by its number.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// A column of a table, by number (from 0) or by the name that the header gives it.
class Column {
 public:
  Column(int number) : number_(number) {}
  Column(Index number) : number_(number) {}
  Column(const char* name) : name_(name) {}
  Column(std::string name) : name_(std::move(name)) {}

  /// Parses what a user wrote: a name. Digits also mean a number, for a table whose header has no such name.
  static Column parse(const std::string& text) {
    Column column(text);
    if (!text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos)
      column.number_ = static_cast<Index>(std::stoll(text));
    return column;
  }

  /// The name, or nothing where the column is named by number only.
  const std::string* name() const { return name_ ? &*name_ : nullptr; }
  /// The number, or nothing where the column is named by name only.
  const Index* number() const { return number_ ? &*number_ : nullptr; }
  /// As a user would write it.
  std::string to_string() const { return name_ ? *name_ : std::to_string(*number_); }

  friend bool operator==(const Column& a, const Column& b) { return a.name_ == b.name_ && a.number_ == b.number_; }

 private:
  std::optional<std::string> name_;
  std::optional<Index> number_;
};

namespace detail {

inline bool is_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, i);
    if (!is_white_space(decoded.value)) return false;
    i += decoded.size;
  }
  return true;
}

/// "id", "text", …: how messages list names.
inline std::string quoted_list(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

/// How many columns have a name, and the first of them.
struct FoundName {
  Index count = 0;
  Index first = -1;
};
/// Looks for the exact name, then without regard to case and surrounding white space.
inline FoundName find_name(std::span<const std::string> header, const std::string& name) {
  const auto find = [&](const auto& is) {
    FoundName found;
    for (std::size_t i = 0; i < header.size(); ++i)
      if (is(header[i]) && ++found.count == 1) found.first = static_cast<Index>(i);
    return found;
  };
  const FoundName exact = find([&](const std::string& title) { return title == name; });
  if (exact.count > 0) return exact;
  return find([&, key = label_key(name)](const std::string& title) { return label_key(title) == key; });
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
