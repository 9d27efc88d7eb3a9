// The bodies of <tempa/text/japanese/detail/mecab_dictionary.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<std::filesystem::path> mecab_dictionary_folders(std::string_view name) {
  std::vector<std::filesystem::path> folders;
  const auto environment = [](const char* variable) -> std::filesystem::path {
    const char* value = std::getenv(variable);
    return value == nullptr ? "" : value;
  };
  std::filesystem::path data = environment("XDG_DATA_HOME");
  if (const std::filesystem::path home = environment("HOME"); data.empty() && !home.empty()) {
    data = home / ".local" / "share";
  }
  if (!data.empty()) folders.push_back(data / "tempa" / name);
  for (const char* const share : {"/usr/local/share", "/usr/share"}) {
    folders.push_back(std::filesystem::path(share) / "tempa" / name);
  }
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  std::vector<std::string> names{dashed};
  if (name == "ipadic") names = {"ipadic-utf8", "ipadic"};
  for (const char* const packages : {"/var/lib/mecab/dic", "/usr/lib/mecab/dic", "/usr/lib64/mecab/dic",
                                     "/usr/local/lib/mecab/dic", "/opt/homebrew/lib/mecab/dic"}) {
    for (const std::string& package : names) folders.push_back(std::filesystem::path(packages) / package);
  }
  return folders;
}

namespace detail {

TEMPA_INLINE std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> arguments;
  bool open = false;
  char quote = '\0';
  for (const char c : text) {
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      open = false;
      continue;
    }
    if (!open) arguments.emplace_back();
    open = true;
    if (quote != '\0' ? c == quote : (c == '"' || c == '\'')) {
      quote = quote != '\0' ? '\0' : c;
    } else {
      arguments.back() += c;
    }
  }
  return arguments;
}

TEMPA_INLINE std::filesystem::path take_dictionary_argument(std::vector<std::string>& arguments) {
  std::filesystem::path dictionary;
  std::vector<std::string> others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool is_dictionary = argument.starts_with("-d") || argument.starts_with("--dicdir");
    const bool is_settings = argument.starts_with("-r") || argument.starts_with("--rcfile");
    if (!is_dictionary && !is_settings) {
      others.push_back(argument);
      continue;
    }
    std::string value;
    if (argument.starts_with("--")) {
      const std::size_t equals = argument.find('=');
      if (equals != std::string::npos) value = argument.substr(equals + 1);
    } else {
      value = argument.substr(2);
    }
    if (value.empty() && i + 1 < arguments.size()) value = arguments[++i];
    if (is_dictionary) dictionary = value;
  }
  arguments = std::move(others);
  return dictionary;
}

/// The header of sys.dic. @throws IoError, FormatError where it is no dictionary of MeCab 0.996 in UTF-8.
inline MecabDictionary read_mecab_dictionary(const std::filesystem::path& folder) {
  constexpr std::size_t kHeaderBytes = 72;
  constexpr std::uint32_t kMagic = 0xEF718F77U, kVersion = 102;
  const std::string path = (folder / "sys.dic").string();
  const OpenFile file = open_for_reading(path);
  const auto fail = [&](const std::string& what) { throw FormatError(path, 0, what); };
  if (file.size_bytes < kHeaderBytes)
    fail(concat("expected a MeCab dictionary but it has ", file.size_bytes, " bytes"));
  std::array<std::byte, kHeaderBytes> bytes{};
  read_bytes(file, path, bytes);
  const auto number = [&](std::size_t index) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = (value << 8) | std::to_integer<std::uint32_t>(bytes[4 * index + i]);
    return value;
  };
  if ((number(0) ^ kMagic) != file.size_bytes) fail("expected a MeCab dictionary but it is none, or it is cut off");
  if (number(1) != kVersion) fail(concat("expected a dictionary of version ", kVersion, " but it is ", number(1)));
  const std::uint64_t sections = std::uint64_t{number(6)} + number(7) + number(8);
  if (kHeaderBytes + sections != file.size_bytes) fail("the sizes of its sections do not add up to the file's");
  std::string charset;
  for (std::size_t i = 40; i < kHeaderBytes && std::to_integer<char>(bytes[i]) != '\0'; ++i) {
    charset += static_cast<char>(std::tolower(std::to_integer<unsigned char>(bytes[i])));
  }
  if (charset != "utf8" && charset != "utf-8") {
    fail(concat("expected a dictionary in UTF-8 but it is in ", printable(charset)));
  }
  return {folder, std::int64_t{number(3)}, std::int64_t{number(4)}};
}

