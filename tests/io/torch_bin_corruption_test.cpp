// Damaged checkpoints of PyTorch and damaged indices: no crash, and no memory beyond what the file warrants.
#include <tempa/io/files/file.hpp>
#include <tempa/io/safetensors/sharded.hpp>
#include <tempa/io/torch/torch_bin.hpp>

#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/requested_memory.hpp"
#include "support/temporary_folder.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torch_bin_corruption_test {

using namespace tempa;

namespace {

/// Touches every byte of every tensor.
void touch(const StateDict& state) {
  unsigned sum = 0;
  for (const auto& entry : state)
    std::visit(
        [&](const auto& tensor) {
          for (const std::byte byte : std::as_bytes(tensor.span())) sum += std::to_integer<unsigned>(byte);
        },
        entry.tensor);
  [[maybe_unused]] volatile unsigned seen = sum;
}

Outcome load(std::string_view bytes, std::size_t& requested) {
  static const TemporaryFolder folder;
  static int number = 0;  // a new file each time: file systems may flush one that is emptied and written again
  const std::string path = folder.write(concat("damaged", number++), bytes);
  const Outcome outcome = attempt([&] { touch(load_torch_bin(path)); }, requested);
  std::filesystem::remove(path);
  return outcome;
}

std::string flipped(std::string bytes, std::size_t byte, unsigned bit) {
  bytes[byte] = static_cast<char>(static_cast<unsigned char>(bytes[byte]) ^ (1u << bit));
  return bytes;
}

/// The most costly byte of a file is one of a tensor's name: a name may be a byte long, and a named tensor takes 430 in
/// memory. An empty pickle takes two thousand.
std::size_t warranted_by_file(std::size_t file_bytes) { return 48 * file_bytes + 8192; }

/// Files of torch.save, with a transposed tensor and a parameter.
std::vector<std::string> small_files() {
  return {read_text_file(fixture_path("io/plain_dict_zip.bin")),
          read_text_file(fixture_path("io/plain_dict_legacy.bin"))};
}

}  // namespace

TEST_CASE("PyTorch files: one cut at any byte is refused", "[io]") {
  for (const std::string name : {"plain_dict_zip.bin", "plain_dict_legacy.bin", "every_kind_legacy.bin"}) {
    const std::string whole = read_text_file(fixture_path("io/" + name));
    std::size_t requested = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(name, size);
      CHECK(load(std::string_view(whole).substr(0, size), requested) == Outcome::kRefused);
      CHECK(requested < warranted_by_file(size));
    }
    CHECK(load(whole + '\0', requested) == Outcome::kRefused);
    CHECK(load(whole, requested) == Outcome::kRead);
    CHECK(requested < warranted_by_file(whole.size()));
  }
}

TEST_CASE("PyTorch files: a flipped bit never crashes", "[io]") {
  for (const std::string& whole : small_files()) {
    std::size_t requested = 0, refused = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        refused += load(flipped(whole, i, bit), requested) == Outcome::kRefused ? 1 : 0;
        CAPTURE(i, bit);
        CHECK(requested < warranted_by_file(whole.size()));
      }
    }
    CHECK(refused > whole.size() * 2);  // the rest: padding, times, elements, names
  }
}

TEST_CASE("PyTorch files: a flipped bit of the pickle is seen by its check", "[io]") {
  const std::string whole = read_text_file(fixture_path("io/plain_dict_zip.bin"));
  const std::size_t begin = whole.find("\x80\x02}"), end = whole.find("PK\7\10");
  std::size_t requested = 0;
  REQUIRE(begin < end);
  for (std::size_t i = begin; i < end; ++i)
    for (unsigned bit = 0; bit < 8; ++bit) CHECK(load(flipped(whole, i, bit), requested) == Outcome::kRefused);
}

TEST_CASE("Sharded: an index cut at any byte is refused, and a flipped bit never crashes", "[io]") {
  const TemporaryFolder folder;
  for (const char* const name : {"pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"})
    std::filesystem::copy_file(fixture_path("io/sharded") / name, folder.path() / name);
  const std::string whole = read_text_file(fixture_path("io/sharded/pytorch_model.bin.index.json"));
  std::size_t files_bytes = whole.size();
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) files_bytes += file.file_size();
  std::size_t requested = 0, refused = 0;
  int number = 0;
  const auto load_index = [&](std::string_view json) {
    const std::string path = folder.write(concat("index", number++, ".json"), json);
    const Outcome outcome = attempt(
        [&] {
          try {
            touch(load_sharded(path));
          } catch (const IoError&) {  // a name that no shard has
            throw FormatError(path, 0, "missing shard");
          }
        },
        requested);
    std::filesystem::remove(path);
    return outcome;
  };
  for (std::size_t size = 0; size + 2 < whole.size(); ++size)  // the last two are the brace and a newline
    CHECK(load_index(whole.substr(0, size)) == Outcome::kRefused);
  CHECK(load_index(whole) == Outcome::kRead);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      refused += load_index(flipped(whole, i, bit)) == Outcome::kRefused ? 1 : 0;
      CHECK(requested < warranted_bytes(files_bytes));
    }
  }
  CHECK(refused > whole.size() * 4);
}

TEST_CASE("PyTorch files: no pickle makes its reader ask for more memory than the file warrants", "[io]") {
  constexpr int kCount = 200'000;
  const auto repeated = [](std::string_view first, std::string_view opcodes) {
    std::string body(first);
    for (int i = 0; i < kCount; ++i) body += opcodes;
    return body;
  };
  const std::string zero(1, '\0');
  const std::string tensor = torch_tensor(torch_storage("FloatStorage", "0", 4), 0, {2, 2}, {1, 2});
  std::string same = "}(" + pickle_text("t") + tensor + "q\1";
  for (int i = 0; i < kCount / 4; ++i) same += "U\5" + little(0x4141414141u + static_cast<unsigned>(i), 5) + "h\1";
  std::string growing_memo = "]";
  for (std::uint64_t i = 0; i < kCount; ++i) growing_memo += "r" + little(i, 4);
  const struct {
    std::string_view what;
    std::string body;
  } cases[] = {
      {"lists", repeated("", "]")},
      {"dicts in a list", repeated("]", "}a")},
      {"marks", repeated("", "(")},
      {"nested tuples", repeated(")", "\x85")},
      {"persistent identifiers of one tuple",
       repeated(pickle_tuple({pickle_text("storage"), pickle_reference("torch", "FloatStorage"), pickle_text("0"),
                              pickle_text("cpu"), pickle_int(4)}) +
                    "q" + zero,
                "h" + zero + "Q")},
      {"a growing memo", growing_memo},
      {"one tensor under one name",
       repeated("}(" + pickle_text("t") + "q" + zero + tensor + "q\1", "h" + zero + "h\1") + "u"},
      {"one tensor under many names", same + "u"},
      {"an endless string", "X\xff\xff\xff\xff"},
      {"an endless name", "c" + std::string(kCount, 'x')},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const std::string file = torch_zip(one.body, {{.name = "0", .bytes = std::string(16, 'x')}});
    std::size_t requested = 0;
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = load(file, requested);
    CHECK(outcome == (one.what == "one tensor under many names" ? Outcome::kRead : Outcome::kRefused));
    CHECK(requested < warranted_by_file(file.size()));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  }
}

}  // namespace torch_bin_corruption_test
