// The bodies of <tempa/tensorboard/detail/event_file.hpp>.
#pragma once

#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/tensorboard/detail/event_file.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

inline constexpr std::size_t kRecordHead = 12;  // length, check of the length

inline constexpr std::size_t kRecordTail = 4;  // check of the data

}  // namespace detail

TEMPA_INLINE void append_record(std::string& out, std::string_view data) {
  std::string length;
  detail::append_little_endian(length, static_cast<std::uint64_t>(data.size()));
  out += length;
  detail::append_little_endian(out, detail::masked_crc32c(length));
  out += data;
  detail::append_little_endian(out, detail::masked_crc32c(data));
}

TEMPA_INLINE EventFileWriter::EventFileWriter(std::string path, EventFileOptions options)
    : options_(options), file_(std::move(path), AppendFile::Existing::kRefuse), flushed_(Clock::now()) {
  append_record(waiting_, encode_event({.wall_time = wall_time_now(), .file_version = "brain.Event:2"}));
  flush();
}

TEMPA_INLINE EventFileWriter::~EventFileWriter() {
  try {
    close();
  } catch (const Error&) {
  }
}

TEMPA_INLINE void EventFileWriter::add(const LogEvent& event) {
  const std::lock_guard lock(mutex_);
  if (!file_.is_open()) throw IoError(path(), "cannot add an event: the file has been closed");
  append_record(waiting_, encode_event(event));
  ++waiting_events_;
  const double age_s = std::chrono::duration<double>(Clock::now() - flushed_).count();
  if (waiting_events_ >= options_.max_queue || age_s >= options_.flush_secs) flush_locked();
}

TEMPA_INLINE void EventFileWriter::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

TEMPA_INLINE void EventFileWriter::close() {
  const std::lock_guard lock(mutex_);
  if (!file_.is_open()) return;
  flush_locked();
  file_.close();
}

TEMPA_INLINE double EventFileWriter::wall_time_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEMPA_INLINE void EventFileWriter::flush_locked() {
  if (!waiting_.empty()) file_.append(waiting_);
  waiting_.clear();
  waiting_events_ = 0;
  flushed_ = Clock::now();
}

TEMPA_INLINE std::optional<LogEvent> EventReader::next() {
  const std::string_view rest = whole().substr(at_);
  if (rest.size() < detail::kRecordHead) return std::nullopt;
  check(rest.substr(0, 8), rest.substr(8), "length");
  const auto size = detail::load_little_endian<std::uint64_t>(rest);
  const std::size_t left = rest.size() - detail::kRecordHead;
  if (left < detail::kRecordTail || size > left - detail::kRecordTail) return std::nullopt;
  const std::string_view data = rest.substr(detail::kRecordHead, static_cast<std::size_t>(size));
  check(data, rest.substr(detail::kRecordHead + data.size()), "data");
  LogEvent event = decode_event(data, file_.path());
  at_ += detail::kRecordHead + data.size() + detail::kRecordTail;
  return event;
}

TEMPA_INLINE void EventReader::check(std::string_view bytes, std::string_view stored, std::string_view what) const {
  const auto expected = detail::load_little_endian<std::uint32_t>(stored);
  if (detail::masked_crc32c(bytes) != expected)
    throw FormatError(file_.path(), 0, concat("the record at byte ", at_, " has a wrong check of its ", what));
}

TEMPA_INLINE std::vector<LogEvent> read_events(const std::string& path) {
  std::vector<LogEvent> events;
  for (EventReader reader(path); auto event = reader.next();) events.push_back(std::move(*event));
  return events;
}

}  // namespace tempa::inline TEMPA_ABI
