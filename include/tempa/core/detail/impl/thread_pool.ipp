// The bodies of <tempa/core/detail/thread_pool.hpp>.
#pragma once

#include <tempa/core/detail/thread_pool.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <thread>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE bool& loops_stay_in_this_thread() {
  thread_local bool stay = false;
  return stay;
}

TEMPA_INLINE ThreadPool& ThreadPool::instance() {
  static auto* const pool = new ThreadPool;
  return *pool;
}

TEMPA_INLINE void ThreadPool::prepare(int pieces) {
  if (pieces > flag_count_) {  // no thread reads them between loops
    flags_ = std::make_unique<Flag[]>(static_cast<std::size_t>(pieces));
    flag_count_ = pieces;
  }
  if (started_ >= pieces - 1) return;
  sigset_t blocked{}, before{};  // signals go to the user's threads, except for those that a thread's own faults raise
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

TEMPA_INLINE void ThreadPool::publish(int pieces) {
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

TEMPA_INLINE bool ThreadPool::run_piece(int wanted) {
  // Whoever has a ticket will find a free piece, and until that is finished, the loop and its description stay valid.
  std::uint64_t tickets = tickets_.load(std::memory_order_acquire);
  do {
    if ((tickets & 0xffffffffu) == 0) return false;
  } while (!tickets_.compare_exchange_weak(tickets, tickets - 1, std::memory_order_acq_rel, std::memory_order_acquire));
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

TEMPA_INLINE void ThreadPool::work(int own, std::uint32_t seen) {
  for (;;) {
    await_change(bell_, seen);
    seen = bell_.load(std::memory_order_acquire);
    while (run_piece(own)) {
    }
  }
}

TEMPA_INLINE void ThreadPool::await_change(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
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

TEMPA_INLINE void ThreadPool::pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

}  // namespace tempa::inline TEMPA_ABI::detail
