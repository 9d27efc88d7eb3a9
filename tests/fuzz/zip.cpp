// The directory of a ZIP archive: members lie in the file, in order, and do not overlap.
#include "fuzz/fuzz_target.hpp"
#include "io/torch_bytes.hpp"

#include <tempa/io/torch/detail/zip_archive.hpp>

static const RegisterFuzzTarget zip_target(
    "zip",
    [](std::string_view bytes) {
      const char* end = bytes.data();
      for (const tempa::ZipMember& member : tempa::read_zip_directory(bytes, "zip")) {
        fuzz_check(member.bytes.data() >= end);
        end = member.bytes.data() + member.bytes.size();
        fuzz_check(end <= bytes.data() + bytes.size() && !member.name.empty());
      }
    },
    [] {
      const std::vector<ZipPart> parts{
          {.name = "a", .bytes = "12"}, {.name = "m/b", .bytes = "3", .descriptor = true}, {.name = "c", .wide = true}};
      return std::vector<std::string>{zip_bytes(parts), zip_bytes(parts, {.wide = true}), zip_bytes({})};
    });
