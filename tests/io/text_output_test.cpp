#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/detail/json/json_text.hpp>
#include <tempa/io/files/detail/text_output.hpp>
#include <tempa/io/files/file.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace text_output_test {

using namespace tempa;

TEST_CASE("TextOutput: what was flushed is there before it is closed", "[io]") {
  const TemporaryFolder dir;
  const std::string path = dir.write("out.txt", "old, and longer than what comes").string();
  TextOutput output(path);
  CHECK(std::filesystem::file_size(path) == 0);
  output.write("one\n");
  output.flush();
  CHECK(read_text_file(path) == "one\n");
  const std::string large(200'000, 'x');
  output.write(large);  // more than the buffer holds
  output.write("end\n");
  output.close();
  CHECK(read_text_file(path) == "one\n" + large + "end\n");
}

TEST_CASE("TextOutput: the destructor flushes, so that an exception leaves what was written", "[io]") {
  const TemporaryFolder dir;
  const std::string path = (dir.path() / "out.txt").string();
  try {
    TextOutput output(path);
    output.write("one\n");
    throw ValueError("no matter what");
  } catch (const ValueError&) {
  }
  CHECK(read_text_file(path) == "one\n");
}

TEST_CASE("TextOutput: a folder, a full disk and a closed pipe are typed errors", "[io]") {
  const TemporaryFolder dir;
  CHECK_THROWS_AS(TextOutput(dir.path().string()), IoError);
  CHECK_THROWS_AS(TextOutput((dir.path() / "no" / "folder").string()), IoError);
  {
    TextOutput full("/dev/full");
    full.write("x");
    CHECK_THROWS_AS(full.flush(), IoError);
    CHECK_NOTHROW(full.close());  // what could not be written is not tried again
  }
  const std::string pipe = (dir.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  TextOutput output(pipe);
  ::close(reader);
  output.write("x");
  CHECK_THROWS_AS(output.flush(), ClosedPipeError);
  std::signal(SIGPIPE, before);
}

TEST_CASE("append_json: strings and numbers read back as they were", "[io]") {
  std::string every;
  for (int c = 1; c < 0x80; ++c) every += static_cast<char>(c);
  for (const std::string& text : {std::string(), std::string("\0", 1), every, std::string("é 日本 😀 \u2028")}) {
    std::string line;
    append_json(line, text);
    CHECK(nlohmann::json::parse(line).get<std::string>() == text);
    CHECK(line.find('\n') == std::string::npos);
  }
  const auto written = [](auto value) {
    std::string line;
    append_json(line, value);
    return line;
  };
  CHECK(written(0.1F) == "0.1");
  CHECK(written(0.1) == "0.1");
  CHECK(written(-2.0F) == "-2");
  CHECK(written(std::numeric_limits<float>::infinity()) == "null");
  CHECK(written(std::numeric_limits<double>::quiet_NaN()) == "null");
  for (const float value : {1e-45F, 3.4028235e38F, 0.33333334F, 16777216.0F, 1.1754944e-38F})
    CHECK(std::strtof(written(value).c_str(), nullptr) == value);
  CHECK(nlohmann::json::parse(written(1e-45F)).is_number());
}

}  // namespace text_output_test