TEMPA_INLINE std::string joined(const std::vector<std::filesystem::path>& folders) {
  std::string text;
  for (const std::filesystem::path& folder : folders) text += (text.empty() ? "" : ", ") + folder.string();
  return text;
}

inline MecabDictionary require_mecab_dictionary(const std::filesystem::path& folder, std::string_view given_by) {
  std::error_code error;
  for (const char* const name : {"sys.dic", "matrix.bin", "char.bin", "unk.dic", "dicrc"}) {
    if (std::filesystem::exists(folder / name, error)) continue;
    throw ConfigError(concat("[MeCab] the dictionary ", folder.string(), ", named by ", given_by,
                             ", must have the files sys.dic, matrix.bin, char.bin, unk.dic and dicrc but lacks ",
                             name));
  }
  return read_mecab_dictionary(folder);
}

}  // namespace detail

TEMPA_INLINE MecabDictionary find_mecab_dictionary(const MecabOptions& options) {
  const std::optional<std::string>& name = options.dictionary_name;
  if (name && *name != "ipadic" && *name != "unidic_lite" && *name != "unidic") {
    throw ConfigError(concat("[MeCab] mecab_dic must be ipadic, unidic_lite or unidic but is ", printable(*name)));
  }
  std::vector<std::string> arguments = detail::split_arguments(options.arguments);
  const std::filesystem::path argument = detail::take_dictionary_argument(arguments);
  MecabDictionary dictionary;
  const char* const variable = std::getenv("TEMPA_MECAB_DIC");
  if (!options.dictionary.empty()) {
    dictionary = detail::require_mecab_dictionary(options.dictionary, "the option `dictionary`");
  } else if (variable != nullptr && *variable != '\0') {
    dictionary = detail::require_mecab_dictionary(variable, "TEMPA_MECAB_DIC");
  } else if (name) {
    const std::vector<std::filesystem::path> folders = mecab_dictionary_folders(*name);
    std::error_code error;
    const auto found = std::find_if(folders.begin(), folders.end(), [&](const std::filesystem::path& folder) {
      return std::filesystem::exists(folder / "sys.dic", error);
    });
    if (found == folders.end()) {
      throw ConfigError(concat("[MeCab] expected a dictionary ", *name, " but found none in ", detail::joined(folders),
                               ". Install it (Debian: mecab-ipadic-utf8, or scripts/make_ipadic for the very ",
                               "dictionary of transformers), or name its folder in TEMPA_MECAB_DIC"));
    }
    dictionary = detail::require_mecab_dictionary(*found, "nothing but its usual place");
  } else if (!argument.empty()) {
    dictionary = detail::require_mecab_dictionary(argument, "mecab_option");
  } else {
    throw ConfigError(
        "[MeCab] expected the name of a dictionary (mecab_dic) but there is none: transformers before 4.45 takes "
        "ipadic "
        "then, and later unidic_lite. Name the one that the model was made with by the option `dictionary_name`, or "
        "its folder by `dictionary` or TEMPA_MECAB_DIC");
  }
  if (name && dictionary.is_ipadic() != (*name == "ipadic")) {
    throw ConfigError(concat("[MeCab] expected a dictionary ", *name, " but ", dictionary.folder.string(), " is ",
                             dictionary.is_ipadic() ? "an ipadic" : "no ipadic", " (it has ", dictionary.context_count,
                             " contexts)"));
  }
  return dictionary;
}

}  // namespace tempa::inline TEMPA_ABI
