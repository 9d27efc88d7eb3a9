// What the scopes of a program record while a profiler is alive: one log for each thread, and the session of all logs.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("core");

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

inline std::int64_t profile_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

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
  const char* begin(std::string_view name, ProfileCategory category) {
    const std::scoped_lock lock(mutex_);
    if (closed_) return nullptr;
    auto found = entries_.find(Key{category, name});
    if (found == entries_.end()) {
      auto entry = std::make_unique<ProfileEntry>();
      entry->name = name;
      entry->category = category;
      const Key key{category, entry->name};
      found = entries_.emplace(key, std::move(entry)).first;
    }
    open_.push_back({found->second.get()});
    ++found->second->open;
    open_.back().begin_ns = profile_clock_ns();  // last, so that the time before is counted for its parent
    return found->second->name.c_str();
  }
  /// Closes the innermost scope, unless the session has done so.
  void end() {
    const std::int64_t now = profile_clock_ns();
    const std::scoped_lock lock(mutex_);
    if (!closed_) close_innermost(now);
  }

  void count_flops(double flops, DType type) {
    const std::scoped_lock lock(mutex_);
    if (open_.empty()) return;
    open_.back().flops += flops;
    open_.back().entry->type = type;
  }
  void count_bytes(double bytes) {
    const std::scoped_lock lock(mutex_);
    if (!open_.empty()) open_.back().bytes += bytes;
  }

  /// Ends all open scopes, and records nothing from now on.
  void close(std::int64_t now) {
    const std::scoped_lock lock(mutex_);
    while (!open_.empty()) close_innermost(now);
    closed_ = true;
  }

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

  void close_innermost(std::int64_t now) {
    const OpenScope scope = open_.back();
    open_.pop_back();
    const std::int64_t ns = now - scope.begin_ns;
    ProfileEntry& entry = *scope.entry;
    ++entry.calls;
    entry.self_ns += ns - scope.inner_ns;
    entry.flops += scope.flops;
    entry.bytes += scope.bytes;
    if (--entry.open == 0) entry.total_ns += ns;
    if (!open_.empty()) open_.back().inner_ns += ns;
    if (room_.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
    try {
      events_.push_back({&entry, scope.begin_ns, now, scope.flops, scope.bytes});
    } catch (const std::bad_alloc&) {  // a scope's end must not throw; the table has the call
      room_.store(0, std::memory_order_relaxed);
    }
  }

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
  static std::shared_ptr<ProfileLog> add_thread(const std::shared_ptr<ProfileSession>& session) {
    const std::scoped_lock lock(session->mutex_);
    const auto number = static_cast<int>(session->logs_.size());
    session->logs_.push_back(std::make_unique<ProfileLog>(number, session->room_));
    return {session, session->logs_.back().get()};
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    end_ns_ = profile_clock_ns();
    for (const auto& log : logs_) log->close(end_ns_);
  }

  std::int64_t begin_ns() const { return begin_ns_; }
  /// After `close`.
  std::int64_t end_ns() const { return end_ns_; }
  /// After `close`.
  const std::vector<std::unique_ptr<ProfileLog>>& logs() const { return logs_; }
  /// Calls for which there was no room among the events. After `close`.
  Index dropped_events() const { return std::max<Index>(0, -room_.load()); }

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
inline constinit std::atomic<bool> profile_waits_flag{false};
inline bool profile_waits() { return profile_waits_flag.load(std::memory_order_relaxed); }

/// The recording session.
struct CurrentProfile {
  std::mutex mutex;
  std::shared_ptr<ProfileSession> session;
  std::uint64_t last_number = 0;

  static CurrentProfile& instance() {
    static auto* const current = new CurrentProfile;  // never destroyed, as scopes of static objects may end later
    return *current;
  }
};

/// @throws Error when another one is recording.
inline void start_profile(std::shared_ptr<ProfileSession> session, bool waits) {
  CurrentProfile& current = CurrentProfile::instance();
  const std::scoped_lock lock(current.mutex);
  if (current.session != nullptr) throw Error("[Profiler] expected no other profiler but there is one that records");
  current.session = std::move(session);
  profile_waits_flag.store(waits);
  profile_session_number.store(++current.last_number);
}
/// Ends the session: open scopes end now.
inline void stop_profile() {
  CurrentProfile& current = CurrentProfile::instance();
  const std::scoped_lock lock(current.mutex);
  profile_session_number.store(0);
  profile_waits_flag.store(false);
  current.session->close();
  current.session.reset();
}

/// The calling thread's log of the recording session, or nullptr.
inline std::shared_ptr<ProfileLog> thread_profile_log() {
  struct ThreadLog {
    std::uint64_t number = 0;
    std::weak_ptr<ProfileLog> log;
  };
  thread_local ThreadLog mine;
  if (mine.number == profile_session_number.load(std::memory_order_relaxed))
    if (auto log = mine.log.lock()) return log;
  CurrentProfile& current = CurrentProfile::instance();
  const std::scoped_lock lock(current.mutex);
  if (current.session == nullptr) return nullptr;
  auto log = ProfileSession::add_thread(current.session);
  mine = {current.last_number, log};
  return log;
}

/// The log of this thread's innermost recorded scope; nullptr outside any scope.
inline thread_local constinit ProfileLog* open_profile_log = nullptr;

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
