// The folder of --output, which is replaced as one.
#pragma once

#include <tempa/io/files/model_folder.hpp>

#include <filesystem>
#include <string>

/// Before the training: a folder that cannot be written is known now, not after it. @throws tempa::IoError.
inline void check_output(const std::string& folder) {
  if (!folder.empty()) tempa::ModelFolder::require_writable(folder);
}

/// After the training: `save` writes model, tokenizer, settings and metrics to the folder that it is given, which then
/// takes the place of `output`; without --output nothing is done. An error or a signal leaves the old folder as it was.
template <typename Save>
void save_output(const std::string& output, const Save& save) {
  if (output.empty()) return;
  tempa::ModelFolder folder(output, {"text_classifier.json"});  // not beside a model of another program either
  save(folder.path());
  folder.commit();
}
