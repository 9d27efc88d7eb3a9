// The folder of --output, which is replaced as a whole.
#pragma once

#include <tempa/io/files/model_folder.hpp>

#include <filesystem>
#include <string>

/// Call before the training, to report a folder that cannot be written then and not after it. @throws tempa::IoError.
inline void check_output(const std::string& folder) {
  if (!folder.empty()) tempa::ModelFolder::require_writable(folder);
}

/// After the training: `save` writes model, tokenizer, settings and metrics to the folder that it is given, which then
/// takes the place of `output`; without --output nothing is done. After an error or a signal the old folder is
/// unchanged.
template <typename Save>
void save_output(const std::string& output, const Save& save) {
  if (output.empty()) return;
  tempa::ModelFolder folder(output,
                            {"text_classifier.json"});  // must not stay beside a model of another program either
  save(folder.path());
  folder.commit();
}
