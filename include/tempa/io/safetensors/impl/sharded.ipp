// The bodies of <tempa/io/safetensors/sharded.hpp>.
#pragma once

#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/io/safetensors/sharded.hpp>
#include <tempa/io/torch/torch_bin.hpp>

#include <map>
#include <set>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// @throws FormatError unless `shard` is the name of a weights file and nothing that leads to another folder.
inline void check_shard_name(const JsonFile& index, const std::string& field, const std::string& shard) {
  const bool plain = shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos && !shard.starts_with('.');
  const bool known = shard.ends_with(".safetensors") || shard.ends_with(".bin");
  if (!plain || !known)
    throw field_error(
        index, field,
        concat("expected the name of a .safetensors or .bin file in the index's folder but got ", printable(shard)));
}

}  // namespace detail

TEMPA_INLINE StateDict load_sharded(const std::string& index_path) {
  const JsonFile index = read_json(index_path);
  const nlohmann::json& weight_map = detail::json_field(index, "weight_map");
  if (!weight_map.is_object() || weight_map.empty())
    throw field_error(index, "weight_map",
                      concat("expected an object of tensor names and shard names but got ",
                             weight_map.empty() && weight_map.is_object() ? std::string("an empty one")
                                                                          : detail::json_description(weight_map)));
  std::map<std::string, std::set<std::string_view>> tensors_of;  // by shard
  for (const auto& [tensor, value] : weight_map.items()) {
    const std::string field =
        (nlohmann::json::json_pointer("/weight_map") / tensor).to_string();  // a tensor's name may contain '/'
    const auto shard = detail::json_value<std::string>(index, field, value);
    auto found = tensors_of.find(shard);
    if (found == tensors_of.end()) {
      detail::check_shard_name(index, field, shard);
      found = tensors_of.emplace(shard, std::set<std::string_view>()).first;
    }
    found->second.insert(tensor);
  }

  const std::size_t slash = index_path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : index_path.substr(0, slash + 1);
  StateDict state;
  std::map<std::string, std::string_view, std::less<>> shard_of;
  for (const auto& [shard, tensors] : tensors_of) {
    const std::string path = folder + shard;
    const StateDict part = shard.ends_with(".safetensors") ? load_safetensors(path) : load_torch_bin(path);
    for (const std::string_view tensor : tensors)
      if (!part.contains(tensor))
        throw FormatError(
            path, 0, concat("expected tensor ", printable(tensor), ", as ", index_path, " says, but it is not there"));
    for (const StateDict::Entry& entry : part) {
      if (const auto [earlier, is_new] = shard_of.emplace(entry.name, shard); !is_new)
        throw FormatError(path, 0,
                          concat("expected every tensor in one shard but ", printable(entry.name), " is in ",
                                 earlier->second, " too"));
      state.insert(entry.name, entry.tensor);
    }
  }
  return state;
}

}  // namespace tempa::inline TEMPA_ABI
