// The use of columns by their usual names: "review" contains texts, "sentiment" labels, "id" neither.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/data/table/column.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// What a column is for.
enum class ColumnUse {
  kUnknown,  ///< the name does not say
  kText,     ///< a text
  kPaired,   ///< one text of a pair, such as sentence1
  kLabel,    ///< a label, or a number to predict
  kIndex     ///< which row it is: id, idx, Unnamed: 0, or no name at all
};

/// What the name of a column indicates.
struct ColumnRole {
  ColumnUse use = ColumnUse::kUnknown;
  int rank = 0;  ///< among names of one use: the lower one is preferred, "text" before "comment"
};

namespace detail {

// Names in lower case, without spaces, "_", "-" and ".".
inline std::string bare_name(std::string_view name) {
  std::string bare = label_key(name);
  std::erase_if(bare, [](char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; });
  return bare;
}

inline bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kPairedNames{
    {{"sentence1", "sentence2"},
     {"text1", "text2"},
     {"question1", "question2"},
     {"sentencea", "sentenceb"},
     {"texta", "textb"},
     {"premise", "hypothesis"},
     {"sent1", "sent2"},
     {"sentence", "sentencepair"},
     {"text", "textpair"}}};

inline bool is_index_name(std::string_view name, std::string_view bare) {
  if (is_one_of(bare, {"", "#", "idx", "index", "id", "ids", "uid", "uuid", "guid", "rowid", "row", "rownumber"}))
    return true;
  if (bare.starts_with("unnamed:")) return true;  // what pandas calls a column without a name
  const std::string folded = label_key(name);
  return folded.ends_with("_id") || folded.ends_with("-id") || folded.ends_with(" id");
}

}  // namespace detail

/// The role of a name, whatever its case, and however its words are separated (review_text, Review Text).
/// @param name a cell of a header, valid UTF-8.
inline ColumnRole column_role(std::string_view name) {
  using detail::is_one_of;
  const std::string bare = detail::bare_name(name);
  if (bare == "text") return {ColumnUse::kText, 0};
  if (is_one_of(bare, {"sentence",   "review",    "tweet",       "comment",   "content",    "message",
                       "document",   "utterance", "body",        "post",      "texts",      "sentences",
                       "reviews",    "tweets",    "comments",    "contents",  "messages",   "documents",
                       "utterances", "posts",     "reviewtext",  "tweettext", "fulltext",   "cleantext",
                       "rawtext",    "textclean", "commenttext", "textraw",   "reviewbody", "textcontent"}))
    return {ColumnUse::kText, 1};
  if (bare == "label") return {ColumnUse::kLabel, 0};
  if (is_one_of(bare,
                {"labels",       "sentiment", "class",     "category",       "target",  "sentiments", "classes",
                 "categories",   "targets",   "labelid",   "labelname",      "classid", "classname",  "categoryid",
                 "categoryname", "targetid",  "labeltext", "sentimentlabel", "gold",    "goldlabel"}))
    return {ColumnUse::kLabel, 1};
  if (is_one_of(bare, {"polarity", "emotion", "intent", "topic", "score", "rating", "stars", "similarity", "tag"}))
    return {ColumnUse::kLabel, 2};
  for (const auto& [first, second] : detail::kPairedNames)
    if (bare == first || bare == second) return {ColumnUse::kPaired, 0};
  if (detail::is_index_name(name, bare)) return {ColumnUse::kIndex, 0};
  return {};
}

/// All pairs of columns whose names belong together, as sentence1 and sentence2 do, or premise and hypothesis.
inline std::vector<std::pair<Index, Index>> paired_columns(std::span<const std::string> header) {
  std::vector<std::string> bare;
  for (const std::string& name : header) bare.push_back(detail::bare_name(name));
  std::vector<std::pair<Index, Index>> pairs;
  for (const auto& [first, second] : detail::kPairedNames)
    for (std::size_t i = 0; i < bare.size(); ++i)
      for (std::size_t j = 0; bare[i] == first && j < bare.size(); ++j)
        if (bare[j] == second) pairs.emplace_back(static_cast<Index>(i), static_cast<Index>(j));
  return pairs;
}

}  // namespace tempa::inline TEMPA_ABI
