#include <tempa/data/data_loader.hpp>
#include <tempa/data/label_columns.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace label_columns_test {

using namespace tempa;

namespace {

const std::vector<std::string> kPolarity{"negative", "neutral", "positive"};
const std::vector<LabelColumn> kColumns{{"fuel", kPolarity}, {"price", kPolarity}};

BertTokenizer tokenizer() {
  return BertTokenizer(Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "irit", "mahal"}));
}

const std::string kTable =
    "sentence,fuel,machine,price\n"
    "irit,positive,neutral,neutral\n"
    "\"irit, mahal\",positive,neutral,negative\n";

}  // namespace

TEST_CASE("Label columns: a list of all classes, and back", "[data]") {
  const std::vector<LabelColumn> columns{{"fuel", {"neg", "pos"}}, {"price", {"a=b", "", "c"}}};
  const auto flat = flat_labels(columns);
  CHECK(flat == std::vector<std::string>{"fuel=neg", "fuel=pos", "price=a=b", "price=", "price=c"});
  CHECK(label_columns_of(flat) == columns);
}

TEST_CASE("Label columns: lists that cannot be columns are typed errors", "[data]") {
  const auto flat = [](const std::vector<LabelColumn>& columns) {
    return thrown<ConfigError>([&] { flat_labels(columns); });
  };
  CHECK(flat({}) == "[flat_labels] expected at least one label column but there is none");
  CHECK(flat({{"", {"a"}}}) ==
        "[flat_labels] the name of a label column must have a character, and no \"=\", but is \"\"");
  CHECK(flat({{"a=b", {"a"}}}) ==
        "[flat_labels] the name of a label column must have a character, and no \"=\", but is \"a=b\"");
  CHECK(flat({{"fuel", {}}}) == "[flat_labels] expected labels of the column fuel but there are none");
  CHECK(flat({{"fuel", {"a"}}, {"fuel", {"b"}}}) == "[flat_labels] the label column fuel comes twice");
  CHECK(flat({{"fuel", {"a", "a"}}}) == "[flat_labels] the label fuel=a comes twice");
  const auto columns = [](const std::vector<std::string>& labels) {
    return thrown<ConfigError>([&] { label_columns_of(labels); });
  };
  CHECK(columns({"LABEL_0"}) == "[label_columns_of] expected labels like \"price=positive\" but got \"LABEL_0\"");
  CHECK(columns({"a=1", "b=1", "a=2"}) == "[flat_labels] the label column a comes twice");
  CHECK(columns({}) == "[flat_labels] expected at least one label column but there is none");
}

TEST_CASE("Label columns dataset: a class in each column, batches of them, any order and choice of columns", "[data]") {
  const TemporaryFolder folder;
  const auto path = folder.write("casa.csv", kTable);
  const std::vector<LabelColumn> columns{{"price", kPolarity}, {"fuel", {"positive"}}};
  const auto dataset = LabelColumnsDataset::from_csv(path, columns, tokenizer(), {.max_length = 4});
  REQUIRE(dataset.size() == 2);
  CHECK(dataset.columns() == columns);
  CHECK(dataset[1].encoding.ids == std::vector<std::int32_t>{2, 5, 1, 3});
  CHECK(dataset[1].labels == std::vector<std::int32_t>{0, 0});
  DataLoader loader(dataset, {.batch_size = 2}, LabelColumnsCollate{});
  const Batch batch = *loader.begin();
  CHECK(batch.labels.shape() == Shape{2, 2});
  CHECK(batch.labels.to_vector() == std::vector<std::int32_t>{1, 0, 0, 0});
  CHECK(batch.tokens() == 7);
}

TEST_CASE("Label columns dataset: labels are learnt from a table, and may be missing", "[data]") {
  const TemporaryFolder folder;
  const auto path = folder.write("casa.csv", kTable);
  const auto table = read_text_table(path, {.text = "sentence", .labels = {"fuel", "price"}}, DelimitedFormat::csv());
  CHECK(learn_label_columns(table) ==
        std::vector<LabelColumn>{{"fuel", {"positive"}}, {"price", {"negative", "neutral"}}});
  const auto texts = read_text_table(path, {.text = "sentence"}, DelimitedFormat::csv());
  CHECK_THROWS_AS(learn_label_columns(texts), ConfigError);
  const LabelColumnsDataset dataset(texts, kColumns, tokenizer());
  CHECK(dataset[0].labels.empty());
  const std::vector<LabelColumnsExample> examples{dataset[0], dataset[1]};
  CHECK(LabelColumnsCollate{}(examples).labels.empty());
}

TEST_CASE("Label columns dataset: bad input names file, line and column", "[data]") {
  const TemporaryFolder folder;
  const auto open = [&](const std::string& text) {
    return LabelColumnsDataset::from_csv(folder.write("casa.csv", text), kColumns, tokenizer());
  };
  const std::string path = (folder.path() / "casa.csv").string();
  CHECK(thrown<FormatError>([&] { open(kTable + "irit,good,neutral,neutral\n"); }) ==
        path + ":4: unknown label \"good\" in the column fuel: expected one of negative, neutral, positive");
  CHECK(thrown<FormatError>([&] { open("sentence,fuel\nirit,positive\n"); }) ==
        path + ":1: expected a column \"price\" but has \"sentence\", \"fuel\"");
  CHECK(thrown<FormatError>([&] { open(kTable + "\"irit,positive,neutral,neutral\n"); }) ==
        path + ":4: the quote that opens here is never closed");
  CHECK_THROWS_AS(open("sentence,fuel,price\n"), FormatError);
  const auto table = read_text_table(folder.write("casa.csv", kTable), {.text = 0, .labels = {"price", "fuel"}},
                                     DelimitedFormat::csv());
  CHECK(thrown<ConfigError>([&] { LabelColumnsDataset(table, kColumns, tokenizer()); }) ==
        "[LabelColumnsDataset] expected the label column fuel but got price");
  CHECK(thrown<ConfigError>([&] { LabelColumnsDataset(table, {kColumns[0]}, tokenizer()); }) ==
        "[LabelColumnsDataset] expected 1 label columns but the table has 2");
  const std::vector<LabelColumnsExample> uneven{{.encoding = {{2}, {0}}, .labels = {1}},
                                                {.encoding = {{2}, {0}}, .labels = {}}};
  CHECK_THROWS_AS(LabelColumnsCollate{}(uneven), ValueError);
}

}  // namespace label_columns_test
