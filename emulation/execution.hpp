// How a grid runs: blocks in turn, the threads of a block as fibers. A thread runs until it ends or must wait for
// others, so that a kernel without barriers never switches. The thread that finds that nobody can go on reports why.
#pragma once

#include "emulation/types.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <source_location>
#include <string>

namespace emulation {

#ifdef __cpp_lib_source_location
using Where = std::source_location;
#else
/// A place in the source, for a compiler that cannot read its library's std::source_location (clang++ before 16).
class Where {
 public:
  static constexpr Where current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE(),
                                 unsigned column = __builtin_COLUMN()) {
    Where here;
    here.file_ = file, here.line_ = line, here.column_ = column;
    return here;
  }
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }
  constexpr unsigned column() const { return column_; }

 private:
  const char* file_ = "";
  unsigned line_ = 0, column_ = 0;
};
#endif

/// What stops a kernel: the error code that later calls report, and the reason.
enum class Fault { kAddress, kMisaligned, kLaunch };

struct KernelFault {
  Fault kind;
  std::string text;
};

/// Stops the kernel from the thread that runs. @param what the reason; kernel, block and thread are added.
[[noreturn]] void stop_kernel(Fault kind, const std::string& what);

/// Runs `body` once for each thread of the grid. @return whether all went well, else `fault` is set.
bool run_grid(const char* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body,
              KernelFault& fault);

/// The number of the thread that runs in its block, x first.
unsigned thread_number();
inline unsigned lane_number() { return thread_number() % 32; }

/// Waits until all threads of the block are here.
void block_barrier(const Where& where);

/// A barrier that counts the threads whose vote is true.
unsigned block_count(bool vote, const Where& where);

/// What lanes of a warp do together. The last lane to come carries it out for all.
struct Collective {
  const char* name;                                      ///< two lanes meet only in the same operation
  void (*carry_out)(void* const* lanes, unsigned mask);  ///< `lanes[l]` is what lane `l` brought, if `mask` has it
};

/// Waits until all lanes of `mask` are in this collective; `mine` is what this lane brings and where it finds its
/// result.
void meet(const Collective& collective, unsigned mask, void* mine, const Where& where);

/// "softmax.cu:12"
std::string to_string(const Where& where);

}  // namespace emulation
