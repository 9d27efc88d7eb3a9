// The files of a BERT tokenizer: whatever opens must encode and decode.
#include "fuzz/fuzz_target.hpp"

#include <tempa/text/bert/bert_tokenizer.hpp>

static const tempa::BertTokenizer& small_tokenizer() {
  static const tempa::BertTokenizer tokenizer(
      tempa::Vocabulary::from_tokens(
          {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "\u00e9", "ku", "##cing", "\u6f22", "##\u0301"}),
      {.added_tokens = {{.content = "<n>", .lstrip = true}}, .additional_special_tokens = {"<s>"}});
  return tokenizer;
}

/// A file of the small tokenizer's folder.
static std::string tokenizer_file(const char* name) {
  const TemporaryFolder folder;
  small_tokenizer().save_pretrained(folder.path());
  return tempa::read_text_file((folder.path() / name).string());
}

static void use(const tempa::BertTokenizer& tokenizer, std::string_view text) {
  const tempa::Encoding encoding = tokenizer.encode(text);
  fuzz_check(encoding.ids.size() == encoding.token_type_ids.size());
  for (const std::int32_t id : encoding.ids) fuzz_check(id >= 0 && id < tokenizer.vocab_size());
  fuzz_check(!tempa::find_invalid_utf8(tokenizer.decode(encoding.ids)));
  fuzz_check(tokenizer.tokenize(text).size() + 2 == encoding.ids.size());
  fuzz_check(tokenizer.encode(text, {.max_length = 4}).ids.size() <= 4);
}

static constexpr std::string_view kSomeText = "abba \u00c9 <n>kucing<s> [MASK]\u6f22, e\u0301!";

static const RegisterFuzzTarget tokenizer_json_target(
    "tokenizer_json",
    [](std::string_view bytes) { use(tempa::BertTokenizer::from_tokenizer_file(fuzz_file(bytes)), kSomeText); },
    [] { return std::vector<std::string>{tokenizer_file("tokenizer.json")}; });

static const RegisterFuzzTarget tokenizer_config_target(
    "tokenizer_config",
    [](std::string_view bytes) {
      static const TemporaryFolder folder;
      static const bool saved = (small_tokenizer().save_pretrained(folder.path()), true);
      folder.write("tokenizer_config.json", bytes);
      if (saved) use(tempa::BertTokenizer::from_pretrained(folder.path()), kSomeText);
    },
    [] { return std::vector<std::string>{tokenizer_file("tokenizer_config.json")}; });

static const RegisterFuzzTarget vocab_target(
    "vocab",
    [](std::string_view bytes) {
      for (const auto rules : {tempa::TextRules::kFast, tempa::TextRules::kPython}) {
        const auto vocabulary = tempa::Vocabulary::load(fuzz_file(bytes), rules);
        for (std::int32_t id = 0; id < vocabulary.size(); ++id) {
          const auto found = vocabulary.find(vocabulary.token(id));
          fuzz_check(vocabulary.token(id).empty() || (found && *found >= id));
        }
        use(tempa::BertTokenizer(vocabulary), kSomeText);
      }
    },
    [] { return std::vector<std::string>{tokenizer_file("vocab.txt")}; });

static const RegisterFuzzTarget tokenizer_input(
    "tokenizer_input",
    [](std::string_view bytes) {
      static const tempa::BertTokenizer whole(small_tokenizer().vocabulary(), {.never_split = {"ku"}});
      const std::size_t half = bytes.find('\n');
      for (const tempa::BertTokenizer* tokenizer : {&small_tokenizer(), &whole}) {
        use(*tokenizer, bytes);
        if (half == std::string_view::npos) continue;
        const auto pair = tokenizer->encode(bytes.substr(0, half), bytes.substr(half + 1), {.max_length = 8});
        fuzz_check(pair.ids.size() <= 8);
      }
    },
    []() -> std::vector<std::string> {
      return {std::string(kSomeText),
              "Makanannya enak\nsekali \U0001F600 \u0e01\u0e33\ufb01\u0130\u1e9e\u00df\u3099\u200d",
              "kucing\t\u00a0\u3000<n><s>[SEP]"};
    });
