// The sentencepiece library, wrapped in one class. This header includes the library's: include it only where it is
// used.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#if defined(TEMPA_WITH_SENTENCEPIECE)
#include <sentencepiece_processor.h>
#endif

namespace tempa::inline TEMPA_ABI {

#if defined(TEMPA_WITH_SENTENCEPIECE)

/// Applies a sentencepiece model. Cheap to copy: copies share the model, and every function is const, so that one
/// object serves any number of threads.
/// @source sentencepiece `SentencePieceProcessor`.
class SentencePieceProcessor {
 public:
  /// @param model bytes of a model file that `SentencePieceModel::parse` has accepted. @param path named in errors.
  /// @throws FormatError where the library refuses it.
  SentencePieceProcessor(std::string_view model, const std::string& path)
      : library_(std::make_shared<sentencepiece::SentencePieceProcessor>()) {
    const auto status = library_->LoadFromSerializedProto(model);
    if (!status.ok()) throw FormatError(path, 0, concat("sentencepiece refuses the model: ", status.ToString()));
  }

  /// @return the pieces of `text`, where U+2581 stands for a space. @param text UTF-8.
  std::vector<std::string> encode(std::string_view text) const {
    std::vector<std::string> pieces;
    require(library_->Encode(text, &pieces));
    return pieces;
  }

  /// @return the text of `pieces`.
  std::string decode(const std::vector<std::string>& pieces) const {
    std::string text;
    require(library_->Decode(pieces, &text));
    return text;
  }

 private:
  static void require(const sentencepiece::util::Status& status) {
    if (!status.ok()) throw Error(concat("[sentencepiece] ", status.ToString()));
  }

  std::shared_ptr<sentencepiece::SentencePieceProcessor> library_;
};

#else

/// The replacement in builds without the sentencepiece library.
class SentencePieceProcessor {
 public:
  /// @throws ConfigError always.
  SentencePieceProcessor(std::string_view, const std::string& path) {
    throw ConfigError(concat("[SentencePieceProcessor] opening ", path,
                             " this way needs the sentencepiece library but this build has none "
                             "(TEMPA_WITH_SENTENCEPIECE is not defined; Debian: libsentencepiece-dev)"));
  }
  std::vector<std::string> encode(std::string_view) const { return {}; }
  std::string decode(const std::vector<std::string>&) const { return {}; }
};

#endif

}  // namespace tempa::inline TEMPA_ABI
