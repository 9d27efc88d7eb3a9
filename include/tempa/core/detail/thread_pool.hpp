// The threads of this process's loops. A waiting thread spins for a moment and then sleeps, and an idle thread takes
// over pieces of the loop that nobody has begun. So a loop costs little on a quiet machine, and on a busy one no thread
// wastes a processor that another thread of the loop needs.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

TEMPA_COMPILED_FILE("core");

namespace tempa::inline TEMPA_ABI::detail {

/// Whether this thread runs a piece of a loop, or must run its loops alone.
inline bool& loops_stay_in_this_thread() {
  thread_local bool stay = false;
  return stay;
}

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
  static ThreadPool& instance() {
    static auto* const pool = new ThreadPool;
    return *pool;
  }

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

  ThreadPool() {}  // NOLINT(modernize-use-equals-default): as tempa::compiled needs

  // Threads and flags for this many pieces.
  void prepare(int pieces) {
    if (pieces > flag_count_) {  // no thread reads them between loops
      flags_ = std::make_unique<Flag[]>(static_cast<std::size_t>(pieces));
      flag_count_ = pieces;
    }
    if (started_ >= pieces - 1) return;
    sigset_t blocked{},
        before{};  // signals go to the user's threads, except for those that a thread's own faults raise
    sigfillset(&blocked);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGPROF}) sigdelset(&blocked, own);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    try {
      for (; started_ < pieces - 1; ++started_)
        std::thread([this, own = started_, seen = bell_.load()] { work(own, seen); }).detach();
    } catch (const std::exception&) {  // the loop continues with the existing threads
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void publish(int pieces) {
    for (int i = 0; i < pieces; ++i) flags_[static_cast<std::size_t>(i)].taken.store(false, std::memory_order_relaxed);
    pieces_ = pieces;
    unfinished_.store(static_cast<std::uint32_t>(pieces), std::memory_order_relaxed);
    tickets_.store((++loops_ << 32) | static_cast<std::uint64_t>(pieces), std::memory_order_release);
    bell_.fetch_add(1);
    if (pieces - 1 >= started_) {
      bell_.notify_all();
    } else {
      for (int i = 1; i < pieces; ++i) bell_.notify_one();
    }
  }

  // Runs a piece that nobody has begun, preferably number `wanted`: what a thread wrote in the previous loop is still
  // in its cache. @return whether there was one.
  bool run_piece(int wanted) {
    // Whoever has a ticket will find a free piece, and until that is finished, the loop and its description stay valid.
    std::uint64_t tickets = tickets_.load(std::memory_order_acquire);
    do {
      if ((tickets & 0xffffffffu) == 0) return false;
    } while (
        !tickets_.compare_exchange_weak(tickets, tickets - 1, std::memory_order_acq_rel, std::memory_order_acquire));
    int piece = wanted < pieces_ ? wanted : 0;
    while (flags_[static_cast<std::size_t>(piece)].taken.exchange(true, std::memory_order_relaxed))
      piece = piece + 1 < pieces_ ? piece + 1 : 0;
    {
      const LoopsStayInThisThread stay;
      call_(body_, piece);
    }
    // Sequentially consistent with the count of sleeping threads, which notify_one reads.
    if (unfinished_.fetch_sub(1, std::memory_order_seq_cst) == 1) unfinished_.notify_one();
    return true;
  }

  void work(int own, std::uint32_t seen) {
    for (;;) {
      await_change(bell_, seen);
      seen = bell_.load(std::memory_order_acquire);
      while (run_piece(own)) {
      }
    }
  }

  // Returns once `word` is no longer `old`: spins at first, since sleeping and waking takes longer than most waits
  // between the loops of a model, and then sleeps.
  static void await_change(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
    constexpr auto kLooking = std::chrono::microseconds(50);
    const auto begin = std::chrono::steady_clock::now();
    do {
      for (int i = 0; i < 16; ++i) {
        if (word.load(std::memory_order_acquire) != old) return;
        pause();
      }
    } while (std::chrono::steady_clock::now() - begin < kLooking);
    word.wait(old, std::memory_order_acquire);
  }

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
  }

  std::mutex mutex_;  // held while a loop runs; guards the next four
  int started_ = 0;
  int flag_count_ = 0;
  std::uint64_t loops_ = 0;
  int pieces_ = 0;
  std::unique_ptr<Flag[]> flags_;
  void (*call_)(const void*, int) = nullptr;
  const void* body_ = nullptr;
  alignas(64) std::atomic<std::uint64_t> tickets_{
      0};  // lower bits: pieces that nobody has begun; upper bits: which loop
  alignas(64) std::atomic<std::uint32_t> unfinished_{0};
  alignas(64) std::atomic<std::uint32_t> bell_{0};  // changes with each loop
};

}  // namespace tempa::inline TEMPA_ABI::detail
