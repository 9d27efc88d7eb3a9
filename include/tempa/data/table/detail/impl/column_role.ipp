// The bodies of <tempa/data/table/detail/column_role.hpp>.
#pragma once

#include <tempa/data/label_names.hpp>
#include <tempa/data/table/column.hpp>
#include <tempa/data/table/detail/column_role.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

namespace detail {

// Names in lower case, without spaces, "_", "-" and ".".
inline std::string bare_name(std::string_view name) {
  std::string bare = label_key(name);
  std::erase_if(bare, [](char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; });
  return bare;
}

TEMPA_INLINE bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
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

TEMPA_INLINE ColumnRole column_role(std::string_view name) {
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

TEMPA_INLINE std::vector<std::pair<Index, Index>> paired_columns(std::span<const std::string> header) {
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
