// Writes predictions as JSON lines, window by window, so that memory does not grow with the table.
#pragma once

#include "open_table.hpp"

#include <tempa/data/table/text_table.hpp>
#include <tempa/io/detail/json/json_text.hpp>
#include <tempa/io/files/detail/atomic_folder.hpp>
#include <tempa/io/files/detail/text_output.hpp>
#include <tempa/io/files/file.hpp>

#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

// A field's name with its separators: ,"name":
inline void append_key(std::string& line, std::string_view name) {
  if (line.back() != '{') line += ',';
  tempa::append_json(line, name);
  line += ':';
}

/// Reads, computes and writes the rows window by window. @param write receives the text. @param lines_of returns the
/// text for some rows.
/// @throws FormatError with file and line for a broken row; the rows before it have been written then.
template <typename Write, typename LinesOf>
void write_windows(tempa::OpenTextTable& table, const Options& options, const Write& write, const LinesOf& lines_of) {
  constexpr std::size_t kWindowBytes = std::size_t{1} << 24;
  tempa::TextTableReader rows(table.reader, table.columns, tempa::BlankTexts::kAccepted);
  for (bool more = true; more;) {
    tempa::TextTable window = rows.empty_table();
    std::exception_ptr broken;
    std::size_t bytes = 0;
    try {
      while (window.rows.size() < options.window && bytes < kWindowBytes && (more = rows.append_to(window)))
        bytes += window.rows.texts.back().size() + (window.rows.pairs.empty() ? 0 : window.rows.pairs.back().size());
    } catch (const tempa::Error&) {
      broken = std::current_exception();
    }
    if (window.rows.size() > 0) write(lines_of(window.rows));
    if (broken) std::rethrow_exception(broken);
  }
}

/// The same from --input to --output: a file is created, or replaced, when everything is computed; a pipe or device
/// gets window by window. @throws as above; ConfigError when both are the same file; IoError.
template <typename LinesOf>
void write_predictions(const Options& options, const Settings& settings, const LinesOf& lines_of) {
  std::signal(SIGPIPE, SIG_IGN);  // `| head` should end this program normally, not by a signal
  tempa::TableInput input = input_of(options.input, tempa::Peek::kFirstLine);
  tempa::OpenTextTable table = tempa::open_text_table(input, request_of(options, settings, false));
  if (!table.guessed.empty()) std::cerr << table.guessed << '\n';
  const bool standard_output = options.output.empty() || options.output == "-";
  if (!standard_output && options.input != "-" && std::filesystem::exists(options.output) &&
      std::filesystem::equivalent(options.input, options.output))
    throw tempa::ConfigError("--output: expected another file than --input");
  try {
    if (standard_output) {
      tempa::TextOutput output = tempa::TextOutput::standard_output();
      const auto write = [&](const std::string& lines) {
        output.write(lines);
        output.flush();
      };
      return write_windows(table, options, write, lines_of);
    }
    tempa::AtomicFile output(options.output);
    const std::filesystem::path path = options.output;  // of which a killed process may have left a part
    if (!path.has_parent_path() || std::filesystem::is_regular_file(path))
      tempa::remove_unfinished((path.parent_path() / ".").string(), path.filename().string());
    try {
      write_windows(
          table, options, [&](const std::string& lines) { output.write(lines); }, lines_of);
    } catch (const tempa::FormatError&) {
      output.commit();
      throw;
    }
    output.commit();
  } catch (const tempa::ClosedPipeError&) {
    // The reader wants no more.
  }
}
