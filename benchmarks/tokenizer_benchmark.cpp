// Tokenizes a file of texts, one a line, and prints one JSON object a repeat: what is timed is `encode_batch` alone.
//   tokenizer_benchmark MODEL_FOLDER TEXTS [threads=1] [repeats=5]
// Side by side with the tokenizers library: benchmarks/peers/tokenizer.py.
#include <tempa/core/parallel.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

using namespace tempa;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

int run(const std::vector<std::string>& arguments) {
  const auto argument = [&](std::size_t i, const char* otherwise) {
    return i < arguments.size() ? arguments[i] : std::string(otherwise);
  };
  set_num_threads(std::stoi(argument(3, "1")));
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(arguments[1]);
  const std::vector<std::string> texts = lines_of(read_text_file(arguments[2]));
  const int repeats = std::stoi(argument(4, "5"));
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Encoding> encodings = tokenizer.encode_batch(texts);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::uint64_t tokens = 0, sum = 0;  // of all ids, with their places: the peer must come to the same
    for (const Encoding& encoding : encodings) {
      for (const std::int32_t id : encoding.ids) sum += static_cast<std::uint64_t>(id) * (++tokens % 8191);
    }
    std::cout << "{\"seconds\": " << seconds.count() << ", \"texts\": " << texts.size() << ", \"tokens\": " << tokens
              << ", \"checksum\": " << sum << "}" << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (argc < 3) {
    std::cerr << "usage: tokenizer_benchmark MODEL_FOLDER TEXTS [threads=1] [repeats=5]\n";
    return 2;
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
