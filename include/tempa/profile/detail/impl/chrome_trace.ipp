// The bodies of <tempa/profile/detail/chrome_trace.hpp>.
#pragma once

#include <tempa/io/detail/json/json_text.hpp>
#include <tempa/profile/detail/chrome_trace.hpp>

#include <unistd.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

inline void append_member(std::string& out, std::string_view name, std::string_view text) {
  append_json(out, name);
  out += ':';
  append_json(out, text);
}

inline void append_member(std::string& out, std::string_view name, double number) {
  append_json(out, name);
  out += ':';
  append_json(out, number);
}

/// {"ph":"M",…}: the name of a thread.
inline void append_thread_name(std::string& out, int process, int thread) {
  out += '{';
  append_member(out, "name", "thread_name");
  out += ',';
  append_member(out, "ph", "M");
  out += concat(",\"pid\":", process, ",\"tid\":", thread, ",\"args\":{");
  append_member(out, "name", thread == 0 ? "thread 0 (the first in a scope)" : concat("thread ", thread));
  out += "}}";
}

/// {"ph":"X",…}: a call, in microseconds since `origin_ns`.
inline void append_call(std::string& out, const ProfileEvent& event, int process, int thread, std::int64_t origin_ns) {
  constexpr double kNsPerUs = 1e3;
  out += '{';
  append_member(
      out, "name",
      event.entry->category == ProfileCategory::kBackward ? event.entry->name + " backward" : event.entry->name);
  out += ',';
  append_member(out, "cat", to_string(event.entry->category));
  out += ',';
  append_member(out, "ph", "X");
  out += ',';
  append_member(out, "ts", static_cast<double>(event.begin_ns - origin_ns) / kNsPerUs);
  out += ',';
  append_member(out, "dur", static_cast<double>(event.end_ns - event.begin_ns) / kNsPerUs);
  out += concat(",\"pid\":", process, ",\"tid\":", thread);
  if (event.flops > 0 || event.bytes > 0) {
    out += ",\"args\":{";
    if (event.flops > 0) append_member(out, "flops", event.flops);
    if (event.flops > 0 && event.bytes > 0) out += ',';
    if (event.bytes > 0) append_member(out, "bytes", event.bytes);
    out += '}';
  }
  out += '}';
}

TEMPA_INLINE void write_chrome_trace(const ProfileSession& session, AtomicFile& file) {
  constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
  const int process = static_cast<int>(::getpid());
  std::string text = "[\n";
  bool first = true;
  const auto next = [&] {
    if (!first) text += ",\n";
    first = false;
    if (text.size() < kBufferBytes) return;
    file.write(text);
    text.clear();
  };
  for (const auto& log : session.logs()) {
    next();
    append_thread_name(text, process, log->thread());
    for (const ProfileEvent& event : log->events()) {
      next();
      append_call(text, event, process, log->thread(), session.begin_ns());
    }
  }
  text += "\n]\n";
  file.write(text);
  file.commit();
}

}  // namespace tempa::inline TEMPA_ABI::detail
