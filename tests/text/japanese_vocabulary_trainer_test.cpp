// Vocabularies learnt from Japanese texts.
#include <tempa/text/training/japanese_vocabulary_trainer.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/ipadic.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace japanese_vocabulary_trainer_test {

using namespace tempa;

namespace {

using Tokens = std::vector<std::string>;

const Tokens kTexts{"駅から近くて、料理がおいしい。", "料理がおいしくて、店員も親切です。",
                    "ﾒﾆｭｰが豊富で、料理も新鮮!!", "店員の態度が悪くて、料理もまずい。", "もう行きません!!"};

const BertJapaneseTokenizerOptions kCharacters{.word_tokenizer = JapaneseWordTokenizer::kBasic,
                                               .subword_tokenizer = JapaneseSubwordTokenizer::kCharacter};

const Tokens kSpecial{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

}  // namespace

TEST_CASE("Japanese vocabulary: characters need no library, the most frequent come first", "[text]") {
  const auto tokenizer = train_japanese_tokenizer(kTexts, {.min_character_count = 1, .tokenizer = kCharacters});
  const Tokens& tokens = tokenizer.vocabulary().tokens();
  CHECK(Tokens(tokens.begin(), tokens.begin() + 5) == kSpecial);
  CHECK(tokens[5] == "!");  // four times, as 、 and others; of equals the lower code point
  CHECK(tokenizer.tokenize("ﾒﾆｭｰ、新鮮!") == Tokens{"メ", "ニ", "ュ", "ー", "、", "新", "鮮", "!"});
  CHECK(tokenizer.tokenize("猫") == Tokens{"[UNK]"});
  for (const std::string& text : kTexts)
    for (const std::string& token : tokenizer.tokenize(text)) CHECK(token != "[UNK]");

  auto reversed = kTexts;
  std::reverse(reversed.begin(), reversed.end());
  CHECK(
      train_japanese_tokenizer(reversed, {.min_character_count = 1, .tokenizer = kCharacters}).vocabulary().tokens() ==
      tokens);
  const auto small = train_japanese_tokenizer(kTexts, {.vocab_size = 8, .tokenizer = kCharacters});
  CHECK(small.vocabulary().tokens() == Tokens(tokens.begin(), tokens.begin() + 8));
  const auto frequent = train_japanese_tokenizer(kTexts, {.min_character_count = 4, .tokenizer = kCharacters});
  CHECK(frequent.vocabulary().find("料"));
  CHECK_FALSE(frequent.vocabulary().find("駅"));
}

#if defined(TEMPA_WITH_MECAB) && defined(TEMPA_WITH_SENTENCEPIECE)
TEST_CASE("Japanese vocabulary: MeCab's words and pieces of them", "[text]") {
  const auto folder = ipadic_folder();
  if (!folder) {
    WARN("skipped: there is no ipadic, and scripts/make_ipadic cannot make it");
    return;
  }
  JapaneseVocabularyTrainerOptions options{.min_character_count = 1};
  options.tokenizer.mecab.dictionary = *folder;
  const auto tokenizer = train_japanese_tokenizer(kTexts, options);
  const Tokens& tokens = tokenizer.vocabulary().tokens();
  CHECK(Tokens(tokens.begin(), tokens.begin() + 5) == kSpecial);
  CHECK(tokenizer.tokenize("料理が") == Tokens{"料理", "が"});  // a frequent word is one token
  CHECK(tokenizer.tokenize("ﾒﾆｭｰ").front() != "[UNK]");         // NFKC comes first, in learning too
  for (const std::string& text : kTexts)
    for (const std::string& token : tokenizer.tokenize(text)) CHECK(token != "[UNK]");
  auto reversed = kTexts;
  std::reverse(reversed.begin(), reversed.end());
  CHECK(train_japanese_tokenizer(reversed, options).vocabulary().tokens() == tokens);

  const TemporaryFolder saved;
  tokenizer.save_pretrained(saved.path());
  const auto again = BertJapaneseTokenizer::from_pretrained(saved.path(), {.mecab = {.dictionary = *folder}});
  for (const std::string& text : kTexts) CHECK(again.encode(text).ids == tokenizer.encode(text).ids);
}
#endif

TEST_CASE("Japanese vocabulary: what cannot be learnt is told", "[text]") {
  CHECK(thrown<ValueError>([&] { train_japanese_tokenizer(Tokens{}, {.tokenizer = kCharacters}); }) ==
        "[train_japanese_tokenizer] expected texts with words but there is no word");
  CHECK(thrown<ValueError>([&] { train_japanese_tokenizer(Tokens{" \t"}, {.tokenizer = kCharacters}); }) ==
        "[train_japanese_tokenizer] expected texts with words but there is no word");
  CHECK(thrown<ValueError>([&] { train_japanese_tokenizer(kTexts, {.vocab_size = 5, .tokenizer = kCharacters}); }) ==
        "[train_japanese_tokenizer] vocab_size must be more than 5 (the special tokens) but is 5");
  CHECK_THROWS_AS(train_japanese_tokenizer(Tokens{"\xff"}, {.tokenizer = kCharacters}), ValueError);
  CHECK(thrown<ConfigError>([&] {
          train_japanese_tokenizer(kTexts,
                                   {.tokenizer = {.subword_tokenizer = JapaneseSubwordTokenizer::kSentencePiece}});
        }).find("subwords by sentencepiece need a model") != std::string::npos);
  CHECK(thrown<ConfigError>([&] {
          train_japanese_tokenizer(kTexts, {.tokenizer = {.word_tokenizer = JapaneseWordTokenizer::kMecab,
                                                          .mecab = {.dictionary = "nowhere"}}});
        }).find("eCa") != std::string::npos);  // the dictionary, or the library, is missing
}

}  // namespace japanese_vocabulary_trainer_test
