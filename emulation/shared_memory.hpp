// A block's dynamic shared memory with a note beside each byte: who wrote and who read it last, and when. An access
// that is outside of its array, reads what nobody wrote, or races with another thread stops the kernel.
#pragma once

#include "emulation/execution.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace emulation {

inline constexpr std::size_t kMaxSharedBytes = 227 * 1024;  // what sm_90 lets a block opt in to

/// Time is a counter that a barrier moves on. An access happened before another one when a barrier of the block, or one
/// (`__syncwarp`) of the warp that both threads are in, lies between. Shuffles and votes order no memory.
class SharedMemory {
 public:
  SharedMemory();

  /// Everything is uninitialised.
  void begin_block(std::size_t bytes);
  void block_barrier() { block_time_ = clock_++; }
  void warp_barrier(unsigned warp) { warp_times_[warp] = clock_++; }

  std::size_t bytes() const { return bytes_; }
  /// The bytes at `offset`, which the running thread reads, writes, or (an atomic) both.
  const std::byte* read(std::size_t offset, std::size_t count);
  std::byte* write(std::size_t offset, std::size_t count);
  std::byte* update(std::size_t offset, std::size_t count);
  /// A copy is under way (cp.async): written now, but not to be read before `write`.
  void begin_copy(std::size_t offset, std::size_t count);

 private:
  struct Note {
    std::uint32_t write_time = 0, read_time = 0;
    std::uint16_t writer = 0, reader = 0;  ///< thread, or one of the special values of shared_memory.cpp
  };

  bool before_now(std::uint32_t time, unsigned warp) const;
  void check_read(const Note& note, std::size_t offset) const;
  void check_write(const Note& note, std::size_t offset) const;
  void note_read(Note& note) const;

  std::size_t bytes_ = 0;
  std::vector<std::byte> memory_;
  std::byte* base_ = nullptr;
  std::vector<Note> notes_;
  std::uint32_t clock_ = 1, begin_time_ = 0, block_time_ = 0;
  std::array<std::uint32_t, 32> warp_times_{};
};

/// The shared memory of the block that the calling host thread runs.
SharedMemory& shared_memory();

/// An element of shared memory; reads and writes it when it is converted or assigned to. It cannot be kept: write
/// `const float x = p[i]`, since `auto` would be a value on a GPU and a reference here.
template <typename T>
class SharedReference {
 public:
  using Value = std::remove_const_t<T>;

  explicit SharedReference(std::size_t offset) : offset_(offset) {}
  SharedReference(const SharedReference&) = delete;

  // NOLINTNEXTLINE(google-explicit-constructor): stands for a value
  operator Value() && {
    Value value;
    std::memcpy(&value, shared_memory().read(offset_, sizeof value), sizeof value);
    return value;
  }
  void operator=(const Value& value) && {
    std::memcpy(shared_memory().write(offset_, sizeof value), &value, sizeof value);
  }
  void operator=(SharedReference&& other) && { std::move(*this) = static_cast<Value>(std::move(other)); }
  void operator+=(const Value& value) && {
    const Value before = SharedReference(offset_);
    std::move(*this) = before + value;
  }
  void operator*=(const Value& value) && {
    const Value before = SharedReference(offset_);
    std::move(*this) = before * value;
  }

 private:
  std::size_t offset_;
};

/// `T*` into an array of shared memory, which knows the array's ends.
template <typename T>
class SharedPointer {
 public:
  SharedPointer() = default;
  SharedPointer(std::ptrdiff_t offset, std::ptrdiff_t begin, std::ptrdiff_t end)
      : offset_(offset), begin_(begin), end_(end) {}
  // NOLINTNEXTLINE(google-explicit-constructor): as a T* becomes a const T*
  operator SharedPointer<const T>() const { return {offset_, begin_, end_}; }

  template <typename I>
  SharedReference<T> operator[](I i) const {
    return SharedReference<T>((*this + i).offset());
  }
  SharedReference<T> operator*() const { return (*this)[0]; }

  template <typename I>
  SharedPointer operator+(I i) const {
    return {offset_ + static_cast<std::ptrdiff_t>(i) * kSize, begin_, end_};
  }
  template <typename I>
  SharedPointer operator-(I i) const {
    return {offset_ - static_cast<std::ptrdiff_t>(i) * kSize, begin_, end_};
  }
  template <typename I>
  SharedPointer& operator+=(I i) {
    return *this = *this + i;
  }

  /// Where the element lies in the block's shared memory, in bytes; checked.
  std::size_t offset() const {
    if (offset_ < begin_ || offset_ + kSize > end_)
      stop_out_of_bounds((offset_ - begin_) / kSize, (end_ - begin_) / kSize);
    if (offset_ % static_cast<std::ptrdiff_t>(alignof(T)) != 0) stop_misaligned();
    return static_cast<std::size_t>(offset_);
  }

  template <typename To>
  SharedPointer<To> cast() const {
    return {offset_, begin_, end_};
  }

 private:
  static constexpr std::ptrdiff_t kSize = sizeof(T);

  [[noreturn]] static void stop_out_of_bounds(std::ptrdiff_t index, std::ptrdiff_t count) {
    stop_kernel(Fault::kAddress,
                "accesses element " + std::to_string(index) + " of a shared array of " + std::to_string(count));
  }
  [[noreturn]] void stop_misaligned() const {
    stop_kernel(Fault::kMisaligned, "accesses " + std::to_string(kSize) + " bytes at byte " + std::to_string(offset_) +
                                        " of shared memory");
  }

  std::ptrdiff_t offset_ = 0, begin_ = 0, end_ = 0;
};

/// `count` elements at `offset_bytes` of the block's dynamic shared memory.
template <typename T>
SharedPointer<T> shared_array(std::size_t offset_bytes, std::size_t count) {
  const std::size_t end = offset_bytes + count * sizeof(T);
  if (end > shared_memory().bytes())
    stop_kernel(Fault::kAddress, "has a shared array up to byte " + std::to_string(end) +
                                     ", but the launch asked for " + std::to_string(shared_memory().bytes()) +
                                     " bytes of shared memory");
  if (offset_bytes % alignof(T) != 0)
    stop_kernel(Fault::kMisaligned, "has a misaligned shared array at byte " + std::to_string(offset_bytes));
  const auto begin = static_cast<std::ptrdiff_t>(offset_bytes);
  return {begin, begin, static_cast<std::ptrdiff_t>(end)};
}

template <typename To, typename From>
SharedPointer<To> shared_cast(const SharedPointer<From>& p) {
  return p.template cast<To>();
}

}  // namespace emulation
