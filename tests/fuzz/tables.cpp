// Tables of text: what is read can be written, and is then read the same. Sentences with tags.
#include "fuzz/fuzz_target.hpp"

#include <tempa/data/table/delimited_writer.hpp>
#include <tempa/data/tagged_sentences.hpp>

#include <sstream>

static std::vector<std::vector<std::string>> table_rows(const std::string& text, const tempa::DelimitedFormat& format) {
  std::istringstream in(text);
  tempa::DelimitedReader reader(in, "table", format);
  std::vector<std::vector<std::string>> rows{reader.header()};
  for (const tempa::DelimitedRow& row : reader) rows.push_back(row.to_vector());
  return rows;
}

static void read_table(std::string_view bytes, const tempa::DelimitedFormat& format) {
  const auto rows = table_rows(std::string(bytes), format);
  std::ostringstream out;
  tempa::DelimitedWriter writer(out, "table", format);
  for (const auto& row : rows)
    if (!row.empty()) writer.write(std::span<const std::string>(row));
  writer.close();
  fuzz_check(table_rows(std::move(out).str(), format) == rows);
}

static const RegisterFuzzTarget csv_target(
    "csv", [](std::string_view bytes) { read_table(bytes, tempa::DelimitedFormat::csv()); },
    []() -> std::vector<std::string> {
      return {"\xEF\xBB\xBFtext,label\r\n\"a \"\"b\"\",\n c\",1\r\n\n größe,0", "a\n\"\"\n"};
    });

static const RegisterFuzzTarget tsv_target(
    "tsv", [](std::string_view bytes) { read_table(bytes, tempa::DelimitedFormat::tsv()); },
    []() -> std::vector<std::string> {
      return {"enak \"sekali\"\tpositive\r\n\nmahal\tnegative\r", "a\n"};
    });

static const RegisterFuzzTarget tagged_sentences_target(
    "tagged_sentences",
    [](std::string_view bytes) {
      std::istringstream in{std::string(bytes)};
      const auto sentences = tempa::read_tagged_sentences(in, "sentences", tempa::TagColumn::kOptional);
      if (sentences.sentences.front().tags.empty()) return;
      const auto names = tempa::learn_tags(sentences);
      fuzz_check(tempa::tag_classes(sentences, names).size() == sentences.sentences.size());
    },
    []() -> std::vector<std::string> {
      return {"Budi\tB-PERSON\nAni\tI-PERSON\n\nke\tO\r\nBali\tB-PLACE\n", "a\nb\n\n \nc"};
    });
