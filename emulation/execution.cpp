#include "emulation/execution.hpp"

#include "emulation/fiber.hpp"
#include "emulation/shared_memory.hpp"
#include "emulation/tensor_core.hpp"

#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace emulation {

namespace {

constexpr unsigned kWarpSize = 32;

/// Unwinds a thread of a kernel that was stopped.
struct Stopped {};

enum class State { kNew, kRunnable, kAtBarrier, kInCollective, kReturned };

/// 16 bytes on their way to shared memory.
struct Copy {
  std::size_t to;
  const std::byte* from;
  std::size_t bytes;
};

struct Thread {
  State state = State::kNew;
  Fiber* fiber = nullptr;
  Where where;                             ///< of the barrier or collective that it waits in
  const Collective* collective = nullptr;  ///< with the lanes that take part, and what this one brought
  unsigned mask = 0;
  void* mine = nullptr;
  std::deque<std::vector<Copy>> copy_groups;  ///< the newest last, and open
};

constinit thread_local unsigned running_thread = 0;

/// Runs the grids of one host thread.
class Executor {
 public:
  SharedMemory shared;

  bool run(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body,
           KernelFault& fault);
  [[noreturn]] void stop(Fault kind, const std::string& what);
  void barrier(const Where& where);
  unsigned count(bool vote, const Where& where);
  void meet(const Collective& collective, unsigned mask, void* mine, const Where& where);
  Thread& running() { return threads_[running_thread]; }

 private:
  static void fiber_loop();
  void run_block(std::size_t shared_bytes);
  void run_new_threads();
  void resume(unsigned thread);
  void wait();
  void hand_over();
  Fiber& idle_fiber();
  void make_runnable(unsigned thread);
  void fail(Fault kind, unsigned thread, const std::string& what);
  void fail_stuck();
  std::string name(unsigned thread) const;
  std::string occupation(unsigned thread) const;

