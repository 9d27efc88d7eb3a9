#include <tempa/text/training/vocabulary_trainer.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace vocabulary_trainer_test {

using namespace tempa;
using Catch::Matchers::Contains;

TEST_CASE("Vocabulary trainer: whole words, the most frequent first, all others unknown", "[text]") {
  const std::vector<std::string> texts{"Enak enak sekali!", "enak sekali", "tidak enak, tidak", "baru"};
  const BertTokenizer all = train_bert_tokenizer(texts, {.vocab_size = 100, .model = SubwordModel::kWord});
  const std::vector<std::string> words{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "enak", "sekali", "tidak"};
  CHECK(all.vocabulary().tokens() == words);
  CHECK(all.encode("enak baru").ids == std::vector<std::int32_t>{2, 5, 1, 3});
  const BertTokenizer few = train_bert_tokenizer(texts, {.vocab_size = 7, .model = SubwordModel::kWord});
  CHECK(few.vocabulary().tokens() == std::vector<std::string>(words.begin(), words.end() - 1));
  const BertTokenizer rare =
      train_bert_tokenizer(texts, {.vocab_size = 100, .model = SubwordModel::kWord, .min_word_count = 1});
  CHECK(rare.vocab_size() == 11);  // "!", "," and "baru" too
}

#if defined(TEMPA_WITH_SENTENCEPIECE)

