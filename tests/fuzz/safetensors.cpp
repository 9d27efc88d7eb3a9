// A file of weights.
#include "fuzz/fuzz_target.hpp"
#include "fuzz/touch.hpp"

#include <tempa/io/safetensors/safetensors.hpp>

static const RegisterFuzzTarget safetensors_target(
    "safetensors", [](std::string_view bytes) { touch(tempa::load_safetensors(fuzz_file(bytes))); },
    [] {
      return fixtures({"io/every_type.safetensors", "io/no_metadata.safetensors", "io/plain_dict.safetensors",
                       "io/sharded/model-00001-of-00002.safetensors"});
    });
