// The bodies of <tempa/tensor/detail/profile_log.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/tensor/detail/profile_log.hpp>

#include <algorithm>
#include <chrono>
#include <new>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::int64_t profile_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

TEMPA_INLINE const char* ProfileLog::begin(std::string_view name, ProfileCategory category) {
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

TEMPA_INLINE void ProfileLog::end() {
  const std::int64_t now = profile_clock_ns();
  const std::scoped_lock lock(mutex_);
  if (!closed_) close_innermost(now);
}

TEMPA_INLINE void ProfileLog::count_flops(double flops, DType type) {
  const std::scoped_lock lock(mutex_);
  if (open_.empty()) return;
  open_.back().flops += flops;
  open_.back().entry->type = type;
}

TEMPA_INLINE void ProfileLog::count_bytes(double bytes) {
  const std::scoped_lock lock(mutex_);
  if (!open_.empty()) open_.back().bytes += bytes;
}

TEMPA_INLINE void ProfileLog::close(std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  while (!open_.empty()) close_innermost(now);
  closed_ = true;
}

TEMPA_INLINE void ProfileLog::close_innermost(std::int64_t now) {
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

TEMPA_INLINE std::shared_ptr<ProfileLog> ProfileSession::add_thread(const std::shared_ptr<ProfileSession>& session) {
  const std::scoped_lock lock(session->mutex_);
  const auto number = static_cast<int>(session->logs_.size());
  session->logs_.push_back(std::make_unique<ProfileLog>(number, session->room_));
  return {session, session->logs_.back().get()};
}

TEMPA_INLINE void ProfileSession::close() {
  const std::scoped_lock lock(mutex_);
  end_ns_ = profile_clock_ns();
  for (const auto& log : logs_) log->close(end_ns_);
}

TEMPA_INLINE Index ProfileSession::dropped_events() const { return std::max<Index>(0, -room_.load()); }

inline constinit std::atomic<bool> profile_waits_flag{false};

TEMPA_INLINE bool profile_waits() { return profile_waits_flag.load(std::memory_order_relaxed); }

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

TEMPA_INLINE void start_profile(std::shared_ptr<ProfileSession> session, bool waits) {
  CurrentProfile& current = CurrentProfile::instance();
  const std::scoped_lock lock(current.mutex);
  if (current.session != nullptr) throw Error("[Profiler] expected no other profiler but there is one that records");
  current.session = std::move(session);
  profile_waits_flag.store(waits);
  profile_session_number.store(++current.last_number);
}

TEMPA_INLINE void stop_profile() {
  CurrentProfile& current = CurrentProfile::instance();
  const std::scoped_lock lock(current.mutex);
  profile_session_number.store(0);
  profile_waits_flag.store(false);
  current.session->close();
  current.session.reset();
}

TEMPA_INLINE std::shared_ptr<ProfileLog> thread_profile_log() {
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

}  // namespace tempa::inline TEMPA_ABI::detail
