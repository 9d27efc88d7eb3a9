#include <tempa/data/data_loader.hpp>
#include <tempa/data/document_sentiment.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace document_sentiment_test {

using namespace tempa;
using Ids = std::vector<std::int32_t>;

namespace {

BertTokenizer tokenizer() {
  return BertTokenizer(Vocabulary::from_tokens(
      {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "enak", "sekali", "biasa", "saja", "buruk", "tidak", "##nya"}));
}

// A tokenizer of somebody else's: one id a byte.
struct ByteTokenizer {
  Encoding encode(std::string_view text, const EncodeOptions& options) const {
    if (text == "bad") throw ValueError("[ByteTokenizer] expected another text");
    Encoding encoding;
    for (const char c : text.substr(0, static_cast<std::size_t>(options.max_length.value_or(100))))
      encoding.ids.push_back(static_cast<unsigned char>(c));
    return encoding;
  }
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
    return encode(std::string(text) + "|" + std::string(pair), options);
  }
  std::int64_t vocab_size() const { return 256; }
  std::int32_t pad_token_id() const { return 0; }
  std::int32_t unk_token_id() const { return 0; }
  std::int32_t cls_token_id() const { return 0; }
  std::int32_t sep_token_id() const { return 0; }
};
static_assert(Tokenizer<ByteTokenizer>);

}  // namespace

TEST_CASE("DocumentSentimentDataset reads and tokenises a TSV", "[data]") {
  const TemporaryFolder dir;
  const auto path = dir.write("reviews.tsv", "Enak sekali\tpositive\nbiasa saja\tneutral\n\ntidak enaknya\t2\n");
  const auto data = DocumentSentimentDataset::from_tsv(path, tokenizer());
  REQUIRE(data.size() == 3);
  CHECK(data[0].encoding.ids == Ids{2, 5, 6, 3});
  CHECK(data[0].label == 0);
  CHECK(data[1].label == 1);
  CHECK(data[2].encoding.ids == Ids{2, 10, 5, 11, 3});
  CHECK(data[2].encoding.token_type_ids == Ids{0, 0, 0, 0, 0});
  CHECK(data[2].label == 2);
  CHECK(data.line(2) == 4);
  CHECK(data.class_counts() == std::vector<Index>{1, 1, 1});
  CHECK(data.num_labels() == 3);
  CHECK(data.label_names() == std::vector<std::string>{"positive", "neutral", "negative"});

  const auto cut = DocumentSentimentDataset::from_tsv(path, tokenizer(), {.max_length = 4});
  CHECK(cut[2].encoding.ids == Ids{2, 10, 5, 3});
  const auto like_indonlu =
      DocumentSentimentDataset::from_tsv(path, tokenizer(), {.max_length = 4, .truncation = Truncation::kIndonlu});
  CHECK(like_indonlu[2].encoding.ids == Ids{2, 10, 5, 11});

  DataLoader loader(data, {.batch_size = 2});
  CHECK((*loader.begin()).ids.to_vector() == Ids{2, 5, 6, 3, 2, 7, 8, 3});
}

TEST_CASE("DocumentSentimentDataset: labels are known in any case and with blanks around them", "[data]") {
  const TemporaryFolder dir;
  const auto path = dir.write("reviews.tsv", "enak\tpositive \nbiasa\t NEUTRAL\nburuk\tNegative\n");
  const auto data = DocumentSentimentDataset::from_tsv(path, tokenizer());
  CHECK(data.class_counts() == std::vector<Index>{1, 1, 1});
  CHECK(data[0].label == 0);
  CHECK(data[2].label == 2);
}

TEST_CASE("DocumentSentimentDataset: CSV with a header, columns by name, any tokenizer, pairs, no labels", "[data]") {
  const TemporaryFolder dir;
  const auto path = dir.write("reviews.csv", "id,sentiment,title,text\n1,negative,\"a,b\",xyz\n2,0,c,\"l\nm\"\n");
  DocumentSentimentOptions options{
      .max_length = 4, .format = DelimitedFormat::csv(), .columns = {.text = "text", .label = "sentiment"}};
  const auto data = DocumentSentimentDataset::from_tsv(path, ByteTokenizer{}, options);
  REQUIRE(data.size() == 2);
  CHECK(data[0].encoding.ids == Ids{'x', 'y', 'z'});
  CHECK(data[0].label == 2);
  CHECK(data[1].encoding.ids == Ids{'l', '\n', 'm'});
  CHECK(data.line(1) == 3);

  options.columns = {.text = "title", .pair = "text", .label = std::nullopt};
  const auto pairs = DocumentSentimentDataset::from_tsv(path, ByteTokenizer{}, options);
  CHECK(pairs[0].encoding.ids == Ids{'a', ',', 'b', '|'});
  CHECK_FALSE(pairs[0].label.has_value());
  CHECK(pairs.class_counts() == std::vector<Index>{0, 0, 0});
}

