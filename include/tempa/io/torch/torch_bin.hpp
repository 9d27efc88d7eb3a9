// pytorch_model.bin: state dicts as torch.save writes them, in the ZIP format (PyTorch 1.6 and later) and in the legacy
// stream before it. The pickle inside is read as data (pickle_reader.hpp): a file cannot run anything.
#pragma once

#include <tempa/io/state_dict.hpp>

#include <string>

namespace tempa::inline TEMPA_ABI {

/// Options of `load_torch_bin`.
struct TorchBinOptions {
  bool check_crc = false;  ///< ZIP format: compare all bytes with their CRC-32, which reads the whole file at once;
                           ///< without it only what is not tensors is compared
};

/// All tensors of a state dict that torch.save wrote: `load_torch_bin("pytorch_model.bin")`.
/// What a state dict needs is read (a dict or OrderedDict of names and tensors or parameters); every other opcode or
/// name of the pickle is refused, and nothing is ever called by name.
/// @param path a file of torch.save, old style or new. @param options e.g. `{.check_crc = true}`.
/// @return the tensors in the order of the file, bool as uint8. Those that are contiguous and aligned in the file are
/// views of its bytes, as in `load_safetensors`; tensors of one storage share memory.
/// @throws IoError when the file cannot be read; FormatError naming byte, storage or tensor when it breaks a rule, is
/// a whole pickled model, a tar archive, or contains more than a state dict.
/// @source torch.load(path, map_location="cpu", weights_only=True)
StateDict load_torch_bin(const std::string& path, const TorchBinOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/torch/impl/torch_bin.ipp>
#endif
