// TensorBoard's event files: a record with checksums for each event.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/tensorboard/detail/event.hpp>

#include <chrono>
#include <mutex>
#include <optional>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// A masked CRC, for data that itself contains CRCs: ((crc >> 15) | (crc << 17)) + 0xa282ead8.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

inline constexpr std::size_t kRecordHead = 12;  // length, check of the length
inline constexpr std::size_t kRecordTail = 4;   // check of the data

}  // namespace detail

/// Appends `data` as a record: its length (8 bytes), the length's check, the data, the data's check.
/// @source tensorflow record_writer.cc
inline void append_record(std::string& out, std::string_view data) {
  std::string length;
  detail::append_little_endian(length, static_cast<std::uint64_t>(data.size()));
  out += length;
  detail::append_little_endian(out, detail::masked_crc32c(length));
  out += data;
  detail::append_little_endian(out, detail::masked_crc32c(data));
}

/// Options of `EventFileWriter`.
struct EventFileOptions {
  std::size_t max_queue = 10;  ///< the most events in the queue
  double flush_secs = 120;     ///< the most seconds that an event stays in the queue while others are added
};

/// Appends events to a new file. Only whole events are written: when the process dies, no more is lost
/// than those still in the queue. Threads may share one.
class EventFileWriter {
 public:
  /// Creates the file, with TensorBoard's first event. @throws IoError when it exists or cannot be written.
  explicit EventFileWriter(std::string path, EventFileOptions options = {})
      : options_(options), file_(std::move(path), AppendFile::Existing::kRefuse), flushed_(Clock::now()) {
    append_record(waiting_, encode_event({.wall_time = wall_time_now(), .file_version = "brain.Event:2"}));
    flush();
  }
  EventFileWriter(const EventFileWriter&) = delete;
  EventFileWriter& operator=(const EventFileWriter&) = delete;
  /// Writes the queue; call `close` to have failures reported.
  ~EventFileWriter() {
    try {
      close();
    } catch (const Error&) {
    }
  }

  const std::string& path() const { return file_.path(); }

  /// Adds an event, and writes the queue when it is full or old. @throws IoError as `flush`; the event then stays in
  /// the queue.
  void add(const LogEvent& event) {
    const std::lock_guard lock(mutex_);
    if (!file_.is_open()) throw IoError(path(), "cannot add an event: the file has been closed");
    append_record(waiting_, encode_event(event));
    ++waiting_events_;
    const double age_s = std::chrono::duration<double>(Clock::now() - flushed_).count();
    if (waiting_events_ >= options_.max_queue || age_s >= options_.flush_secs) flush_locked();
  }

  /// Writes the queue. @throws IoError when the disk is full or fails: the events stay in the queue then.
  void flush() {
    const std::lock_guard lock(mutex_);
    flush_locked();
  }

  /// Flushes and closes; later calls do nothing. @throws IoError.
  void close() {
    const std::lock_guard lock(mutex_);
    if (!file_.is_open()) return;
    flush_locked();
    file_.close();
  }

  /// Seconds since 1970.
  static double wall_time_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void flush_locked() {
    if (!waiting_.empty()) file_.append(waiting_);
    waiting_.clear();
    waiting_events_ = 0;
    flushed_ = Clock::now();
  }

  EventFileOptions options_;
  std::mutex mutex_;
  AppendFile file_;
  std::string waiting_;
  std::size_t waiting_events_ = 0;
  Clock::time_point flushed_;
};

/// Reads an event file record by record, up to its end at the time of opening.
class EventReader {
 public:
  /// @throws IoError when the file cannot be read.
  explicit EventReader(std::string path) : file_(std::move(path)) {}

  /// The next event; nothing at the end of the file or before a torn last record, which a crashed writer leaves.
  /// @throws FormatError with the offset where a check or a message is wrong.
  std::optional<LogEvent> next() {
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

  /// Bytes after the last event that was read: once `next` has returned nothing, those of a torn record.
  std::uint64_t bytes_left() const { return whole().size() - at_; }

 private:
  std::string_view whole() const { return {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()}; }
  void check(std::string_view bytes, std::string_view stored, std::string_view what) const {
    const auto expected = detail::load_little_endian<std::uint32_t>(stored);
    if (detail::masked_crc32c(bytes) != expected)
      throw FormatError(file_.path(), 0, concat("the record at byte ", at_, " has a wrong check of its ", what));
  }

  FileBytes file_;
  std::size_t at_ = 0;
};

/// All events of a file. @throws IoError, FormatError as `EventReader`.
inline std::vector<LogEvent> read_events(const std::string& path) {
  std::vector<LogEvent> events;
  for (EventReader reader(path); auto event = reader.next();) events.push_back(std::move(*event));
  return events;
}

}  // namespace tempa::inline TEMPA_ABI
