// The bodies of <tempa/data/table/column.hpp>.
#pragma once

#include <tempa/data/label_names.hpp>
#include <tempa/data/table/column.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Column Column::parse(const std::string& text) {
  Column column(text);
  if (!text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos)
    column.number_ = static_cast<Index>(std::stoll(text));
  return column;
}

namespace detail {

TEMPA_INLINE bool is_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, i);
    if (!is_white_space(decoded.value)) return false;
    i += decoded.size;
  }
  return true;
}

TEMPA_INLINE std::string quoted_list(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

TEMPA_INLINE FoundName find_name(std::span<const std::string> header, const std::string& name) {
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
