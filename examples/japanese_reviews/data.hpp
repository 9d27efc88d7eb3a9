// Reads the table, splits it into three parts, and makes the tokenizer.
#pragma once

#include "options.hpp"

#include <tempa/data/labels.hpp>
#include <tempa/data/split.hpp>
#include <tempa/data/table/text_table.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/text/training/japanese_vocabulary_trainer.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// Training, validation and test rows.
struct Parts {
  tempa::LabeledTexts train, valid, test;
};

/// Reads the table and splits it 8:1:1. The same seed gives the same parts.
/// @throws tempa::FormatError with the line of a row that is no CSV or a label other than 0 and 1; ConfigError where a
/// part would be empty.
inline Parts read_parts(const Options& options) {
  using namespace tempa;
  static const std::vector<std::string> kLabels{"0", "1"};
  const LabeledTexts all = with_classes(
      read_text_table(options.data,
                      {.text = Column::parse(options.text_column), .labels = {Column::parse(options.label_column)}},
                      DelimitedFormat::csv()),
      kLabels);
  constexpr std::array<double, 3> kShares{8, 1, 1};
  const auto rows = options.stratified ? stratified_split_rows(all.labels, kShares, options.seed)
                                       : random_split_rows(all.size(), kShares, options.seed);
  constexpr std::array<const char*, 3> kNames{"training", "validation", "test"};
  for (std::size_t part = 0; part < rows.size(); ++part)
    if (rows[part].empty())
      throw ConfigError(concat("[split] ", all.name, " has ", all.size(), " rows, and the ", kNames[part],
                               " part of the split 8:1:1 is empty: at least 10 rows are needed",
                               options.stratified ? " of each class" : ""));
  return {all.subset(rows[0]), all.subset(rows[1]), all.subset(rows[2])};
}

/// A tokenizer, and a description of how it splits texts.
struct ChosenTokenizer {
  tempa::AnyTokenizer tokenizer;
  std::string description;
};

/// Words by MeCab, split into learned tokens; characters if requested, or if MeCab is missing and was not explicitly
/// requested. @throws tempa::ConfigError for --words mecab without MeCab or its dictionary.
inline ChosenTokenizer learn_tokenizer(const std::vector<std::string>& texts, const Options& options) {
  using namespace tempa;
  std::string reason = "as asked for";
  if (options.words != "characters") {
    try {
      const Mecab mecab;
      return {train_japanese_tokenizer(texts, {.vocab_size = options.vocab_size}),
              concat("words by MeCab (", mecab.dictionary().folder.string(), "), cut into learned pieces")};
    } catch (const ConfigError& error) {
      if (options.words == "mecab") throw;
      reason = error.what();
    }
  }
  return {train_japanese_tokenizer(texts, {.vocab_size = options.vocab_size,
                                           .tokenizer = {.word_tokenizer = JapaneseWordTokenizer::kBasic,
                                                         .subword_tokenizer = JapaneseSubwordTokenizer::kCharacter}}),
          "characters: " + reason};
}

inline ChosenTokenizer choose_tokenizer(const Parts& parts, const Options& options) {
  if (!options.model.empty()) return {tempa::AutoTokenizer::from_pretrained(options.model), "that of " + options.model};
  return learn_tokenizer(parts.train.texts, options);
}
