// The fuzzer's side of all targets. Its own options, besides those of libFuzzer:
//   --list                          names the targets and ends
//   --target=NAME --seeds=FOLDER    writes the target's seeds and ends
//   --target=NAME                   what is fuzzed
//   --repeatable                    from the target's seeds alone: with -seed=N -runs=N the same inputs each time
#include "fuzz/fuzz_target.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>

#include <sanitizer/allocator_interface.h>
#include <sys/personality.h>
#include <unistd.h>

namespace {

std::atomic<std::size_t> held_bytes{0}, peak_bytes{0};

void on_malloc(const volatile void*, std::size_t bytes) {
  held_bytes += bytes;
  peak_bytes = std::max(peak_bytes.load(), held_bytes.load());
}
void on_free(const volatile void* block) {
  if (block != nullptr) held_bytes -= __sanitizer_get_allocated_size(const_cast<const void*>(block));
}

/// Tables of code points, tries and the pieces of a small tokenizer, and a tree of values for each byte of JSON.
std::size_t warranted_bytes(std::size_t input_bytes) { return (std::size_t{1} << 20) + 1024 * input_bytes; }

const FuzzTarget* target = nullptr;

/// How many inputs were refused, said when the fuzzer ends, beside libFuzzer's own numbers.
struct Refused {
  std::size_t count = 0;
  ~Refused() { std::fprintf(stderr, "stat::refused_units: %zu\n", count); }
} refused;

/// Starts the program again at addresses that are not random: how pointers compare is part of what libFuzzer learns.
void fix_addresses(char** argv) {
  constexpr unsigned long kAsk = 0xffffffff;
  const int now = ::personality(kAsk);
  if (now != -1 && (now & ADDR_NO_RANDOMIZE) != 0) return;
  if (now == -1 || ::personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) == -1)
    std::fputs("addresses are random here: inputs may differ from those of the next time\n", stderr);
  else
    ::execv("/proc/self/exe", argv);
}

/// Writes the target's seeds into a folder. @return their paths.
std::vector<std::string> write_seeds(const std::string& folder) {
  std::vector<std::string> paths;
  for (const std::string& seed : target->seeds()) {
    paths.push_back(tempa::concat(folder, "/seed-", paths.size()));
    tempa::atomic_write_text(paths.back(), seed);
  }
  return paths;
}

/// Gives libFuzzer the seeds in their order; those of a folder come in the order in which the file system lists them.
void add_seed_inputs(int* argc, char*** argv) {
  static const TemporaryFolder folder;
  static std::string option = "-seed_inputs=";
  for (const std::string& path : write_seeds(folder.path().string())) option += path + ',';
  option.pop_back();
  static std::vector<char*> arguments(*argv, *argv + *argc);
  arguments.insert(arguments.end(), {option.data(), nullptr});
  *argc += 1;
  *argv = arguments.data();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  std::string_view seeds;
  bool repeatable = false;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument == "--list") {
      for (const auto& entry : fuzz_targets()) std::puts(entry.first.c_str());
      std::exit(0);
    }
    if (argument.starts_with("--seeds=")) seeds = argument.substr(8);
    repeatable = repeatable || argument == "--repeatable";
    if (!argument.starts_with("--target=")) continue;
    const auto found = fuzz_targets().find(argument.substr(9));
    if (found != fuzz_targets().end()) target = &found->second;
  }
  if (target == nullptr) {
    std::fputs("expected --target=NAME, one of --list\n", stderr);
    std::exit(2);
  }
  if (!seeds.empty()) {
    write_seeds(std::string(seeds));
    std::exit(0);
  }
  if (repeatable) {
    fix_addresses(*argv);
    add_seed_inputs(argc, argv);
  }
  __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
  for (const std::string& seed : target->seeds()) {  // fills what is made once, and says that the seeds are good
    target->read(seed);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::size_t before = held_bytes;
  peak_bytes = before;
  try {
    target->read({reinterpret_cast<const char*>(data), size});
  } catch (const tempa::OutOfMemoryError& error) {
    std::fprintf(stderr, "a size in the input was believed: %s\n", error.what());
    std::abort();
  } catch (const tempa::Error&) {  // what a hostile file deserves
    ++refused.count;
  }
  if (peak_bytes - before > warranted_bytes(size)) {
    std::fprintf(stderr, "%zu bytes of input made the library hold %zu bytes\n", size, peak_bytes - before);
    std::abort();
  }
  return 0;
}
