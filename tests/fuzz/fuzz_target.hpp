// What a fuzz target is. All targets are one program: `fuzz --target=json FOLDER` fuzzes one of them.
#pragma once

#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <tempa/io/files/file.hpp>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

/// One way for bytes into the library. Reading them may throw a tempa::Error that is no OutOfMemoryError, and nothing
/// else, and may hold no more memory than the size of the input warrants: see main.cpp.
struct FuzzTarget {
  std::function<void(std::string_view)> read;
  std::function<std::vector<std::string>()> seeds;  ///< good inputs, from which the fuzzer makes bad ones
};

inline std::map<std::string, FuzzTarget, std::less<>>& fuzz_targets() {
  static std::map<std::string, FuzzTarget, std::less<>> targets;
  return targets;
}

/// `static const RegisterFuzzTarget name("name", read, seeds);` in the target's file.
struct RegisterFuzzTarget {
  RegisterFuzzTarget(const char* name, std::function<void(std::string_view)> read,
                     std::function<std::vector<std::string>()> seeds) {
    fuzz_targets()[name] = {std::move(read), std::move(seeds)};
  }
};

/// A file in memory with these bytes, the same one each time. @return its path.
inline std::string fuzz_file(std::string_view bytes) {
  static const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, 0) != 0 || ::lseek(file, 0, SEEK_SET) != 0 ||
      tempa::detail::write_all(file, bytes) != bytes.size())
    std::abort();
  return "/proc/self/fd/" + std::to_string(file);
}

/// Something that must hold for every input.
inline void fuzz_check(bool holds) {
  if (!holds) std::abort();
}

/// The bytes of some committed files.
inline std::vector<std::string> fixtures(std::initializer_list<std::string_view> names) {
  std::vector<std::string> all;
  for (const std::string_view name : names) all.push_back(tempa::read_text_file(fixture_path(name).string()));
  return all;
}