namespace {

/// 300 short reviews put together from parts.
std::vector<std::string> reviews() {
  const std::vector<std::string> things = {"makanan", "minuman", "pelayanan", "kamar",    "tempat",
                                           "harga",   "suasana", "rasa",      "aplikasi", "pengiriman"};
  const std::vector<std::string> verdicts = {"enak sekali", "kurang memuaskan", "biasa saja", "sangat nyaman",
                                             "mahal!"};
  const std::vector<std::string> ends = {"di Bandung.", "untuk keluarga",   "kata teman saya",
                                         "tahun 2019",  "(caf\u00e9 lama)", "\U0001F600"};
  std::vector<std::string> texts;
  for (const std::string& thing : things) {
    for (const std::string& verdict : verdicts) {
      for (const std::string& end : ends) texts.push_back(thing + "nya " + verdict + ", " + end);
    }
  }
  return texts;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

constexpr SubwordModel kModels[] = {SubwordModel::kUnigram, SubwordModel::kBpe};

}  // namespace

TEST_CASE("Vocabulary trainer: a small collection gives a smaller vocabulary that knows its texts", "[text]") {
  const std::vector<std::string> texts = reviews();
  REQUIRE(texts.size() == 300);
  for (const SubwordModel model : kModels) {
    const BertTokenizer tokenizer = train_bert_tokenizer(texts, {.vocab_size = 8000, .model = model});
    CHECK(tokenizer.vocab_size() > 60);
    CHECK(tokenizer.vocab_size() < 2000);
    const std::vector<std::string>& tokens = tokenizer.vocabulary().tokens();
    CHECK(std::vector<std::string>(tokens.begin(), tokens.begin() + 5) ==
          std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"});
    for (const char* word : {"makanannya", "enak", "sekali", "bandung"}) {  // frequent words are one token
      INFO(word);
      CHECK(tokenizer.tokenize(word) == std::vector<std::string>{word});
    }
    for (const char* token : {"k", "##k", ".", "2", "##0", "\U0001F600"}) CHECK(tokenizer.vocabulary().find(token));
    CHECK_FALSE(tokenizer.vocabulary().find("##."));  // punctuation never continues a word
    for (const std::string& text : texts) {
      const std::vector<std::int32_t> ids = tokenizer.encode(text).ids;
      REQUIRE(std::count(ids.begin(), ids.end(), tokenizer.unk_token_id()) == 0);
    }
    CHECK(tokenizer.encode("kenyamanan").ids.size() > 2);
    CHECK(tokenizer.tokenize("kenyamanan")[0] != "[UNK]");  // a new word is spelt
  }
}

TEST_CASE("Vocabulary trainer: the size is kept, and more tokens make shorter encodings", "[text]") {
  // 2000 different words of one to four syllables with endings, the earlier ones more often.
  const std::vector<std::string> syllables = {"ka", "me", "sang", "tu", "ri", "ber", "lo", "pan", "di", "ng\u00fc"};
  const std::vector<std::string> endings = {"", "nya", "kan", "lah", "an"};
  std::mt19937 random(5);
  std::vector<std::string> texts;
  for (int i = 0; i < 2000; ++i) {
    std::string word;
    for (auto n = 1 + random() % 4; n > 0; --n) word += syllables[random() % syllables.size()];
    word += endings[random() % endings.size()];
    for (int count = 1 + 2000 / (i + 1); count > 0; --count) texts.push_back(word);
  }
  for (const SubwordModel model : kModels) {
    std::size_t before = 0;
    for (const std::int64_t size : {60, 150, 400, 700}) {
      const BertTokenizer tokenizer = train_bert_tokenizer(texts, {.vocab_size = size, .model = model});
      CHECK(tokenizer.vocab_size() == size);
      std::size_t length = 0;
      for (const std::string& text : texts) length += tokenizer.encode(text).ids.size();
      if (before > 0) CHECK(length < before);
      before = length;
    }
  }
}

TEST_CASE("Vocabulary trainer: the same texts in any order give the same file, which is loaded again", "[text]") {
  std::vector<std::string> texts = reviews();
  const TemporaryFolder folder;
  for (const SubwordModel model : kModels) {
    const VocabularyTrainerOptions options{.vocab_size = 120, .model = model, .tokenizer = {.lower_case = false}};
    const BertTokenizer tokenizer = train_bert_tokenizer(texts, options);
    tokenizer.save_pretrained(folder.path() / "1");
    std::reverse(texts.begin(), texts.end());
    train_bert_tokenizer(texts, options).save_pretrained(folder.path() / "2");
    CHECK(read(folder.path() / "1" / "vocab.txt") == read(folder.path() / "2" / "vocab.txt"));
    const BertTokenizer loaded = BertTokenizer::from_pretrained(folder.path() / "1");
    CHECK_FALSE(loaded.options().lower_case);
    for (const std::string& text : texts) REQUIRE(loaded.encode(text) == tokenizer.encode(text));
  }
}

TEST_CASE("Vocabulary trainer: tiny and odd texts", "[text]") {
  const std::vector<std::vector<std::string>> collections = {
      {"a"},
      {"."},
      {"a a a"},
      {"ab"},
      {"ab ab", "ba"},
      {"\u4e2d\u6587 \u4e2d"},
      {"\u2581 a\u2581b ab ab \u2585"},  // sentencepiece's own marks
      {std::string(100, 'a') + " " + std::string(101, 'b')},
      {std::string(20000, 'x') + " ya ya"},
      {"satu\tdua\nsatu", "[MASK] satu [CLS]"}};
  for (const SubwordModel model : kModels) {
    for (const std::vector<std::string>& texts : collections) {
      INFO(texts[0].substr(0, 20));
      const BertTokenizer tokenizer =
          train_bert_tokenizer(texts, {.vocab_size = 50, .model = model, .min_character_count = 1});
      CHECK(tokenizer.vocab_size() >= 6);
      CHECK(tokenizer.vocab_size() <= 50);
      tokenizer.encode(texts[0]);
    }
  }
  const BertTokenizer marks = train_bert_tokenizer(collections[6], {.vocab_size = 50, .min_character_count = 1});
  CHECK(marks.tokenize("a\u2581b \u2585") == std::vector<std::string>{"a", "##\u2581", "##b", "\u2585"});
  const std::string_view views[] = {"kopi kopi", "kopi"};  // any range of texts
  CHECK(train_bert_tokenizer(views, {.vocab_size = 50}).tokenize("kopi") == std::vector<std::string>{"kopi"});
}

TEST_CASE("Vocabulary trainer: a character seen too rarely is left out", "[text]") {
  const std::vector<std::string> texts = {"aku kamu", "aku kamu", "aku xylofon"};
  const BertTokenizer tokenizer = train_bert_tokenizer(texts, {.vocab_size = 60, .min_character_count = 2});
  CHECK_FALSE(tokenizer.vocabulary().find("x").has_value());
  CHECK(tokenizer.tokenize("xylofon aku") == std::vector<std::string>{"[UNK]", "aku"});
}

TEST_CASE("Vocabulary trainer: impossible requests are refused", "[text]") {
  CHECK_THROWS_WITH(train_bert_tokenizer(reviews(), {.vocab_size = 10}),
                    Contains("vocab_size must be at least") && Contains("but is 10"));
  CHECK_THROWS_AS(train_bert_tokenizer(reviews(), {.vocab_size = -1}), ValueError);
  CHECK_THROWS_AS(train_bert_tokenizer(std::vector<std::string>{}), ValueError);
  CHECK_THROWS_AS(train_bert_tokenizer(std::vector<std::string>{"", " \t"}), ValueError);
  CHECK_THROWS_WITH(train_bert_tokenizer(std::vector<std::string>{"a\xFF"}), Contains("byte offset 1"));
}

#else

TEST_CASE("Vocabulary trainer: without sentencepiece it says so", "[text]") {
  CHECK_THROWS_AS(train_bert_tokenizer(std::vector<std::string>{"kopi kopi susu"}), ConfigError);
  CHECK_THROWS_WITH(train_bert_tokenizer(std::vector<std::string>{"kopi kopi susu"}), Contains("sentencepiece"));
}

#endif

}  // namespace vocabulary_trainer_test