  const char* kernel_ = "";
  const std::function<void()>* body_ = nullptr;
  std::vector<Thread> threads_;
  unsigned next_new_ = 0, returned_ = 0, at_barrier_ = 0, votes_ = 0, counted_ = 0;
  std::deque<unsigned> runnable_;
  std::deque<Fiber> fibers_;
  std::vector<Fiber*> idle_;
  Fiber host_;
  Fiber* running_fiber_ = nullptr;
  KernelFault* fault_ = nullptr;
  bool failed_ = false;
};

Executor& executor() {
  thread_local const auto instance = std::make_unique<Executor>();
  return *instance;
}

constinit thread_local Executor* current = nullptr;

bool Executor::run(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
                   const std::function<void()>& body, KernelFault& fault) {
  kernel_ = kernel;
  body_ = &body;
  fault_ = &fault;
  failed_ = false;
  threads_.resize(std::size_t{block.x} * block.y * block.z);
  current = this;
  gridDim = grid;
  blockDim = block;
  for (blockIdx.z = 0; blockIdx.z < grid.z && !failed_; ++blockIdx.z)
    for (blockIdx.y = 0; blockIdx.y < grid.y && !failed_; ++blockIdx.y)
      for (blockIdx.x = 0; blockIdx.x < grid.x && !failed_; ++blockIdx.x) run_block(shared_bytes);
  current = nullptr;
  return !failed_;
}

void Executor::run_block(std::size_t shared_bytes) {
  for (Thread& thread : threads_) {
    thread.state = State::kNew;
    thread.copy_groups.clear();
  }
  next_new_ = returned_ = at_barrier_ = votes_ = 0;
  shared.begin_block(shared_bytes);
  running_fiber_ = &idle_fiber();
  host_.switch_to(*running_fiber_);
}

void Executor::fiber_loop() {
  for (;;) {
    current->run_new_threads();
    current->idle_.push_back(current->running_fiber_);
    current->hand_over();
  }
}

/// Runs threads that have not begun, one after the other, in this fiber.
void Executor::run_new_threads() {
  while (next_new_ < threads_.size() && !failed_) {
    const unsigned thread = next_new_++;
    resume(thread);
    threads_[thread].state = State::kRunnable;
    threads_[thread].fiber = running_fiber_;
    try {
      (*body_)();
    } catch (const Stopped&) {
    } catch (const std::exception& error) {
      fail(Fault::kLaunch, thread, std::string("threw ") + error.what());
    }
    threads_[thread].state = State::kReturned;
    ++returned_;
  }
}

/// `thread` is the one that runs from now on.
void Executor::resume(unsigned thread) {
  running_thread = thread;
  threadIdx = {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / (blockDim.x * blockDim.y)};
}

/// Lets others run until this thread is runnable.
void Executor::wait() {
  const unsigned me = running_thread;
  hand_over();
  resume(me);
  if (failed_) throw Stopped{};
}

/// Switches to a fiber with something to do: a thread that can go on, one that has not begun, or the host.
void Executor::hand_over() {
  Fiber& from = *running_fiber_;
  if (runnable_.empty() && (next_new_ == threads_.size() || failed_) && returned_ < next_new_) fail_stuck();
  if (!runnable_.empty()) {
    running_fiber_ = threads_[runnable_.front()].fiber;
    runnable_.pop_front();
  } else if (next_new_ < threads_.size() && !failed_) {
    running_fiber_ = &idle_fiber();
  } else {
    from.switch_to(host_);
    return;
  }
  if (running_fiber_ != &from) from.switch_to(*running_fiber_);
}

Fiber& Executor::idle_fiber() {
  if (idle_.empty()) return fibers_.emplace_back(&fiber_loop);
  Fiber& fiber = *idle_.back();
  idle_.pop_back();
  return fiber;
}

void Executor::make_runnable(unsigned thread) {
  threads_[thread].state = State::kRunnable;
  runnable_.push_back(thread);
}

void Executor::barrier(const Where& where) {
  Thread& me = threads_[running_thread];
  if (at_barrier_ > 0) {
    unsigned other = 0;
    while (threads_[other].state != State::kAtBarrier) ++other;
    const auto& there = threads_[other].where;
    if (there.line() != where.line() || there.column() != where.column() ||
        std::strcmp(there.file_name(), where.file_name()) != 0)
      stop(Fault::kLaunch,
           "is at the __syncthreads of " + to_string(where) + ", but " + name(other) + " " + occupation(other));
  }
  me.where = where;
  if (++at_barrier_ < threads_.size()) {
    me.state = State::kAtBarrier;
    wait();
    return;
  }
  at_barrier_ = 0;
  counted_ = std::exchange(votes_, 0);
  shared.block_barrier();
  for (unsigned i = 0; i < threads_.size(); ++i)
    if (i != running_thread) make_runnable(i);
}

unsigned Executor::count(bool vote, const Where& where) {
  if (vote) ++votes_;
  barrier(where);
  return counted_;
}

void Executor::meet(const Collective& collective, unsigned mask, void* mine, const Where& where) {
  const unsigned first = running_thread / kWarpSize * kWarpSize, my_lane = running_thread % kWarpSize;
  Thread& me = threads_[running_thread];
  me.where = where;
  me.collective = &collective;
  me.mask = mask;
  me.mine = mine;
  me.state = State::kInCollective;
  if ((mask >> my_lane & 1u) == 0)
    stop(Fault::kLaunch,
         std::string("calls ") + collective.name + " of " + to_string(where) + " but is not in its mask");
  std::array<void*, kWarpSize> lanes{};
  for (unsigned lane = kWarpSize; lane-- > 0;) {  // the last lane is the last to come, mostly
    if ((mask >> lane & 1u) == 0) continue;
    if (first + lane >= threads_.size())
      stop(Fault::kLaunch, std::string(collective.name) + " of " + to_string(where) + " has lane " +
                               std::to_string(lane) + " in its mask, which this block does not have");
    const Thread& other = threads_[first + lane];
    if (other.state != State::kInCollective || other.collective != &collective || other.mask != mask) return wait();
    lanes[lane] = other.mine;
  }
  me.state = State::kRunnable;
  collective.carry_out(lanes.data(), mask);
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    if ((mask >> lane & 1u) != 0 && lane != my_lane) make_runnable(first + lane);
}

/// Keeps the first failure and wakes all that wait, so that they unwind.
void Executor::fail(Fault kind, unsigned thread, const std::string& what) {
  if (failed_) return;
  failed_ = true;
  const std::string block =
      std::to_string(blockIdx.x) + "," + std::to_string(blockIdx.y) + "," + std::to_string(blockIdx.z);
  *fault_ = {kind, std::string("kernel of ") + kernel_ + ", block (" + block + "), " + name(thread) + " " + what};
  for (unsigned i = 0; i < next_new_; ++i)
    if (const State state = threads_[i].state; state == State::kAtBarrier || state == State::kInCollective)
      make_runnable(i);
}

void Executor::stop(Fault kind, const std::string& what) {
  threads_[running_thread].state = State::kRunnable;
  fail(kind, running_thread, what);
  throw Stopped{};
}

/// Threads wait, and none of those that they wait for will ever come.
void Executor::fail_stuck() {
  unsigned thread = 0;
  while (threads_[thread].state != State::kAtBarrier && threads_[thread].state != State::kInCollective) ++thread;
  const Thread& me = threads_[thread];
  const auto is_missing = [&](unsigned other) {
    const Thread& it = threads_[other];
    if (me.state == State::kAtBarrier) return it.state != State::kAtBarrier;
    return other / kWarpSize == thread / kWarpSize && (me.mask >> other % kWarpSize & 1u) != 0 &&
           (it.state != State::kInCollective || it.collective != me.collective || it.mask != me.mask);
  };
  unsigned other = 0;
  while (!is_missing(other)) ++other;
  fail(Fault::kLaunch, thread, occupation(thread) + " for " + name(other) + ", which " + occupation(other));
}

std::string Executor::name(unsigned thread) const {
  return "thread (" + std::to_string(thread % blockDim.x) + "," + std::to_string(thread / blockDim.x % blockDim.y) +
         "," + std::to_string(thread / (blockDim.x * blockDim.y)) + ")";
}

std::string Executor::occupation(unsigned thread) const {
  const Thread& it = threads_[thread];
  switch (it.state) {
    case State::kAtBarrier:
      return "waits at the __syncthreads of " + to_string(it.where);
    case State::kInCollective:
      return std::string("waits in ") + it.collective->name + " of " + to_string(it.where);
    case State::kReturned:
      return "has returned";
    default:
      return "runs";
  }
}

}  // namespace

