// The threads of this process's loops. A waiting thread spins for a moment and then sleeps, and an idle thread takes
// over pieces of the loop that nobody has begun. So a loop costs little on a quiet machine, and on a busy one no thread
// wastes a processor that another thread of the loop needs.
#pragma once

#include <tempa/core/config.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace tempa::inline TEMPA_ABI::detail {

/// Whether this thread runs a piece of a loop, or must run its loops alone.
bool& loops_stay_in_this_thread();

/// While alive, this thread runs its loops alone.
class LoopsStayInThisThread {
 public:
  LoopsStayInThisThread() : before_(loops_stay_in_this_thread()) { loops_stay_in_this_thread() = true; }
  ~LoopsStayInThisThread() { loops_stay_in_this_thread() = before_; }
  LoopsStayInThisThread(const LoopsStayInThisThread&) = delete;
  LoopsStayInThisThread& operator=(const LoopsStayInThisThread&) = delete;

 private:
  bool before_;
};

/// Threads that start when a loop first needs them and then wait for the next loop. One loop runs at a time.
class ThreadPool {
 public:
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// The pool of this process. Its threads are never joined: they own nothing, and a forked process, which does not
  /// have them, must be able to end.
  static ThreadPool& instance();

  /// Calls `body(i)`, which must not throw, for each i in [0, pieces), and returns when all are done. Pieces run on
  /// up to `pieces` threads, this one included; on fewer where the system refuses to start more.
  /// @return false, and nothing was called, while another thread's loop runs.
  template <typename Body>
  bool run(int pieces, const Body& body) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return false;
    prepare(pieces);
    call_ = [](const void* what, int piece) { (*static_cast<const Body*>(what))(piece); };
    body_ = &body;
    publish(pieces);
    while (run_piece(pieces - 1)) {
    }
    for (std::uint32_t left; (left = unfinished_.load(std::memory_order_acquire)) != 0;)
      await_change(unfinished_, left);
    return true;
  }

 private:
  // Its own cache line: neighbors are written by different threads.
  struct alignas(64) Flag {
    std::atomic<bool> taken{false};
  };

  ThreadPool() = default;

  // Threads and flags for this many pieces.
  void prepare(int pieces);

  void publish(int pieces);

  // Runs a piece that nobody has begun, preferably number `wanted`: what a thread wrote in the previous loop is still
  // in its cache. @return whether there was one.
  bool run_piece(int wanted);

  void work(int own, std::uint32_t seen);

  // Returns once `word` is no longer `old`: spins at first, since sleeping and waking takes longer than most waits
  // between the loops of a model, and then sleeps.
  static void await_change(const std::atomic<std::uint32_t>& word, std::uint32_t old);

  static void pause();

  std::mutex mutex_;  // held while a loop runs; guards the next four
  int started_ = 0;
  int flag_count_ = 0;
  std::uint64_t loops_ = 0;
  int pieces_ = 0;
  std::unique_ptr<Flag[]> flags_;
  void (*call_)(const void*, int) = nullptr;
  const void* body_ = nullptr;
  // Lower bits: pieces that nobody has begun; upper bits: which loop.
  alignas(64) std::atomic<std::uint64_t> tickets_{0};
  alignas(64) std::atomic<std::uint32_t> unfinished_{0};
  alignas(64) std::atomic<std::uint32_t> bell_{0};  // changes with each loop
};

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/detail/impl/thread_pool.ipp>
#endif
