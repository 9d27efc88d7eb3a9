// The bodies of <tempa/text/detail/unicode/unicode.hpp>.
#pragma once

#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <array>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE const utf8proc_property_t& property(char32_t c) {
  return *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
}

/// Which equivalence a normal form keeps.
enum class Decomposition : int {
  kCanonical = UTF8PROC_DECOMPOSE,                        ///< NFD, NFC
  kCompatibility = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,  ///< NFKD, NFKC
  kCaseless = UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD,     ///< canonical, and without regard to case
};

/// Stable sort of each run of combining marks by `combining_class(c)` (0: a starter, which ends a run).
template <typename CombiningClass>
void reorder_marks(std::u32string& text, CombiningClass combining_class) {
  std::size_t run = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && combining_class(text[i]) != 0) continue;
    if (i - run > 1) {
      std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(run), text.begin() + static_cast<std::ptrdiff_t>(i),
                       [&](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    }
    run = i + 1;
  }
}

inline void append_decomposed(std::u32string& out, char32_t c, Decomposition kind = Decomposition::kCanonical) {
  std::array<utf8proc_int32_t, 20> buffer{};  // the longest decomposition, of U+FDFA, has 18 code points
  const utf8proc_ssize_t n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), buffer.data(),
                                                     static_cast<utf8proc_ssize_t>(buffer.size()),
                                                     static_cast<utf8proc_option_t>(kind), nullptr);
  if (n <= 0 || n > static_cast<utf8proc_ssize_t>(buffer.size())) {
    out += c;
    return;
  }
  for (utf8proc_ssize_t i = 0; i < n; ++i) out += static_cast<char32_t>(buffer[static_cast<std::size_t>(i)]);
}

inline bool is_case_ignorable(char32_t c) {
  switch (property(c).category) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return contains(kCaseIgnorableExceptions, c);
  }
}

inline bool is_cased(char32_t c) {
  const auto category = property(c).category;
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT ||
         contains(kCasedExceptions, c);
}

}  // namespace detail

TEMPA_INLINE utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

namespace detail {

inline std::u32string decomposed(std::u32string_view text, Decomposition kind) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_decomposed(out, c, kind);
  reorder_marks(out, [](char32_t c) { return property(c).combining_class; });
  return out;
}

inline std::u32string composed(std::u32string_view text, Decomposition kind) {
  std::u32string out = decomposed(text, kind);
  static_assert(sizeof(char32_t) == sizeof(utf8proc_int32_t));
  std::basic_string<utf8proc_int32_t> buffer(out.begin(), out.end());
  const utf8proc_ssize_t n =
      utf8proc_normalize_utf32(buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  if (n >= 0) out.assign(buffer.begin(), buffer.begin() + n);
  return out;
}

}  // namespace detail

TEMPA_INLINE std::u32string nfd(std::u32string_view text) {
  return detail::decomposed(text, detail::Decomposition::kCanonical);
}

TEMPA_INLINE std::u32string nfc(std::u32string_view text) {
  return detail::composed(text, detail::Decomposition::kCanonical);
}

TEMPA_INLINE std::u32string nfkd(std::u32string_view text) {
  return detail::decomposed(text, detail::Decomposition::kCompatibility);
}

TEMPA_INLINE std::u32string nfkc(std::u32string_view text) {
  return detail::composed(text, detail::Decomposition::kCompatibility);
}

TEMPA_INLINE std::string nfd(std::string_view text) { return to_utf8(nfd(to_utf32(text))); }

TEMPA_INLINE std::string nfc(std::string_view text) { return to_utf8(nfc(to_utf32(text))); }

TEMPA_INLINE std::string nfkc(std::string_view text) { return to_utf8(nfkc(to_utf32(text))); }

TEMPA_INLINE void append_lower(std::u32string& out, char32_t c) {
  if (c == 0x130) {
    out += U"i\u0307";
  } else {
    out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  }
}

TEMPA_INLINE std::u32string to_lower(std::u32string_view text) {
  constexpr char32_t kCapitalSigma = 0x3A3;
  const auto sees_cased = [](auto first, auto last) {
    first = std::find_if_not(first, last, [](char32_t c) { return detail::is_case_ignorable(c); });
    return first != last && detail::is_cased(*first);
  };
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kCapitalSigma) {
      const auto here = text.begin() + static_cast<std::ptrdiff_t>(i);
      const bool ends_word =
          sees_cased(std::make_reverse_iterator(here), text.rend()) && !sees_cased(here + 1, text.end());
      out += ends_word ? U'\u03C2' : U'\u03C3';
    } else {
      append_lower(out, text[i]);
    }
  }
  return out;
}

TEMPA_INLINE std::string to_lower(std::string_view text) { return to_utf8(to_lower(to_utf32(text))); }

TEMPA_INLINE std::string fold_case(std::string_view text) {
  return to_utf8(detail::decomposed(to_utf32(text), detail::Decomposition::kCaseless));
}

TEMPA_INLINE bool is_white_space(char32_t c) {
  return c == U' ' || (c >= 0x9 && c <= 0xD) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

TEMPA_INLINE bool is_python_space(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

TEMPA_INLINE bool FastCharacters::is_cjk(char32_t c) {
  return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

TEMPA_INLINE void FastCharacters::append_lower(std::u32string& out, char32_t c) {
  const auto* pair = std::lower_bound(std::begin(detail::kFastLower), std::end(detail::kFastLower), c,
                                      [](const detail::CasePair& p, char32_t value) { return p.upper < value; });
  if (pair != std::end(detail::kFastLower) && pair->upper == c) {
    out += pair->lower;
  } else {
    tempa::append_lower(out, c);
  }
}

TEMPA_INLINE std::u32string FastCharacters::strip_accents(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text) {
    if (c > 0xFFFF && !detail::contains(detail::kFastDecomposed, c)) {
      out += c;
    } else {
      detail::append_decomposed(out, c);
    }
  }
  detail::reorder_marks(out, combining_class);
  std::erase_if(out, is_nonspacing_mark);
  return out;
}

TEMPA_INLINE std::u32string FastCharacters::strip_marks(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (detail::contains(detail::kFastKeptByNfkd, c)) {
      out += c;
    } else {
      detail::append_decomposed(out, c, detail::Decomposition::kCompatibility);
    }
  }
  detail::reorder_marks(out, combining_class);
  std::erase_if(out, [](char32_t c) { return c >= 0x300 && detail::contains(detail::kFastCombiningMarks, c); });
  return out;
}

TEMPA_INLINE int FastCharacters::combining_class(char32_t c) {
  if (c < 0x300 || detail::property(c).combining_class == 0) return 0;
  return is_nonspacing_mark(c) || detail::contains(detail::kFastReordered, c) ? detail::property(c).combining_class : 0;
}

TEMPA_INLINE bool PythonCharacters::is_removed(char32_t c) {
  if (c == U'\t' || c == U'\n' || c == U'\r') return false;
  const auto cat = category(c);
  return c == 0xFFFD || cat == UTF8PROC_CATEGORY_CN || cat >= UTF8PROC_CATEGORY_CC;
}

TEMPA_INLINE bool PythonCharacters::is_punctuation(char32_t c) {
  if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  const auto cat = category(c);
  return cat >= UTF8PROC_CATEGORY_PC && cat <= UTF8PROC_CATEGORY_PO;
}

TEMPA_INLINE std::u32string PythonCharacters::strip_accents(std::u32string_view text) {
  std::u32string out = nfd(text);
  std::erase_if(out, [](char32_t c) { return category(c) == UTF8PROC_CATEGORY_MN; });
  return out;
}

}  // namespace tempa::inline TEMPA_ABI