std::string to_string(const Where& where) {
  const char* const slash = std::strrchr(where.file_name(), '/');
  return std::string(slash != nullptr ? slash + 1 : where.file_name()) + ":" + std::to_string(where.line());
}

bool run_grid(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body,
              KernelFault& fault) {
  return executor().run(kernel, grid, block, shared_bytes, body, fault);
}

void stop_kernel(Fault kind, const std::string& what) {
  if (current == nullptr) throw std::logic_error("device code was called outside of a kernel: " + what);
  current->stop(kind, what);
}

unsigned thread_number() { return running_thread; }
void block_barrier(const Where& where) { current->barrier(where); }
void meet(const Collective& collective, unsigned mask, void* mine, const Where& where) {
  current->meet(collective, mask, mine, where);
}
unsigned block_count(bool vote, const Where& where) { return current->count(vote, where); }
SharedMemory& shared_memory() { return current->shared; }

void begin_copy(const SharedPointer<uint4>& to, const void* from, int bytes) {
  check_alignment(from, 16);
  if (bytes < 0 || bytes > 16)
    stop_kernel(Fault::kLaunch, "copies " + std::to_string(bytes) + " bytes by cp.async of 16");
  auto& groups = current->running().copy_groups;
  if (groups.empty()) groups.emplace_back();
  groups.back().push_back({to.offset(), static_cast<const std::byte*>(from), static_cast<std::size_t>(bytes)});
  shared_memory().begin_copy(to.offset(), 16);
}

void commit_copies() {
  auto& groups = current->running().copy_groups;
  if (groups.empty()) groups.emplace_back();
  groups.emplace_back();
}

void wait_for_copies(int pending_groups) {
  auto& groups = current->running().copy_groups;
  while (groups.size() > static_cast<std::size_t>(pending_groups) + 1) {  // the open group is not waited for
    for (const Copy& copy : groups.front()) {
      std::byte* const to = shared_memory().write(copy.to, 16);
      std::memcpy(to, copy.from, copy.bytes);
      std::memset(to + copy.bytes, 0, 16 - copy.bytes);
    }
    groups.pop_front();
  }
}

}  // namespace emulation
