// Damaged tokenizer files: an error or a tokenizer, no crash, and no memory beyond what the file warrants.
#include <tempa/io/files/file.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/requested_memory.hpp"
#include "support/temporary_folder.hpp"

namespace bert_tokenizer_corruption_test {

using namespace tempa;

namespace {

/// A folder as small as it gets.
void write_model(const TemporaryFolder& folder) {
  const BertTokenizer tokenizer(
      Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "\u00e9"}),
      {.added_tokens = {{.content = "<n>", .lstrip = true}}, .additional_special_tokens = {"<s>"}});
  tokenizer.save_pretrained(folder.path());
}

/// Opening a folder and using the tokenizer asks for less than this, each growth of a buffer counted anew; a number of
/// a file that was believed would ask for more by far.
constexpr std::size_t kWarrantedBytes = 4'000'000;

/// Opens the folder; whatever opens must encode and decode. @return whether it was refused, with an `Error`.
bool refused(const TemporaryFolder& folder) {
  const std::size_t before = requested_bytes;
  bool is_refused = false;
  try {
    const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
    const Encoding encoding = tokenizer.encode("ab \u00c9 <n>x<s> [MASK]\u6f22");
    static_cast<void>(tokenizer.decode(encoding.ids, {.skip_special_tokens = true}));
    for (const std::int32_t id : encoding.ids) {
      if (id < 0 || id >= tokenizer.vocab_size()) FAIL("id " << id << " of " << tokenizer.vocab_size());
    }
  } catch (const Error&) {
    is_refused = true;
  }
  const std::size_t requested = requested_bytes - before;
  if (requested > kWarrantedBytes) FAIL_CHECK("asked for " << requested << " bytes");
  return is_refused;
}

}  // namespace

TEST_CASE("Tokenizer files: one cut at any byte is refused or read, and never crashes", "[text]") {
  const TemporaryFolder folder;
  write_model(folder);
  for (const std::string name :
       {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt"}) {
    const std::string whole = read_text_file((folder.path() / name).string());
    std::size_t read = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      folder.write(name, whole.substr(0, size));
      const bool is_refused = refused(folder);
      INFO(name << " of " << size << " bytes");
      // The last line break may be missing, and with added_tokens_decoder two files are not looked at.
      const bool is_read = name == "special_tokens_map.json" || name == "added_tokens.json";
      if (name.ends_with(".json") && !is_read && size + 1 < whole.size()) CHECK(is_refused);
      read += is_refused ? 0 : 1;
    }
    folder.write(name, whole);
    CHECK(read > 0);
  }
  CHECK_FALSE(refused(folder));
}

TEST_CASE("Tokenizer files: a flipped bit never crashes", "[text]") {
  const TemporaryFolder folder;
  write_model(folder);
  const auto flip_all = [&](const std::string& name) {
    const std::string whole = read_text_file((folder.path() / name).string());
    std::size_t refusals = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      // The highest bit of each byte, which makes it no ASCII, and one of the others, each in turn.
      for (const unsigned bit : {static_cast<unsigned>(i % 7), 7U}) {
        std::string flipped = whole;
        flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << bit));
        folder.write(name, flipped);
        const bool is_refused = refused(folder);
        INFO(name << " byte " << i << " bit " << bit);
        if (bit == 7 && name.ends_with(".json") && static_cast<unsigned char>(whole[i]) < 0x80) CHECK(is_refused);
        refusals += is_refused ? 1 : 0;
      }
    }
    folder.write(name, whole);
    CHECK(refusals > whole.size());
    return refusals;
  };
  flip_all("tokenizer_config.json");
  flip_all("tokenizer.json");
  for (const char* other : {"tokenizer.json", "tokenizer_config.json"})
    std::filesystem::remove(folder.path() / other);  // now the other three are looked at
  flip_all("special_tokens_map.json");
  flip_all("added_tokens.json");
  flip_all("vocab.txt");
}

TEST_CASE("Tokenizer files: a number of the file is never an amount of memory", "[text]") {
  const TemporaryFolder folder;
  write_model(folder);
  std::filesystem::remove(folder.path() / "tokenizer_config.json");  // its added tokens would come first
  const std::string path = (folder.path() / "tokenizer.json").string();
  const nlohmann::json whole = read_json(path).root;
  for (const std::int64_t number : {std::int64_t{2147483647}, std::int64_t{4294967295}, std::int64_t{1} << 62}) {
    for (const char* pointer : {"/model/vocab/a", "/added_tokens/0/id", "/model/max_input_chars_per_word"}) {
      nlohmann::json changed = whole;
      changed[nlohmann::json::json_pointer(pointer)] = number;
      write_json(path, changed);
      const bool is_refused = refused(folder);
      INFO(pointer << ' ' << number);
      CHECK((is_refused || (number == 2147483647 && std::string_view(pointer) == "/model/max_input_chars_per_word")));
    }
  }
}

}  // namespace bert_tokenizer_corruption_test
