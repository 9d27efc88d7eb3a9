// The names that weights have had over the years, and the names that a model has today.
#pragma once

#include <tempa/io/state_dict.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A checkpoint under the names of a model.
struct RenamedCheckpoint {
  StateDict state;                   ///< shares the checkpoint's tensors
  std::vector<std::string> ignored;  ///< tensors that older versions stored and that are nothing to learn
};

/// How the checkpoints of a family call things.
struct CheckpointNames {
  std::string_view base_prefix;  ///< name of the encoder in models with a head: "bert"
  /// Parts of the encoder that a checkpoint must have; the pooler and heads may be missing.
  std::vector<std::string_view> body{"embeddings", "encoder"};
  /// Ends of names that were others before, and what they are now.
  std::vector<std::pair<std::string_view, std::string_view>> renames{{"LayerNorm.gamma", "LayerNorm.weight"},
                                                                     {"LayerNorm.beta", "LayerNorm.bias"}};
  /// Modules whose `weight` and `bias` are second names of others of the model's: a tied output layer.
  std::vector<std::string_view> tied{};
};

namespace detail {

/// Whether a model works without this weight of the file when somebody trains it: a head or the pooler, which masked
/// language models do not have; the rest is the knowledge that the checkpoint is loaded for.
bool is_part_of_head(std::string_view name, const CheckpointNames& names);

}  // namespace detail

/// Renames the tensors of a checkpoint as `target` calls them: `module.` of DataParallel goes, `LayerNorm.gamma` and
/// `LayerNorm.beta` become weight and bias, and the name of the encoder comes or goes, each only where the target asks
/// for it.
/// @param target the model's state dict. @param names of its family. @param path the checkpoint, named by errors.
/// @throws FormatError when two tensors of the checkpoint get the same name.
/// @source transformers, rename_source_key
RenamedCheckpoint rename_checkpoint(const StateDict& checkpoint, const StateDict& target, const CheckpointNames& names,
                                    const std::string& path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/pretrained/detail/impl/checkpoint_names.ipp>
#endif
