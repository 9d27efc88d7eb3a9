#include "emulation/shared_memory.hpp"

#include <algorithm>
#include <memory>

namespace emulation {

namespace {

constexpr std::uint16_t kCopying = 0xffff;  // as a writer: cp.async has begun
constexpr std::uint16_t kMany = 0xffff;     // as a reader: threads of several warps
constexpr std::uint16_t kOneWarp = 0x8000;  // as a reader, plus a warp: several of its lanes
constexpr std::uint32_t kLastTime = 0xf0000000u;

std::string at_byte(std::size_t offset) { return " byte " + std::to_string(offset) + " of shared memory"; }

std::string by_thread(std::uint16_t thread) { return "thread " + std::to_string(thread); }

}  // namespace

SharedMemory::SharedMemory() : memory_(kMaxSharedBytes + 128), notes_(kMaxSharedBytes) {
  void* memory = memory_.data();
  std::size_t space = memory_.size();
  base_ = static_cast<std::byte*>(std::align(128, kMaxSharedBytes, memory, space));
}

void SharedMemory::begin_block(std::size_t bytes) {
  if (clock_ > kLastTime) {
    std::fill(notes_.begin(), notes_.end(), Note{});
    clock_ = 1;
  }
  bytes_ = bytes;
  begin_time_ = block_time_ = clock_++;
  warp_times_.fill(begin_time_);
}

bool SharedMemory::before_now(std::uint32_t time, unsigned warp) const {
  return time <= block_time_ || (warp == thread_number() / 32 && time <= warp_times_[warp]);
}

void SharedMemory::check_read(const Note& note, std::size_t offset) const {
  if (note.write_time <= begin_time_) stop_kernel(Fault::kAddress, "reads the uninitialised" + at_byte(offset));
  if (note.writer == kCopying)
    stop_kernel(Fault::kAddress, "reads" + at_byte(offset) + " while cp.async may still be writing it");
  if (note.writer != thread_number() && !before_now(note.write_time, note.writer / 32u))
    stop_kernel(Fault::kAddress, "reads" + at_byte(offset) + ", a race: " + by_thread(note.writer) +
                                     " wrote it and no barrier lies between");
}

void SharedMemory::check_write(const Note& note, std::size_t offset) const {
  const unsigned thread = thread_number();
  if (note.write_time > block_time_ && note.writer != kCopying && note.writer != thread &&
      !before_now(note.write_time, note.writer / 32u))
    stop_kernel(Fault::kAddress, "writes" + at_byte(offset) + ", a race: " + by_thread(note.writer) +
                                     " wrote it and no barrier lies between");
  if (note.read_time <= block_time_ || note.reader == thread) return;
  const bool one_warp = note.reader != kMany;
  const unsigned warp = (note.reader & kOneWarp) != 0 ? note.reader & ~unsigned{kOneWarp} : note.reader / 32u;
  if (!one_warp || !before_now(note.read_time, warp))
    stop_kernel(Fault::kAddress, "writes" + at_byte(offset) + ", a race: " +
                                     (!one_warp                       ? std::string("several threads")
                                      : (note.reader & kOneWarp) != 0 ? "a thread of warp " + std::to_string(warp)
                                                                      : by_thread(note.reader)) +
                                     " read it and no barrier lies between");
}

void SharedMemory::note_read(Note& note) const {
  const auto thread = static_cast<std::uint16_t>(thread_number());
  if (note.read_time <= block_time_) {
    note.reader = thread;
  } else if (note.reader != thread && note.reader != kMany) {
    const unsigned warp = (note.reader & kOneWarp) != 0 ? note.reader & ~unsigned{kOneWarp} : note.reader / 32u;
    note.reader = warp == thread / 32u ? static_cast<std::uint16_t>(kOneWarp | warp) : kMany;
  }
  note.read_time = clock_;
}

const std::byte* SharedMemory::read(std::size_t offset, std::size_t count) {
  for (std::size_t i = offset; i < offset + count; ++i) {
    check_read(notes_[i], i);
    note_read(notes_[i]);
  }
  return base_ + offset;
}

std::byte* SharedMemory::write(std::size_t offset, std::size_t count) {
  for (std::size_t i = offset; i < offset + count; ++i) {
    Note& note = notes_[i];
    check_write(note, i);
    note.write_time = clock_;
    note.writer = static_cast<std::uint16_t>(thread_number());
  }
  return base_ + offset;
}

std::byte* SharedMemory::update(std::size_t offset, std::size_t count) {
  for (std::size_t i = offset; i < offset + count; ++i)
    if (notes_[i].write_time <= begin_time_) stop_kernel(Fault::kAddress, "updates the uninitialised" + at_byte(i));
  return base_ + offset;
}

void SharedMemory::begin_copy(std::size_t offset, std::size_t count) {
  write(offset, count);
  for (std::size_t i = offset; i < offset + count; ++i) notes_[i].writer = kCopying;
}

}  // namespace emulation
