// Reads texts and their classes from a table, and encodes them.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/data/dataset.hpp>
#include <tempa/data/table/delimited.hpp>
#include <tempa/data/table/text_table.hpp>
#include <tempa/text/tokenizer.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The columns of a table.
struct TextColumns {
  Column text = 0;
  std::optional<Column> pair = std::nullopt;  ///< the second text, where an example is a pair
  std::optional<Column> label = Column(1);    ///< absent: the table has no labels
};

/// Reads the remaining rows of a table.
/// @param class_names name of each class; a label is such a name, or the number of a class from 0.
/// @throws FormatError with the line for an unknown label, one out of range, a text that is empty or white space, and
///   for a table without rows; what `DelimitedReader` throws; ConfigError for labels without class names.
LabeledTexts read_labeled_texts(DelimitedReader& reader, std::span<const std::string> class_names,
                                const TextColumns& columns = {});

/// Reads a file. @throws as above, and IoError.
LabeledTexts read_labeled_texts(const std::filesystem::path& path, std::span<const std::string> class_names,
                                const TextColumns& columns = {}, const DelimitedFormat& format = {});

/// Encodes all texts, on `num_threads` threads.
/// @param tokenizer its `encode` must be safe to call from several threads at once.
/// @return (n) examples in the order of the table. @throws FormatError with the line of a text that cannot be encoded.
template <Tokenizer T>
std::vector<TextExample> encode_texts(const LabeledTexts& table, const T& tokenizer,
                                      const EncodeOptions& options = {}) {
  std::vector<TextExample> examples(table.texts.size());
  parallel_for(0, table.size(), 64, [&](Index begin, Index end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      try {
        examples[i].encoding = table.pairs.empty() ? tokenizer.encode(std::string_view(table.texts[i]), options)
                                                   : tokenizer.encode(table.texts[i], table.pairs[i], options);
      } catch (const Error& error) {
        throw FormatError(table.name, table.lines[i], error.what());
      }
      if (!table.labels.empty()) examples[i].label = table.labels[i];
      if (!table.targets.empty()) examples[i].targets = table.targets[i];
    }
  });
  return examples;
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/labeled_texts.ipp>
#endif
