// Files with a word and its tag on each line, "Jokowi<TAB>B-PER", and an empty line between sentences.
#pragma once

#include <tempa/core/shape.hpp>

#include <cstdint>
#include <filesystem>
#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A sentence, split into words.
struct TaggedSentence {
  std::vector<std::string> words;  ///< at least one
  std::vector<std::string> tags;   ///< one for each word, or empty when unknown
  std::int64_t line = 0;           ///< line of the first word, from 1; the others follow line by line
};

/// The sentences of a file.
struct TaggedSentences {
  std::string name;  ///< path of the file, or name of the stream
  std::vector<TaggedSentence> sentences;

  Index size() const { return static_cast<Index>(sentences.size()); }

  /// Tags of each word of each sentence.
  std::vector<std::vector<std::string>> tags() const;
  /// Some of the sentences, in the given order. @throws std::out_of_range for one that does not exist.
  TaggedSentences subset(std::span<const Index> rows) const;
};

/// Whether the file has the second column, with the tags.
enum class TagColumn {
  kRequired,  ///< each line is a word and its tag
  kOptional   ///< the first line decides: a word and its tag, or only a word
};

/// Reads sentences: one word and its tag a line, with a tab between them; empty lines between sentences, any number,
/// also at the end; line ends LF, CRLF or CR; there are no comments. Words and tags are taken literally.
/// @throws IoError; FormatError with the line for another number of fields, an empty word or tag, invalid UTF-8 and a
///   NUL byte, and for a file without a word.
/// @source IndoNLU `NerGritDataset.load_dataset`; CoNLL-2003 without its middle columns
TaggedSentences read_tagged_sentences(const std::filesystem::path& path, TagColumn column = TagColumn::kRequired);
/// The same from a stream. @param name what errors call it.
TaggedSentences read_tagged_sentences(std::istream& in, std::string name, TagColumn column = TagColumn::kRequired);

/// The different tags of all sentences, sorted as `learn_labels` does.
std::vector<std::string> learn_tags(const TaggedSentences& sentences);

/// The class of each word of each sentence. @param names (K) of the classes, found as by `LabelNames`.
/// @throws FormatError with the line for an unknown tag, or sentences without tags.
std::vector<std::vector<std::int32_t>> tag_classes(const TaggedSentences& sentences,
                                                   std::span<const std::string> names);

/// The sentences with their tags spelled as `names` spells them: "b-per" becomes "B-PER" where that is the name.
/// @throws FormatError as `tag_classes`.
TaggedSentences with_tags_of(TaggedSentences sentences, std::span<const std::string> names);

/// Writes sentences as `read_tagged_sentences` reads them, with an empty line after each.
/// @param tags of each word of each sentence, in place of the sentences' own.
/// @throws IoError; ShapeError when the numbers of sentences or words differ; ValueError as `DelimitedWriter`, and for
///   an empty word or tag.
void write_tagged_sentences(std::ostream& out, const std::string& name, const TaggedSentences& sentences,
                            std::span<const std::vector<std::string>> tags);
/// The same to a file, which is replaced atomically.
void write_tagged_sentences(const std::filesystem::path& path, const TaggedSentences& sentences,
                            std::span<const std::vector<std::string>> tags);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/tagged_sentences.ipp>
#endif
