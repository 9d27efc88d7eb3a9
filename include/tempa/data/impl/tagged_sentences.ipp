// The bodies of <tempa/data/tagged_sentences.hpp>.
#pragma once

#include <tempa/data/label_names.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/data/table/delimited.hpp>
#include <tempa/data/table/delimited_writer.hpp>
#include <tempa/data/table/text_table.hpp>
#include <tempa/data/tagged_sentences.hpp>
#include <tempa/io/files/file.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <sstream>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<std::vector<std::string>> TaggedSentences::tags() const {
  std::vector<std::vector<std::string>> all;
  for (const TaggedSentence& sentence : sentences) all.push_back(sentence.tags);
  return all;
}

TEMPA_INLINE TaggedSentences TaggedSentences::subset(std::span<const Index> rows) const {
  TaggedSentences part{.name = name, .sentences = {}};
  for (const Index row : rows) part.sentences.push_back(sentences.at(static_cast<std::size_t>(row)));
  return part;
}

namespace detail {

// A line of white space alone separates sentences as an empty one does.
inline bool is_separator(const DelimitedRow& row) {
  for (Index i = 0; i < row.size(); ++i)
    if (!is_blank(row[i])) return false;
  return true;
}

/// Whether a sentence begins with the names that tables give to columns of words and tags.
inline bool is_header(const TaggedSentence& sentence) {
  const auto is_one_of = [](std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), label_key(name)) != names.end();
  };
  return is_one_of(sentence.words.front(), {"word", "words", "token", "tokens", "form", "text"}) &&
         is_one_of(sentence.tags.front(), {"tag", "tags", "label", "labels", "ner", "pos", "ner_tag", "ner_tags"});
}

inline TaggedSentences read_tagged_rows(DelimitedReader& reader, TagColumn column) {
  TaggedSentences result{.name = reader.name(), .sentences = {}};
  Index width = column == TagColumn::kRequired ? 2 : 0;
  std::int64_t next_line = 0;  // of the sentence that is being read; the reader leaves empty lines out
  for (const DelimitedRow& row : reader) {
    const auto fail = [&](const std::string& what) { throw FormatError(result.name, row.line(), what); };
    if (is_separator(row)) continue;
    if (width == 0) width = row.size() == 1 ? 1 : 2;
    if (row.size() != width)
      fail(concat(width == 2 ? "expected a word, a tab and its tag" : "expected a word alone, as in the first line",
                  " but has ", row.size(), row.size() == 1 ? " field" : " fields"));
    if (is_blank(row[0])) fail("expected a word but it is empty");
    if (width == 2 && is_blank(row[1])) fail(concat("expected a tag of the word \"", row[0], "\" but it is empty"));
    if (row.line() != next_line) result.sentences.push_back({.words = {}, .tags = {}, .line = row.line()});
    next_line = row.line() + 1;
    result.sentences.back().words.emplace_back(row[0]);
    if (width == 2) result.sentences.back().tags.emplace_back(row[1]);
  }
  if (result.sentences.empty()) throw FormatError(result.name, 0, "expected at least one word but there is none");
  if (const TaggedSentence& first = result.sentences.front(); !first.tags.empty() && is_header(first))
    throw FormatError(result.name, first.line,
                      concat("expected a word and its tag but \"", first.words.front(), "\" and \"", first.tags.front(),
                             "\" are names of columns; leave the line out"));
  return result;
}

inline DelimitedFormat tagged_format() { return {.ragged = true}; }

}  // namespace detail

TEMPA_INLINE TaggedSentences read_tagged_sentences(const std::filesystem::path& path, TagColumn column) {
  DelimitedReader reader(path, detail::tagged_format());
  return detail::read_tagged_rows(reader, column);
}

TEMPA_INLINE TaggedSentences read_tagged_sentences(std::istream& in, std::string name, TagColumn column) {
  DelimitedReader reader(in, std::move(name), detail::tagged_format());
  return detail::read_tagged_rows(reader, column);
}

TEMPA_INLINE std::vector<std::string> learn_tags(const TaggedSentences& sentences) {
  std::vector<std::string> tags;
  for (const TaggedSentence& sentence : sentences.sentences)
    tags.insert(tags.end(), sentence.tags.begin(), sentence.tags.end());
  return learn_labels(tags);
}

TEMPA_INLINE std::vector<std::vector<std::int32_t>> tag_classes(const TaggedSentences& sentences,
                                                                std::span<const std::string> names) {
  const LabelNames known(names);
  std::vector<std::vector<std::int32_t>> all;
  for (const TaggedSentence& sentence : sentences.sentences) {
    if (sentence.tags.size() != sentence.words.size())
      throw FormatError(sentences.name, sentence.line, "expected a tag of each word but there is none");
    all.emplace_back();
    for (std::size_t w = 0; w < sentence.tags.size(); ++w) {
      const auto found = known.find(sentence.tags[w]);
      if (!found)
        throw FormatError(sentences.name, sentence.line + static_cast<std::int64_t>(w),
                          detail::unknown_label_text(sentence.tags[w], names));
      all.back().push_back(*found);
    }
  }
  return all;
}

TEMPA_INLINE TaggedSentences with_tags_of(TaggedSentences sentences, std::span<const std::string> names) {
  const auto classes = tag_classes(sentences, names);
  for (std::size_t s = 0; s < classes.size(); ++s)
    for (std::size_t w = 0; w < classes[s].size(); ++w)
      sentences.sentences[s].tags[w] = names[static_cast<std::size_t>(classes[s][w])];
  return sentences;
}

TEMPA_INLINE void write_tagged_sentences(std::ostream& out, const std::string& name, const TaggedSentences& sentences,
                                         std::span<const std::vector<std::string>> tags) {
  if (tags.size() != sentences.sentences.size())
    throw ShapeError(concat("[write_tagged_sentences] expected tags of ", sentences.sentences.size(),
                            " sentences but got ", tags.size()));
  DelimitedWriter writer(out, name);
  for (std::size_t s = 0; s < tags.size(); ++s) {
    const auto& words = sentences.sentences[s].words;
    if (tags[s].size() != words.size())
      throw ShapeError(concat("[write_tagged_sentences] expected tags of ", words.size(), " words of sentence ", s,
                              " but got ", tags[s].size()));
    for (std::size_t w = 0; w < words.size(); ++w) {
      if (detail::is_blank(words[w]) || detail::is_blank(tags[s][w]))
        throw ValueError(concat("[write_tagged_sentences] expected a word and a tag but one of word ", w,
                                " of sentence ", s, " is empty"));
      writer.write({words[w], tags[s][w]});
    }
    out << '\n';
  }
  writer.close();
}

TEMPA_INLINE void write_tagged_sentences(const std::filesystem::path& path, const TaggedSentences& sentences,
                                         std::span<const std::vector<std::string>> tags) {
  std::ostringstream text;
  write_tagged_sentences(text, path.string(), sentences, tags);
  AtomicFile file(path.string());
  file.write(std::move(text).str());
  file.commit();
}

}  // namespace tempa::inline TEMPA_ABI
