// Unicode for tokenizers: normalization, lower-casing, and BERT's character classes by two rules.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode_tables.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include <utf8proc.h>

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

const utf8proc_property_t& property(char32_t c);

}  // namespace detail

/// Unicode general category, by utf8proc.
/// @return a `utf8proc_category_t`, e.g. UTF8PROC_CATEGORY_LU.
utf8proc_category_t category(char32_t c);

/// Canonical decomposition (NFD). @source Python `unicodedata.normalize("NFD", text)`.
std::u32string nfd(std::u32string_view text);

/// Canonical composition (NFC). @source Python `unicodedata.normalize("NFC", text)`.
std::u32string nfc(std::u32string_view text);

/// Compatibility decomposition (NFKD). @source Python `unicodedata.normalize("NFKD", text)`.
std::u32string nfkd(std::u32string_view text);

/// Compatibility composition (NFKC). @source Python `unicodedata.normalize("NFKC", text)`.
std::u32string nfkc(std::u32string_view text);

/// NFD of UTF-8. @throws ValueError where `text` is not valid UTF-8.
std::string nfd(std::string_view text);

/// NFC of UTF-8. @throws ValueError where `text` is not valid UTF-8.
std::string nfc(std::string_view text);

/// NFKC of UTF-8. @throws ValueError where `text` is not valid UTF-8.
std::string nfkc(std::string_view text);

/// Lower case of one code point without context: the full mapping, in which only U+0130 becomes two code points.
/// @param out receives one or two code points. @source Rust `char::to_lowercase`; Python `str.lower` of one character.
void append_lower(std::u32string& out, char32_t c);

/// Lower case of a text: the full mapping, with a sigma that ends a word becoming U+03C2.
/// @source Python `str.lower`; The Unicode Standard, section 3.13 (Final_Sigma).
std::u32string to_lower(std::u32string_view text);

/// Lower case of UTF-8. @throws ValueError where `text` is not valid UTF-8.
std::string to_lower(std::string_view text);

/// Case folding: "Straße", "STRASSE" and "strasse" fold to the same text, and so does
/// an accent whether it is a part of its letter or a mark after it.
/// @throws ValueError where `text` is not valid UTF-8.
/// @source Python `str.casefold`, then NFD; The Unicode Standard, section 3.13 (canonical caseless matching)
std::string fold_case(std::string_view text);

/// The White_Space property. @source Rust `char::is_whitespace`.
bool is_white_space(char32_t c);

/// What Python's `str.split`, `strip` and `isspace` take for white space: White_Space and the four separators
/// U+001C to U+001F.
bool is_python_space(char32_t c);

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
  static bool is_cjk(char32_t c);
  /// Lower case of one code point, with the newest mappings.
  static void append_lower(std::u32string& out, char32_t c);
  /// NFD, then without nonspacing marks. @source tokenizers `BertNormalizer(strip_accents=True)`.
  static std::u32string strip_accents(std::u32string_view text);
  /// NFKD, then without marks of any kind. @source tokenizers `NFKD` and `StripAccents`.
  static std::u32string strip_marks(std::u32string_view text);

 private:
  static bool is_nonspacing_mark(char32_t c) { return detail::contains(detail::kFastNonspacingMarks, c); }
  static int combining_class(char32_t c);
};

/// BERT's character classes as transformers has them in Python, by utf8proc's Unicode version.
struct PythonCharacters {
  /// What cleaning the text drops. @source transformers `_is_control`.
  static bool is_removed(char32_t c);
  /// What separates words. @source transformers `_is_whitespace`, and then Python `str.split`.
  static bool is_space(char32_t c) { return is_white_space(c); }
  /// What is a word of its own. @source transformers `_is_punctuation`.
  static bool is_punctuation(char32_t c);
  /// The CJK ideographs.
  static bool is_cjk(char32_t c) { return FastCharacters::is_cjk(c) || (c >= 0x2B820 && c <= 0x2B91F); }
  /// NFD, then without nonspacing marks. @source transformers `BasicTokenizer._run_strip_accents`.
  static std::u32string strip_accents(std::u32string_view text);
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/detail/unicode/impl/unicode.ipp>
#endif
