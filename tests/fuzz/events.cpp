// TensorBoard's event files: the whole file, and a message in a record whose checks are good.
#include "fuzz/fuzz_target.hpp"

#include <tempa/tensorboard/detail/event_file.hpp>

static std::vector<std::string> event_seeds() {
  return {
      tempa::encode_event({.wall_time = 1.5, .file_version = "brain.Event:2"}),
      tempa::encode_event({.wall_time = 1e9, .step = -1, .summary = {{.tag = "größe", .value = 0.25f}, {.tag = "b"}}}),
      tempa::encode_event(
          {.wall_time = 2,
           .step = 7,
           .graph_def = "graph",
           .summary = {
               {.tag = "i", .value = tempa::ImageSummary{2, 3, 4, "png"}},
               {.tag = "h", .value = tempa::HistogramSummary{-1, 2, 3, 4, 5, {0, 0.5}, {0, 1}}},
               {.tag = "t", .value = tempa::TextSummary{{"a", ""}}, .plugin_name = "text", .plugin_content = "x"}}})};
}

static const RegisterFuzzTarget event_file_target(
    "event_file",
    [](std::string_view bytes) {
      tempa::EventReader reader(fuzz_file(bytes));
      while (reader.next()) fuzz_check(reader.bytes_left() < bytes.size());
      fuzz_check(reader.bytes_left() <= bytes.size());
    },
    [] {
      std::string file;
      for (const std::string& event : event_seeds()) tempa::append_record(file, event);
      return std::vector<std::string>{file};
    });

static const RegisterFuzzTarget event(
    "event",
    [](std::string_view bytes) {
      std::string file;
      tempa::append_record(file, bytes);
      const auto events = tempa::read_events(fuzz_file(file));
      fuzz_check(events.size() == 1);
      const std::string again = tempa::encode_event(events.front());
      fuzz_check(tempa::encode_event(tempa::decode_event(again, "event")) == again);
    },
    event_seeds);
