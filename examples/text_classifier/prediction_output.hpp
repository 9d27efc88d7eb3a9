// Where predictions go: JSON lines, window after window, so that memory does not grow with the table.
#pragma once

#include "settings.hpp"

#include <tempa/data/text_table.hpp>
#include <tempa/io/json_text.hpp>
#include <tempa/io/text_output.hpp>

#include <csignal>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

// A field's name, with what goes before it: ,"name":
inline void append_key(std::string& line, std::string_view name) {
  if (line.back() != '{') line += ',';
  tempa::append_json(line, name);
  line += ':';
}

/// Reads, computes and writes one window of rows after the other. @param lines_of gives the text for some rows.
/// @throws FormatError with file and line for a broken row; what came before it is written then.
template <typename LinesOf>
void write_windows(tempa::DelimitedReader& reader, const Options& options, const Settings& settings,
                   tempa::TextOutput& output, const LinesOf& lines_of) {
  constexpr std::size_t kWindowBytes = std::size_t{1} << 24;
  tempa::TextTableReader rows(reader, columns_of(reader, settings, false), tempa::BlankTexts::kAccepted);
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
    if (window.rows.size() > 0) {
      output.write(lines_of(window.rows));
      output.flush();
    }
    if (broken) std::rethrow_exception(broken);
  }
}

/// The same from --input to --output. @throws as above; ConfigError when both are one file; IoError.
template <typename LinesOf>
void write_predictions(const Options& options, const Settings& settings, const LinesOf& lines_of) {
  std::signal(SIGPIPE, SIG_IGN);  // `| head` ends this program, not kills it
  tempa::DelimitedReader reader = open_table(options.input, options, settings);
  const bool standard_output = options.output.empty() || options.output == "-";
  if (!standard_output && options.input != "-" && std::filesystem::exists(options.output) &&
      std::filesystem::equivalent(options.input, options.output))
    throw tempa::ConfigError("--output: expected another file than --input");
  tempa::TextOutput output = standard_output ? tempa::TextOutput::standard_output() : tempa::TextOutput(options.output);
  try {
    write_windows(reader, options, settings, output, lines_of);
    output.close();
  } catch (const tempa::ClosedPipeError&) {
    // Whoever reads has enough.
  }
}
