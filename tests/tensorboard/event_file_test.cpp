// TensorBoard's event files: checks, messages, records, and what damaged files do.
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/tensorboard/detail/event_file.hpp>
#include <tempa/tensorboard/detail/graph_def.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace event_file_test {

using namespace tempa;

namespace {

std::vector<LogEvent> some_events() {
  std::vector<LogEvent> events;
  events.push_back({.wall_time = 1.5, .step = 3, .summary = {{.tag = "a", .value = 0.25f}}});
  events.push_back({.wall_time = 1e9,
                    .step = std::numeric_limits<std::int64_t>::max(),
                    .summary = {{.tag = "größe/x", .value = -std::numeric_limits<float>::infinity()}, {.tag = "b"}}});
  events.push_back({.wall_time = 2,
                    .step = -1,
                    .summary = {{.tag = "image", .value = ImageSummary{2, 3, 4, std::string("\0png", 4)}}}});
  events.push_back(
      {.wall_time = 3, .summary = {{.tag = "h", .value = HistogramSummary{-1, 2, 3, 4, 5, {0, 0.5, 2}, {0, 1, 2}}}}});
  events.push_back(
      {.wall_time = 4,
       .summary = {{.tag = "t", .value = TextSummary{{"Ω", ""}}, .plugin_name = "text", .plugin_content = "x"}}});
  events.push_back({.wall_time = 5, .graph_def = "graph"});
  return events;
}

/// A file with TensorBoard's first event and those above.
std::string written(const std::filesystem::path& path) {
  EventFileWriter writer(path.string());
  for (const LogEvent& event : some_events()) writer.add(event);
  writer.close();
  return read_text_file(path.string());
}

/// Events that are read before the end or a FormatError.
std::size_t readable(const std::string& path, bool& refused) {
  std::size_t count = 0;
  refused = false;
  try {
    for (EventReader reader(path); reader.next();) ++count;
  } catch (const FormatError&) {
    refused = true;
  }
  return count;
}

}  // namespace

TEST_CASE("CRC: the check values of the standards, and a text in two parts", "[io]") {
  CHECK(crc32("123456789") == 0xcbf43926u);
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);  // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  CHECK(crc32("6789", crc32("12345")) == crc32("123456789"));
  CHECK(crc32("") == 0);
}

TEST_CASE("Protobuf: numbers at the edges come back, and broken messages are refused", "[io]") {
  ProtobufWriter out;
  const std::vector<std::uint64_t> numbers{0, 1, 127, 128, 300, ~std::uint64_t{0}};
  for (const std::uint64_t number : numbers) out.varint(1, number);
  out.integer(536870911, -5);  // the largest field number
  ProtobufReader reader(out.str(), "file", "Message");
  for (const std::uint64_t number : numbers) CHECK(reader.next()->bits == number);
  const auto last = reader.next();
  CHECK(last->number == 536870911);
  CHECK(last->integer() == -5);
  CHECK_FALSE(reader.next());
  struct Case {
    std::string bytes, message;
  };
  for (const auto& [bytes, message] :
       std::vector<Case>{{"\x08", "expected 1 more bytes but 0 are left"},
                         {"\x0a\x05"
                          "abc",
                          "expected 5 more bytes but 3 are left"},
                         {std::string("\x00\x01", 2), "a field has the number 0"},
                         {"\x0b", "field 1 has the wire type 3"},
                         {"\x08" + std::string(10, '\xff') + "\x01", "more than"},
                         {"\x08" + std::string(9, '\xff') + "\x02", "more than 64 bits"}}) {
    CAPTURE(message);
    const std::string text =
        thrown<FormatError>([&, &broken = bytes] { ProtobufReader(broken, "file", "Message").next(); });
    CHECK(text.find("file: broken protocol buffer Message: ") == 0);
    CHECK(text.find(message) != std::string::npos);
  }
}

TEST_CASE("Events: every kind of summary comes back as it was written", "[io]") {
  for (const LogEvent& event : some_events()) CHECK(decode_event(encode_event(event), "x") == event);
  const LogEvent goes_on{.step = 9, .session_start = true};
  CHECK(decode_event(encode_event(goes_on), "x") == goes_on);
  CHECK(thrown<FormatError>([] {
          decode_event(encode_event({.summary = {{.tag = "h", .value = HistogramSummary{.bucket_limit = {1}}}}}), "x");
        }).find("1 bucket limits for 0 buckets") != std::string::npos);
}

TEST_CASE("Graph: nodes, inputs and shapes come back", "[io]") {
  const std::vector<GraphNode> nodes{{.name = "a/weight", .op = "Parameter", .shape = {{2, 3}}},
                                     {.name = "a/linear", .op = "linear", .inputs = {"a/weight", "x"}, .shape = {{}}},
                                     {.name = "x", .op = ""}};
  CHECK(decode_graph_def(encode_graph_def(nodes), "x") == nodes);
}

TEST_CASE("Event file: a known record has TensorBoard's bytes", "[io]") {
  std::string record;
  append_record(record, "abc");
  CHECK(record.size() == 19);
  CHECK(record.substr(0, 8) == std::string("\3\0\0\0\0\0\0\0", 8));
  CHECK(record.substr(12, 3) == "abc");
  // ((0x364b3fb7 >> 15) | (0x364b3fb7 << 17)) + 0xa282ead8, the CRC-32C of "abc"
  CHECK(crc32c("abc") == 0x364b3fb7u);
  CHECK(record.substr(15) == std::string("\x6e\x57\xf1\x21", 4));
}