TEST_CASE("DocumentSentimentDataset: bad content is a FormatError that names file and line", "[data]") {
  struct Case {
    std::string text, message;
  };
  const TemporaryFolder dir;
  for (const Case& c : {
           Case{"a\tpositive\nb\thappy\n", ":2: unknown label \"happy\": expected one of positive, neutral, negative"},
           Case{"a\tposi tive\n", ":1: unknown label \"posi tive\": expected one of positive, neutral, negative"},
           Case{"a\t\n", ":1: unknown label \"\": expected one of positive, neutral, negative"},
           Case{"a\t1.5\n", ":1: unknown label \"1.5\": expected one of positive, neutral, negative"},
           Case{"a\t0\n\nb\t3\n", ":3: label 3 is out of range: expected 0 to 2 or one of positive, neutral, negative"},
           Case{"a\t-1\n", ":1: label -1 is out of range: expected 0 to 2 or one of positive, neutral, negative"},
           Case{
               "a\t99999999999999999999\n",
               ":1: label 99999999999999999999 is out of range: expected 0 to 2 or one of positive, neutral, negative"},
           Case{"a\tneutral\n\tneutral\n", ":2: expected a text in column 0 but it is empty"},
           Case{" \xE3\x80\x80 \tneutral\n", ":1: expected a text in column 0 but it is empty"},
           Case{"a\tneutral\nbad\tneutral\n", ":2: [ByteTokenizer] expected another text"},
           Case{"a\tneutral\nb\n", ":2: expected 2 fields but has 1"},
           Case{"a\xFF\tneutral\n", ":1: expected UTF-8 but field 0 has the invalid byte 0xff"},
           Case{std::string("a\tneutral\nb\0\tneutral\n", 21), ":2: expected text but has a NUL byte"},
           Case{"a\n", ":1: expected a column 1 but has 1 columns"},
           Case{"", ": expected at least one row but the file is empty"},
       }) {
    const auto path = dir.write("bad.tsv", c.text);
    CAPTURE(c.text);
    CHECK_THROWS_AS(DocumentSentimentDataset::from_tsv(path, ByteTokenizer{}), FormatError);
    CHECK_THROWS_WITH(DocumentSentimentDataset::from_tsv(path, ByteTokenizer{}), path.string() + c.message);
  }
  const auto only_header = dir.write("header.tsv", "text\tlabel\n");
  CHECK_THROWS_WITH(
      DocumentSentimentDataset::from_tsv(only_header, ByteTokenizer{}, {.format = DelimitedFormat::tsv(true)}),
      only_header.string() + ": expected at least one row but there is only a header");
  CHECK_THROWS_AS(DocumentSentimentDataset::from_tsv(only_header, ByteTokenizer{}, {.columns = {.label = "label"}}),
                  ConfigError);
  CHECK_THROWS_AS(DocumentSentimentDataset::from_tsv(dir.path() / "missing.tsv", ByteTokenizer{}), IoError);
}

TEST_CASE("read_labeled_texts: from a stream, with class names of one's own", "[data]") {
  std::istringstream in("x\tham\ny\t1\nz\tspam\n");
  DelimitedReader reader(in, "mails");
  const std::vector<std::string> names{"ham", "spam"};
  const LabeledTexts table = read_labeled_texts(reader, names);
  CHECK(table.size() == 3);
  CHECK(table.name == "mails");
  CHECK(table.texts == std::vector<std::string>{"x", "y", "z"});
  CHECK(table.labels == Ids{0, 1, 1});
  CHECK(table.lines == std::vector<std::int64_t>{1, 2, 3});

  std::istringstream more("x\tham\n");
  DelimitedReader again(more, "mails");
  CHECK_THROWS_AS(read_labeled_texts(again, {}), ConfigError);
  const LabeledTexts foreign{.name = "mails", .texts = {"x"}, .pairs = {}, .labels = {3}, .lines = {1}};
  CHECK_THROWS_AS(DocumentSentimentDataset(foreign, ByteTokenizer{}), ValueError);
}

TEST_CASE("DocumentSentimentDataset reads the real SmSA", "[data]") {
  const auto dir = smsa_dir();
  if (!dir) {
    WARN("skipped: the SmSA files are not there (TEMPA_SMSA_DIR)");
    return;
  }
  struct Part {
    const char* file;
    std::vector<Index> counts;
  };
  for (const Part& part :
       {Part{"train_preprocess.tsv", {6416, 1148, 3436}}, Part{"test_preprocess.tsv", {208, 88, 204}}}) {
    const auto data = DocumentSentimentDataset::from_tsv(*dir / part.file, tokenizer());
    CHECK(data.class_counts() == part.counts);
  }
  CHECK(DocumentSentimentDataset::from_tsv(*dir / "valid_preprocess.tsv", tokenizer()).size() == 1260);
}

}  // namespace document_sentiment_test
