// TensorBoard's event files: a record with checksums for each event.
#pragma once

#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/tensorboard/detail/event.hpp>

#include <chrono>
#include <mutex>
#include <optional>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// A masked CRC, for data that itself contains CRCs: ((crc >> 15) | (crc << 17)) + 0xa282ead8.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace detail

/// Appends `data` as a record: its length (8 bytes), the length's check, the data, the data's check.
/// @source tensorflow record_writer.cc
void append_record(std::string& out, std::string_view data);

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
  explicit EventFileWriter(std::string path, EventFileOptions options = {});
  EventFileWriter(const EventFileWriter&) = delete;
  EventFileWriter& operator=(const EventFileWriter&) = delete;
  /// Writes the queue; call `close` to have failures reported.
  ~EventFileWriter();

  const std::string& path() const { return file_.path(); }

  /// Adds an event, and writes the queue when it is full or old. @throws IoError as `flush`; the event then stays in
  /// the queue.
  void add(const LogEvent& event);

  /// Writes the queue. @throws IoError when the disk is full or fails: the events stay in the queue then.
  void flush();

  /// Flushes and closes; later calls do nothing. @throws IoError.
  void close();

  /// Seconds since 1970.
  static double wall_time_now();

 private:
  using Clock = std::chrono::steady_clock;

  void flush_locked();

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
  std::optional<LogEvent> next();

  /// Bytes after the last event that was read: once `next` has returned nothing, those of a torn record.
  std::uint64_t bytes_left() const { return whole().size() - at_; }

 private:
  std::string_view whole() const { return {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()}; }
  void check(std::string_view bytes, std::string_view stored, std::string_view what) const;

  FileBytes file_;
  std::size_t at_ = 0;
};

/// All events of a file. @throws IoError, FormatError as `EventReader`.
std::vector<LogEvent> read_events(const std::string& path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/detail/impl/event_file.ipp>
#endif
