#include <tempa/core/parallel.hpp>
#include <tempa/core/random.hpp>
#include <tempa/text/batch_encoding.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/thrown.hpp"

namespace batch_encoding_test {

using namespace tempa;
using Catch::Matchers::Contains;
using Ids = std::vector<std::int32_t>;

namespace {

BertTokenizer make_tokenizer() {
  return BertTokenizer(
      Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "##b", "ab"}));
}

/// Texts of different lengths.
std::vector<std::string> texts(std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.emplace_back();
    for (std::size_t k = 0; k < i % 17; ++k)
      out.back() += (i * 31 + k * 7) % 3 == 0 ? "ab " : (k % 2 == 0 ? "a" : "b\u0301");
  }
  return out;
}

/// The number of threads, restored at the end.
struct Threads {
  explicit Threads(int count) { set_num_threads(count); }
  ~Threads() { set_num_threads(before); }
  int before = num_threads();
};

}  // namespace

TEST_CASE("Encoding a batch: as one by one, for any number of threads", "[text]") {
  BertTokenizer tokenizer = make_tokenizer();
  tokenizer.add_tokens({{.content = "abb", .single_word = true}});
  const std::vector<std::string> first = texts(1000), second(first.rbegin(), first.rend());
  const EncodeOptions cut{.max_length = 11};
  std::vector<Encoding> singles, pairs;
  for (std::size_t i = 0; i < first.size(); ++i) {
    singles.push_back(tokenizer.encode(first[i]));
    pairs.push_back(tokenizer.encode(first[i], second[i], cut));
  }
  for (const int threads : {1, 2, 3, 7}) {
    const Threads guard(threads);
    CHECK(tokenizer.encode_batch(first) == singles);
    CHECK(tokenizer.encode_batch(first, second, cut) == pairs);
    CHECK(encode_batch(tokenizer, std::vector<std::string>{}).empty());
  }
}

TEST_CASE("Encoding a batch: subword regularisation draws the same as one by one", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  const std::vector<std::string> batch = texts(200);
  const EncodeOptions options{.piece_drop_prob = 0.5};
  manual_seed(3);
  std::vector<Encoding> singles;
  for (const std::string& text : batch) singles.push_back(tokenizer.encode(text, options));
  const Threads guard(3);
  manual_seed(3);
  CHECK(tokenizer.encode_batch(batch, options) == singles);
}

TEST_CASE("Encoding a batch: a bad text or too few pairs are refused", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  std::vector<std::string> batch = texts(300);
  CHECK_THAT(thrown<ValueError>([&] { tokenizer.encode_batch(batch, texts(299)); }),
             Contains("300") && Contains("299"));
  batch[250] = "a\xFF";
  const Threads guard(2);
  CHECK_THAT(thrown<ValueError>([&] { tokenizer.encode_batch(batch); }), Contains("byte offset 1"));
}

TEST_CASE("Padding: ids, token types and mask as a table", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  const std::vector<Encoding> encodings = {tokenizer.encode("a"), tokenizer.encode("ab a", "b"), tokenizer.encode("")};
  const PaddedEncodings longest = pad(encodings, tokenizer.pad_token_id());
  CHECK(longest.ids.shape() == Shape{3, 6});
  CHECK(longest.ids.to_vector() == Ids{2, 5, 3, 0, 0, 0, 2, 9, 5, 3, 6, 3, 2, 3, 0, 0, 0, 0});
  CHECK(longest.token_type_ids.to_vector() == Ids{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0});
  CHECK(longest.attention_mask.to_vector() == Ids{1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0});
  CHECK(pad(encodings, 0, {.pad_to_multiple_of = 4}).ids.shape() == Shape{3, 8});
  CHECK(pad(encodings, 0, {.pad_to_multiple_of = 6}).ids.shape() == Shape{3, 6});
  CHECK(pad(encodings, 0, {.padding = Padding::kMaxLength, .max_length = 9}).ids.shape() == Shape{3, 9});
  CHECK(pad(encodings, 0, {.padding = Padding::kMaxLength, .max_length = 9, .pad_to_multiple_of = 8}).ids.shape() ==
        Shape{3, 16});
  const PaddedEncodings left = pad(std::vector<Encoding>{encodings[0]}, 4,
                                   {.padding = Padding::kMaxLength, .max_length = 5, .side = Side::kLeft});
  CHECK(left.ids.to_vector() == Ids{4, 4, 2, 5, 3});
  CHECK(left.attention_mask.to_vector() == Ids{0, 0, 1, 1, 1});
  CHECK(pad({}, 0).ids.shape() == Shape{0, 0});
  CHECK_THAT(thrown<ValueError>([&] { pad(encodings, 0, {.padding = Padding::kMaxLength, .max_length = 5}); }),
             Contains("at least the longest encoding, 6, but is 5"));
  CHECK_THAT(thrown<ValueError>([&] { pad(encodings, 0, {.padding = Padding::kMaxLength}); }), Contains("not given"));
  CHECK_THROWS_AS(pad(encodings, 0, {.pad_to_multiple_of = 0}), ValueError);
  CHECK_THROWS_AS(pad(std::vector<Encoding>{{{1, 2}, {0}}}, 0), ValueError);
}

}  // namespace batch_encoding_test