TEST_CASE("Event file: written and read, also while it is written", "[io]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "events").string();
  {
    EventFileWriter writer(path, {.max_queue = 3});
    CHECK(read_events(path).size() == 1);
    for (const LogEvent& event : some_events()) writer.add(event);
    CHECK(read_events(path).size() == 7);
    writer.add(some_events().front());
    CHECK(read_events(path).size() == 7);
    writer.flush();
    CHECK(read_events(path).size() == 8);
    writer.add(some_events().front());
  }
  auto events = read_events(path);
  CHECK(events.size() == 9);
  CHECK(events.front().file_version == "brain.Event:2");
  events.erase(events.begin());
  events.resize(6);
  CHECK(events == some_events());
}

TEST_CASE("Event file: the time flushes as well", "[io]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "events").string();
  EventFileWriter writer(path, {.max_queue = 1000, .flush_secs = 0});
  writer.add(some_events().front());
  CHECK(read_events(path).size() == 2);
}

TEST_CASE("Event file: a process that dies loses no more than what waited", "[io]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "events").string();
  const pid_t child = ::fork();
  if (child == 0) {
    EventFileWriter writer(path, {.max_queue = 10});
    for (int i = 0; i < 25; ++i) writer.add(some_events().front());
    ::_exit(0);  // no destructor runs
  }
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(read_events(path).size() == 1 + 20);
}

TEST_CASE("Event file: cut at any byte, it ends after the last whole record", "[io]") {
  const TemporaryFolder folder;
  const std::string whole = written(folder.path() / "events");
  std::size_t before = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto path = folder.write("cut", whole.substr(0, size));
    bool refused = false;
    const std::size_t count = readable(path.string(), refused);
    CHECK_FALSE(refused);
    CHECK(count >= before);
    CHECK(count <= before + 1);
    before = count;
    EventReader reader(path.string());
    while (reader.next()) {
    }
    if (size == whole.size()) CHECK(reader.bytes_left() == 0);
  }
  CHECK(before == 7);
}

TEST_CASE("Event file: a flipped bit is noticed wherever it is", "[io]") {
  const TemporaryFolder folder;
  const std::string whole = written(folder.path() / "events");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1u << bit));
      bool refused = false;
      const std::size_t count = readable(folder.write("flipped", flipped).string(), refused);
      CAPTURE(i, bit);
      CHECK(refused);
      CHECK(count < 7);
    }
  }
}

TEST_CASE("Event file: broken messages behind good checks are refused or read, never worse", "[io]") {
  const TemporaryFolder folder;
  std::size_t refused_count = 0;
  for (const LogEvent& event : some_events()) {
    const std::string message = encode_event(event);
    for (std::size_t i = 0; i < message.size(); ++i) {
      for (unsigned bit = 0; bit < 9; ++bit) {  // the ninth cuts
        std::string broken = message;
        if (bit < 8) broken[i] = static_cast<char>(static_cast<unsigned char>(broken[i]) ^ (1u << bit));
        if (bit == 8) broken.resize(i);
        try {
          decode_event(broken, "x");
        } catch (const FormatError&) {
          ++refused_count;
        }
      }
    }
  }
  CHECK(refused_count > 100);
}

TEST_CASE("Event file: a length of the file that no file has is a torn record, not memory", "[io]") {
  const TemporaryFolder folder;
  std::string length;
  detail::append_little_endian(length, ~std::uint64_t{0});
  std::string record = length;
  detail::append_little_endian(record, detail::masked_crc32c(length));
  EventReader reader(folder.write("huge", record + "data").string());
  CHECK_FALSE(reader.next());
  CHECK(reader.bytes_left() == 16);
}

TEST_CASE("Event file: errors name the file", "[io]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "events").string();
  CHECK(thrown<IoError>([&] { EventFileWriter(path + "/x"); }).find(path + "/x: cannot open for appending: ") == 0);
  folder.write("events", "x");
  CHECK(thrown<IoError>([&] { EventFileWriter writer(path); }).find("File exists") != std::string::npos);
  CHECK(thrown<IoError>([&] { EventReader reader(path + "no"); }).find(path + "no: cannot open") == 0);
  std::string damaged;
  append_record(damaged, "abc");
  damaged[13] = 'x';
  const auto file = folder.write("damaged", damaged);
  CHECK(thrown<FormatError>([&] { EventReader(file.string()).next(); }) ==
        file.string() + ": the record at byte 0 has a wrong check of its data");
  EventFileWriter closed((folder.path() / "closed").string());
  closed.close();
  CHECK_THROWS_AS(closed.add({}), IoError);
}

TEST_CASE("Event file: a full disk is an error, leaves whole records, and writing goes on when there is room", "[io]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "events").string();
  EventFileWriter writer(path, {.max_queue = 1});
  const auto before = std::filesystem::file_size(path);
  const LogEvent event{.wall_time = 1, .summary = {{.tag = std::string(100, 'a'), .value = 1.0f}}};
  {
    const FileSizeLimit limit(before + 60);
    CHECK(thrown<IoError>([&] { writer.add(event); }).find(path + ": cannot append ") == 0);
    CHECK(std::filesystem::file_size(path) == before);
  }
  writer.add(event);
  writer.close();
  const auto events = read_events(path);
  REQUIRE(events.size() == 3);
  CHECK(events[1] == event);
  CHECK(events[2] == event);
}

}  // namespace event_file_test
