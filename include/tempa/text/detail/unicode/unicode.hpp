// Unicode for tokenizers: normalization, lower-casing, and BERT's character classes by two rules.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/text/detail/unicode/unicode_tables.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <utf8proc.h>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

/// Whose reading of a text a tokenizer follows: transformers has tokenizers in Rust and in Python.
enum class TextRules {
  kFast,   ///< the Rust library `tokenizers`: all but Japanese ones
  kPython  ///< `BertJapaneseTokenizer`
};

namespace detail {

template <std::size_t N>
bool contains(const CodePointRange (&ranges)[N], char32_t c) {
  const auto* range = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                       [](const CodePointRange& r, char32_t value) { return r.last < value; });
  return range != std::end(ranges) && range->first <= c;
}

inline const utf8proc_property_t& property(char32_t c) {
  return *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
}

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

/// Which equivalence a normal form keeps.
enum class Decomposition : int {
  kCanonical = UTF8PROC_DECOMPOSE,                        ///< NFD, NFC
  kCompatibility = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,  ///< NFKD, NFKC
  kCaseless = UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD,     ///< canonical, and without regard to case
};

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

/// Unicode general category, by utf8proc.
/// @return a `utf8proc_category_t`, e.g. UTF8PROC_CATEGORY_LU.
inline utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

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

/// Canonical decomposition (NFD). @source Python `unicodedata.normalize("NFD", text)`.
inline std::u32string nfd(std::u32string_view text) {
  return detail::decomposed(text, detail::Decomposition::kCanonical);
}

/// Canonical composition (NFC). @source Python `unicodedata.normalize("NFC", text)`.
inline std::u32string nfc(std::u32string_view text) {
  return detail::composed(text, detail::Decomposition::kCanonical);
}

/// Compatibility decomposition (NFKD). @source Python `unicodedata.normalize("NFKD", text)`.
inline std::u32string nfkd(std::u32string_view text) {
  return detail::decomposed(text, detail::Decomposition::kCompatibility);
}

/// Compatibility composition (NFKC). @source Python `unicodedata.normalize("NFKC", text)`.
inline std::u32string nfkc(std::u32string_view text) {
  return detail::composed(text, detail::Decomposition::kCompatibility);
}

/// NFD of UTF-8. @throws ValueError where `text` is not valid UTF-8.
inline std::string nfd(std::string_view text) { return to_utf8(nfd(to_utf32(text))); }

/// NFC of UTF-8. @throws ValueError where `text` is not valid UTF-8.
inline std::string nfc(std::string_view text) { return to_utf8(nfc(to_utf32(text))); }

/// NFKC of UTF-8. @throws ValueError where `text` is not valid UTF-8.
inline std::string nfkc(std::string_view text) { return to_utf8(nfkc(to_utf32(text))); }

/// Lower case of one code point without context: the full mapping, in which only U+0130 becomes two code points.
/// @param out receives one or two code points. @source Rust `char::to_lowercase`; Python `str.lower` of one character.
inline void append_lower(std::u32string& out, char32_t c) {
  if (c == 0x130) {
    out += U"i\u0307";
  } else {
    out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  }
}

