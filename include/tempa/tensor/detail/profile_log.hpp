// What the scopes of a program record while a profiler is alive: one log for each thread, and the session of all logs.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The category of a scope.
enum class ProfileCategory : std::uint8_t { kUser, kForward, kBackward, kOptimizer, kData, kCheckpoint };

/// The category as a trace names it.
constexpr std::string_view to_string(ProfileCategory category) {
  switch (category) {
    case ProfileCategory::kUser:
      return "user";
    case ProfileCategory::kForward:
      return "forward";
    case ProfileCategory::kBackward:
      return "backward";
    case ProfileCategory::kOptimizer:
      return "optimizer";
    case ProfileCategory::kData:
      return "data";
    case ProfileCategory::kCheckpoint:
      return "checkpoint";
  }
  return "unknown";
}

namespace detail {

std::int64_t profile_clock_ns();

/// All calls of one name in one thread.
struct ProfileEntry {
  std::string name;
  ProfileCategory category;
  Index calls = 0;
  std::int64_t total_ns = 0;  ///< of the outermost calls, where a name is nested in itself
  std::int64_t self_ns = 0;   ///< without the scopes within
  double flops = 0;           ///< without the scopes within
  double bytes = 0;           ///< without the scopes within
  DType type = DType::kFloat32;
  int open = 0;
};

/// One call.
struct ProfileEvent {
  const ProfileEntry* entry;
  std::int64_t begin_ns, end_ns;
  double flops, bytes;
};

/// What one thread has recorded. Its own thread writes; the session closes it from any.
class ProfileLog {
 public:
  /// @param thread its number. @param room of events, shared by all threads.
  ProfileLog(int thread, std::atomic<Index>& room) : thread_(thread), room_(room) {}

  /// Opens a scope. @return its name, which is valid as long as the log; nullptr after `close`.
  const char* begin(std::string_view name, ProfileCategory category);
  /// Closes the innermost scope, unless the session has done so.
  void end();

  void count_flops(double flops, DType type);
  void count_bytes(double bytes);

  /// Ends all open scopes, and records nothing from now on.
  void close(std::int64_t now);

  int thread() const { return thread_; }
  /// After `close`. In the order in which the calls ended.
  const std::vector<ProfileEvent>& events() const { return events_; }
  /// After `close`.
  template <typename F>
  void for_each_entry(const F& f) const {
    for (const auto& [key, entry] : entries_) f(*entry);
  }

 private:
  using Key = std::pair<ProfileCategory, std::string_view>;  // the text is the entry's
  struct OpenScope {
    ProfileEntry* entry;
    std::int64_t begin_ns = 0;
    std::int64_t inner_ns = 0;
    double flops = 0, bytes = 0;
  };

  void close_innermost(std::int64_t now);

  const int thread_;
  std::atomic<Index>& room_;
  std::mutex mutex_;
  std::map<Key, std::unique_ptr<ProfileEntry>> entries_;
  std::vector<OpenScope> open_;  // the innermost last
  std::vector<ProfileEvent> events_;
  bool closed_ = false;
};

/// All logs between the start and the end of one profiler.
class ProfileSession {
 public:
  explicit ProfileSession(Index max_events) : room_(max_events), begin_ns_(profile_clock_ns()) {}

  /// A log for the calling thread, which keeps the session alive too.
  static std::shared_ptr<ProfileLog> add_thread(const std::shared_ptr<ProfileSession>& session);
  void close();

  std::int64_t begin_ns() const { return begin_ns_; }
  /// After `close`.
  std::int64_t end_ns() const { return end_ns_; }
  /// After `close`.
  const std::vector<std::unique_ptr<ProfileLog>>& logs() const { return logs_; }
  /// Calls for which there was no room among the events. After `close`.
  Index dropped_events() const;

 private:
  std::atomic<Index> room_;
  const std::int64_t begin_ns_;
  std::int64_t end_ns_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ProfileLog>> logs_;
};

/// The number of the recording session, or 0: the only thing that a scope reads while there is no profiler.
inline constinit std::atomic<std::uint64_t> profile_session_number{0};

inline bool profiling() { return profile_session_number.load(std::memory_order_relaxed) != 0; }

/// Whether the recording session makes every scope wait for its work on a GPU.
bool profile_waits();

/// @throws Error when another one is recording.
void start_profile(std::shared_ptr<ProfileSession> session, bool waits);
/// Ends the session: open scopes end now.
void stop_profile();

/// The calling thread's log of the recording session, or nullptr.
std::shared_ptr<ProfileLog> thread_profile_log();

/// The log of this thread's innermost recorded scope; nullptr outside any scope.
inline thread_local constinit ProfileLog* open_profile_log = nullptr;

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensor/detail/impl/profile_log.ipp>
#endif
