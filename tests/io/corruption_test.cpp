// Damaged files: no crash, and no memory beyond what the file warrants.
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/safetensors/safetensors.hpp>

#include "io/safetensors_bytes.hpp"
#include "support/catch.hpp"
#include "support/counting_new.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace corruption_test {

using namespace tempa;

namespace {

/// Loads a file of these bytes and touches every byte of every tensor.
Outcome load(std::string_view bytes, std::size_t& requested) {
  static const TemporaryFolder folder;
  static int number = 0;  // a new file each time: file systems may flush one that is emptied and written again
  const std::string path = folder.write(concat("damaged", number++), bytes);
  const auto touch = [](const auto& tensor) {
    unsigned sum = 0;
    for (const std::byte byte : std::as_bytes(tensor.span())) sum += std::to_integer<unsigned>(byte);
    [[maybe_unused]] volatile unsigned seen = sum;
  };
  const Outcome outcome = attempt(
      [&] {
        for (const auto& entry : load_safetensors(path)) std::visit(touch, entry.tensor);
      },
      requested);
  std::filesystem::remove(path);
  return outcome;
}

Outcome parse(std::string text, std::size_t& requested) {
  return attempt([&] { parse_json(std::move(text), "c.json"); }, requested);
}

}  // namespace

TEST_CASE("Safetensors: a file cut at any byte is refused", "[io]") {
  const std::string whole = read_text_file(fixture_path("io/every_type.safetensors"));
  std::size_t requested = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(load(std::string_view(whole).substr(0, size), requested) == Outcome::kRefused);
    CHECK(requested < warranted_bytes(whole.size()));
  }
  CHECK(load(whole + '\0', requested) == Outcome::kRefused);
  CHECK(load(whole, requested) == Outcome::kRead);
}

TEST_CASE("Safetensors: a flipped bit in the length or the header never crashes", "[io]") {
  const std::string whole = read_text_file(fixture_path("io/every_type.safetensors"));
  const std::size_t header_end = whole.rfind('}') + 4;  // three spaces pad it
  std::size_t requested = 0, refused = 0;
  for (std::size_t i = 0; i < header_end; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1u << bit));
      const Outcome outcome = load(flipped, requested);
      refused += outcome == Outcome::kRefused ? 1 : 0;
      CAPTURE(i, bit);
      if (i < 8) CHECK(outcome == Outcome::kRefused);
      CHECK(requested < warranted_bytes(whole.size()));
    }
  }
  CHECK(refused > header_end * 4);  // what is still read has another name or metadata
}

TEST_CASE("Safetensors: a header of nothing but brackets costs no memory", "[io]") {
  const std::size_t size = 1'000'000;
  std::size_t requested = 0;
  for (const std::string_view begin : {"{\"a\":", "{\"__metadata__\":", "{\"a\":{\"shape\":", "{\"a\":{\"shape\":["}) {
    for (const char bracket : {'[', '{'}) {
      const std::string header = std::string(begin) + std::string(size, bracket) + '}';
      CHECK(load(safetensors_bytes(header), requested) == Outcome::kRefused);
      CHECK(requested < 16384);
    }
  }
  const std::string many = "{\"a\":{\"dtype\":\"U8\",\"shape\":[" + std::string(size, '1') + "]}}";
  CHECK(load(safetensors_bytes(many), requested) == Outcome::kRefused);
  CHECK(requested < warranted_bytes(size));
}

TEST_CASE("JSON: a text cut at any byte is refused, and a flipped bit never crashes", "[io]") {
  const std::string whole =
      R"({"hidden_size": 768, "eps": 1e-12, "gelu": ["\u00e9", null, true], "id2label": {"0": "größe"}})";
  std::size_t requested = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(parse(whole.substr(0, size), requested) == Outcome::kRefused);
  CHECK(parse(whole, requested) == Outcome::kRead);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1u << bit));
      const Outcome outcome = parse(flipped, requested);
      CAPTURE(i, bit);
      if (bit == 7) CHECK(outcome == Outcome::kRefused);  // no UTF-8 any more
      CHECK(requested < warranted_bytes(whole.size()));
    }
  }
}

}  // namespace corruption_test