/// Lower case of a text: the full mapping, with a sigma that ends a word becoming U+03C2.
/// @source Python `str.lower`; The Unicode Standard, section 3.13 (Final_Sigma).
inline std::u32string to_lower(std::u32string_view text) {
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

/// Lower case of UTF-8. @throws ValueError where `text` is not valid UTF-8.
inline std::string to_lower(std::string_view text) { return to_utf8(to_lower(to_utf32(text))); }

/// Case folding: "Straße", "STRASSE" and "strasse" fold to the same text, and so does
/// an accent whether it is a part of its letter or a mark after it.
/// @throws ValueError where `text` is not valid UTF-8.
/// @source Python `str.casefold`, then NFD; The Unicode Standard, section 3.13 (canonical caseless matching)
inline std::string fold_case(std::string_view text) {
  return to_utf8(detail::decomposed(to_utf32(text), detail::Decomposition::kCaseless));
}

/// The White_Space property. @source Rust `char::is_whitespace`.
inline bool is_white_space(char32_t c) {
  return c == U' ' || (c >= 0x9 && c <= 0xD) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// What Python's `str.split`, `strip` and `isspace` take for white space: White_Space and the four separators
/// U+001C to U+001F.
inline bool is_python_space(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

/// BERT's character classes as the Rust `tokenizers` has them: its classes are frozen at about Unicode 8, whatever
/// Unicode version its other parts and utf8proc know.
struct FastCharacters {
  /// What cleaning the text drops. @source tokenizers `BertNormalizer(clean_text=True)`.
  static bool is_removed(char32_t c) { return detail::contains(detail::kFastRemoved, c); }
  /// What separates words.
  static bool is_space(char32_t c) { return is_white_space(c); }
  /// Punctuation, each character of which is a separate word. @source tokenizers `BertPreTokenizer`.
  static bool is_punctuation(char32_t c) { return detail::contains(detail::kFastPunctuation, c); }
  /// The CJK ideographs. U+2B820 to U+2B91F are missing in the original, and so here.
  static bool is_cjk(char32_t c) {
    return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0x2F800 && c <= 0x2FA1F);
  }
  /// Lower case of one code point, with the newest mappings.
  static void append_lower(std::u32string& out, char32_t c) {
    const auto* pair = std::lower_bound(std::begin(detail::kFastLower), std::end(detail::kFastLower), c,
                                        [](const detail::CasePair& p, char32_t value) { return p.upper < value; });
    if (pair != std::end(detail::kFastLower) && pair->upper == c) {
      out += pair->lower;
    } else {
      tempa::append_lower(out, c);
    }
  }
  /// NFD, then without nonspacing marks. @source tokenizers `BertNormalizer(strip_accents=True)`.
  static std::u32string strip_accents(std::u32string_view text) {
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
  /// NFKD, then without marks of any kind. @source tokenizers `NFKD` and `StripAccents`.
  static std::u32string strip_marks(std::u32string_view text) {
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

 private:
  static bool is_nonspacing_mark(char32_t c) { return detail::contains(detail::kFastNonspacingMarks, c); }
  static int combining_class(char32_t c) {
    if (c < 0x300 || detail::property(c).combining_class == 0) return 0;
    return is_nonspacing_mark(c) || detail::contains(detail::kFastReordered, c) ? detail::property(c).combining_class
                                                                                : 0;
  }
};

/// BERT's character classes as transformers has them in Python, by utf8proc's Unicode version.
struct PythonCharacters {
  /// What cleaning the text drops. @source transformers `_is_control`.
  static bool is_removed(char32_t c) {
    if (c == U'\t' || c == U'\n' || c == U'\r') return false;
    const auto cat = category(c);
    return c == 0xFFFD || cat == UTF8PROC_CATEGORY_CN || cat >= UTF8PROC_CATEGORY_CC;
  }
  /// What separates words. @source transformers `_is_whitespace`, and then Python `str.split`.
  static bool is_space(char32_t c) { return is_white_space(c); }
  /// What is a word of its own. @source transformers `_is_punctuation`.
  static bool is_punctuation(char32_t c) {
    if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
    const auto cat = category(c);
    return cat >= UTF8PROC_CATEGORY_PC && cat <= UTF8PROC_CATEGORY_PO;
  }
  /// The CJK ideographs.
  static bool is_cjk(char32_t c) { return FastCharacters::is_cjk(c) || (c >= 0x2B820 && c <= 0x2B91F); }
  /// NFD, then without nonspacing marks. @source transformers `BasicTokenizer._run_strip_accents`.
  static std::u32string strip_accents(std::u32string_view text) {
    std::u32string out = nfd(text);
    std::erase_if(out, [](char32_t c) { return category(c) == UTF8PROC_CATEGORY_MN; });
    return out;
  }
};

}  // namespace tempa::inline TEMPA_ABI
