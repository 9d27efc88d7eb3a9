// Datasets of positive, neutral and negative texts: SmSA and tables like it.
#pragma once

#include <tempa/data/labeled_texts.hpp>

namespace tempa::inline TEMPA_ABI {

/// Options of `DocumentSentimentDataset`.
struct DocumentSentimentOptions {
  std::optional<std::int64_t> max_length = 512;       ///< tokens of an example, [CLS] and [SEP] included
  Truncation truncation = Truncation::kLongestFirst;  ///< how a longer text is truncated
  DelimitedFormat format = {};                        ///< raw TSV without a header, as SmSA is
  TextColumns columns = {};                           ///< text, then label
};

/// Sentiment of whole texts, tokenized once. Classes: positive 0, neutral 1, negative 2.
/// @source IndoNLU `DocumentSentimentDataset`
class DocumentSentimentDataset {
 public:
  /// Reads and tokenizes a table whose labels are class names or numbers.
  /// @param tokenizer any `Tokenizer`; it is not kept.
  /// @throws IoError; FormatError with file and line for an empty file, a ragged row, invalid UTF-8, a NUL byte, an
  ///   unknown label, a label out of range, an empty text, or a text that cannot be encoded; ConfigError.
  template <Tokenizer T>
  static DocumentSentimentDataset from_tsv(const std::filesystem::path& path, const T& tokenizer,
                                           const DocumentSentimentOptions& options = {}) {
    return DocumentSentimentDataset(read_labeled_texts(path, label_names(), options.columns, options.format), tokenizer,
                                    options);
  }

  /// Tokenizes texts that were read before, e.g. to train a vocabulary on them.
  /// @throws FormatError with the line of a text that cannot be encoded; ValueError for a label that is no class.
  template <Tokenizer T>
  DocumentSentimentDataset(const LabeledTexts& table, const T& tokenizer,
                           const DocumentSentimentOptions& options = {}) {
    for (const std::int32_t label : table.labels)
      if (label < 0 || label >= num_labels())
        throw ValueError(concat("[DocumentSentimentDataset] expected labels from 0 to 2 but got ", label));
    examples_ = encode_texts(table, tokenizer, {.max_length = options.max_length, .truncation = options.truncation});
    lines_ = table.lines;
  }

  /// positive, neutral, negative.
  static const std::vector<std::string>& label_names();
  static Index num_labels() { return static_cast<Index>(label_names().size()); }

  Index size() const { return static_cast<Index>(examples_.size()); }
  const TextExample& operator[](Index row) const { return examples_[static_cast<std::size_t>(row)]; }
  /// Line of the file on which a row begins, from 1.
  std::int64_t line(Index row) const { return lines_.at(static_cast<std::size_t>(row)); }
  /// (3) number of examples of each class, e.g. for class weights.
  std::vector<Index> class_counts() const;

 private:
  std::vector<TextExample> examples_;
  std::vector<std::int64_t> lines_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/document_sentiment.ipp>
#endif
