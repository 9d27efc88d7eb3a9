// Checkpoints in several files, with an index that says which tensor is in which.
#pragma once

#include <tempa/io/state_dict.hpp>

#include <string>

namespace tempa::inline TEMPA_ABI {

/// All tensors of a checkpoint in several files: `load_sharded("model.safetensors.index.json")`. Shards are safetensors
/// files or PyTorch's (`load_torch_bin`), in the index's folder. Tensors of a shard that the index does not mention are
/// loaded too, as transformers does.
/// @param index_path JSON with `weight_map`, an object of tensor names and shard names; other fields are not used.
/// @return the tensors, shard by shard in the order of the shards' names.
/// @throws IoError when the index or a shard is missing, naming it; FormatError when
/// the index or a shard breaks a rule of its format, a shard's name is no plain file name, a tensor is not in the shard
/// that the index names, or a tensor is in two shards.
/// @source transformers.utils.hub.get_checkpoint_shard_files, transformers.modeling_utils.load_sharded_checkpoint
StateDict load_sharded(const std::string& index_path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/safetensors/impl/sharded.ipp>
#endif
