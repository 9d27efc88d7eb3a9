// A sentencepiece model, and the tokenizer.json that has one.
#include "fuzz/fuzz_target.hpp"

#include <tempa/text/sentencepiece/sentencepiece_tokenizer.hpp>

static void use(const tempa::SentencePieceTokenizer& tokenizer) {
  const auto encoding = tokenizer.encode("Makanannya enak, \u00c9 \u3000\ufb01x <mask>");
  for (const std::int32_t id : encoding.ids) fuzz_check(id >= 0 && id < tokenizer.vocab_size());
  fuzz_check(!tempa::find_invalid_utf8(tokenizer.decode(encoding.ids)));
}

static const RegisterFuzzTarget sentencepiece_model_target(
    "sentencepiece_model",
    [](std::string_view bytes) {
      const std::string path = fuzz_file(bytes);
      try {
        use(tempa::SentencePieceTokenizer::from_model_file(path));
      } catch (const tempa::FormatError&) {  // XLM-R's has other special tokens
        use(tempa::SentencePieceTokenizer::from_model_file(
            path, {.convention = tempa::SentencePieceConvention::kXlmRoberta}));
      }
    },
    [] {
      return fixtures({"text/albert.model", "text/xlm_roberta.model"});
    });

static const RegisterFuzzTarget sentencepiece_json_target(
    "sentencepiece_json",
    [](std::string_view bytes) { use(tempa::SentencePieceTokenizer::from_tokenizer_json(fuzz_file(bytes))); },
    []() -> std::vector<std::string> {
      return {R"({"version":"1.0","added_tokens":[{"id":0,"content":"<pad>","single_word":false,"lstrip":false,)"
              R"("rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[)"
              R"({"type":"Precompiled","precompiled_charsmap":""},{"type":"NFKD"}]},"model":{"type":"Unigram",)"
              R"("unk_id":1,"vocab":[["<pad>",0.0],["<unk>",0.0],["[CLS]",0.0],["[SEP]",0.0],["[MASK]",0.0],)"
              R"(["\u2581",-2.5],["a",-3.0],["\u2581ma",-3.5],["kan",-4.0]]}})"};
    });
