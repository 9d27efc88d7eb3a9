// The tokenizer of BERT: basic tokenizer and WordPiece, special tokens, pairs, truncation, decoding.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>
#include <tempa/text/basic_tokenizer.hpp>
#include <tempa/text/bert_tokenizer_config.hpp>
#include <tempa/text/special_tokens.hpp>
#include <tempa/text/tokenizer.hpp>
#include <tempa/text/unicode.hpp>
#include <tempa/text/utf8.hpp>
#include <tempa/text/vocabulary.hpp>
#include <tempa/text/wordpiece.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

struct DecodeOptions {
  bool skip_special_tokens = false;
};

/// Turns texts into the ids that a BERT model reads. A cheap value: copies share one immutable state, and every
/// function is const, so that one tokenizer serves any number of threads.
/// @source transformers `BertTokenizer`: of version 5 (the Rust one) by default, of version 4 (the Python one) with
///   `.flavour = UnicodeFlavour::kLegacy`.
class BertTokenizer {
 public:
  /// @param vocabulary has all special tokens but, perhaps, the mask.
  /// @throws ConfigError where the vocabulary lacks one of them.
  explicit BertTokenizer(Vocabulary vocabulary, BertTokenizerOptions options = {}) {
    if (const std::string missing = missing_token(vocabulary, options); !missing.empty()) {
      throw ConfigError(concat("[BertTokenizer] the vocabulary must have the special token ", missing,
                               " but has not, among ", vocabulary.size(), " tokens"));
    }
    state_ = std::make_shared<const State>(std::move(vocabulary), std::move(options));
  }

  /// Opens a vocabulary file (vocab.txt).
  /// @throws IoError, FormatError: `Vocabulary::load`; FormatError where a special token is missing in it.
  static BertTokenizer from_vocab_file(const std::filesystem::path& path, BertTokenizerOptions options = {}) {
    Vocabulary vocabulary = Vocabulary::load(path);
    if (const std::string missing = missing_token(vocabulary, options); !missing.empty()) {
      throw FormatError(path.string(), 0,
                        concat("the vocabulary must have the special token ", missing, " but has not, among ",
                               vocabulary.size(), " tokens"));
    }
    return BertTokenizer(std::move(vocabulary), std::move(options));
  }

  /// Opens a Hugging Face model folder: vocab.txt and, where it is there, tokenizer_config.json.
  /// @param options what the folder does not say; its tokenizer_config.json comes first.
  /// @throws IoError, FormatError, ConfigError: `read_tokenizer_config`, `from_vocab_file`.
  static BertTokenizer from_pretrained(const std::filesystem::path& folder, BertTokenizerOptions options = {}) {
    if (!std::filesystem::is_directory(folder)) {
      throw IoError(folder.string(), "expected a folder with vocab.txt but there is none of this name");
    }
    const std::filesystem::path config = folder / "tokenizer_config.json";
    if (std::filesystem::exists(config)) options = read_tokenizer_config(config, std::move(options));
    return from_vocab_file(folder / "vocab.txt", std::move(options));
  }

  /// Writes vocab.txt, tokenizer_config.json and special_tokens_map.json, which transformers' AutoTokenizer opens.
  /// @param folder is made where it does not exist. @throws IoError where it or a file cannot be written.
  void save_pretrained(const std::filesystem::path& folder) const {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw IoError(folder.string(), concat("cannot make the folder: ", error.message()));
    vocabulary().save(folder / "vocab.txt");
    write_tokenizer_config(folder, options());
  }

  /// @return the tokens of `text` without [CLS] and [SEP]. @param text UTF-8.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  std::vector<std::string> tokenize(std::string_view text) const {
    std::vector<std::string> tokens;
    for (const std::int32_t id : ids_of(text)) tokens.push_back(vocabulary().token(id));
    return tokens;
  }

  /// Calls `visit(std::string_view word)` for each word that WordPiece would cut; special tokens in `text` are left
  /// out.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  template <typename Visit>
  void for_each_word(std::string_view text, Visit&& visit) const {
    walk(text, visit, [](std::int32_t, std::string_view) {});
  }

  /// Encodes one text: [CLS] text [SEP].
  /// @param text UTF-8. @return ids and token types (all 0).
  /// @throws ValueError where `text` is not valid UTF-8 or `max_length` leaves no room for the special tokens.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const {
    std::vector<std::int32_t> ids = ids_of(text, options.piece_drop_prob);
    const std::size_t kept = truncated(ids.size(), std::nullopt, options).first;
    ids.resize(kept);
    if (options.add_special_tokens) {
      ids.insert(ids.begin(), cls_token_id());
      ids.push_back(sep_token_id());
    }
    Encoding encoding{std::move(ids), {}};
    encoding.token_type_ids.resize(encoding.ids.size(), 0);
    cut_like_indonlu(encoding, options);
    return encoding;
  }

  /// Encodes a pair of texts: [CLS] text [SEP] pair [SEP]. An empty `pair` is a pair too.
  /// @param text UTF-8. @param pair UTF-8. @return ids and token types (1 for `pair` and its [SEP]).
  /// @throws ValueError where a text is not valid UTF-8, `max_length` leaves no room for the special tokens, or
  ///   `truncation` may not cut enough.
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const {
    std::vector<std::int32_t> ids = ids_of(text, options.piece_drop_prob);
    std::vector<std::int32_t> pair_ids = ids_of(pair, options.piece_drop_prob);
    const auto [kept, pair_kept] = truncated(ids.size(), pair_ids.size(), options);
    ids.resize(kept);
    pair_ids.resize(pair_kept);
    if (options.add_special_tokens) {
      ids.insert(ids.begin(), cls_token_id());
      ids.push_back(sep_token_id());
      pair_ids.push_back(sep_token_id());
    }
    Encoding encoding;
    encoding.token_type_ids.resize(ids.size(), 0);
    encoding.token_type_ids.resize(ids.size() + pair_ids.size(), 1);
    ids.insert(ids.end(), pair_ids.begin(), pair_ids.end());
    encoding.ids = std::move(ids);
    cut_like_indonlu(encoding, options);
    return encoding;
  }

  /// Joins tokens to a text, without the spaces before . ? ! and , (and, legacy, around ' and before 's, 've and so
  /// on).
  /// @param ids each in [0, vocab_size()). @return UTF-8, not the original text: case, accents and spaces are lost.
  /// @throws ValueError where an id is out of range.
  /// @source transformers `decode(ids, skip_special_tokens)`: version 5 cleans each token, version 4 the whole text.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const {
    const bool fast = this->options().flavour == UnicodeFlavour::kFast;
    std::string text;
    bool first = true;
    for (const std::int32_t id : ids) {
      std::string token = vocabulary().token(id);
      if (options.skip_special_tokens && is_special(id)) continue;
      if (!first) token = token.starts_with("##") ? token.substr(2) : " " + token;
      text += fast ? clean_up_spaces(std::move(token)) : token;
      first = false;
    }
    return fast ? text : clean_up_spaces(std::move(text));
  }

  /// @return how many ids there are: the rows that an embedding needs at least.
  std::int64_t vocab_size() const { return vocabulary().size(); }
  /// @return the id of [PAD].
  std::int32_t pad_token_id() const { return state_->pad_id; }
  /// @return the id of [UNK].
  std::int32_t unk_token_id() const { return state_->unk_id; }
  /// @return the id of [CLS].
  std::int32_t cls_token_id() const { return state_->cls_id; }
  /// @return the id of [SEP].
  std::int32_t sep_token_id() const { return state_->sep_id; }
  /// @return the id of [MASK], where the vocabulary has it.
  std::optional<std::int32_t> mask_token_id() const { return state_->mask_id; }
  /// @return whether `id` is one of the special tokens.
  bool is_special(std::int32_t id) const {
    return id == pad_token_id() || id == unk_token_id() || id == cls_token_id() || id == sep_token_id() ||
           mask_token_id() == id;
  }
  /// @return the vocabulary.
  const Vocabulary& vocabulary() const { return state_->wordpiece.vocabulary(); }
  /// @return the options it was made with, or read from the folder.
  const BertTokenizerOptions& options() const { return state_->options; }

 private:
  struct State {
    State(Vocabulary vocabulary, BertTokenizerOptions given)
        : options(std::move(given)),
          pad_id(*vocabulary.find(options.special_tokens.pad_token)),
          unk_id(*vocabulary.find(options.special_tokens.unk_token)),
          cls_id(*vocabulary.find(options.special_tokens.cls_token)),
          sep_id(*vocabulary.find(options.special_tokens.sep_token)),
          mask_id(vocabulary.find(options.special_tokens.mask_token)),
          basic(basic_options(options)),
          splitter(special_ids(vocabulary, options)),
          wordpiece(std::move(vocabulary), unk_id) {}

    BertTokenizerOptions options;
    std::int32_t pad_id, unk_id, cls_id, sep_id;
    std::optional<std::int32_t> mask_id;
    BasicTokenizer basic;
    TokenSplitter splitter;
    WordPiece wordpiece;
  };

  static BasicTokenizerOptions basic_options(const BertTokenizerOptions& options) {
    std::vector<std::string> never_split = options.never_split;
    if (options.flavour == UnicodeFlavour::kLegacy) {
      for (const std::string_view token : options.special_tokens.all()) never_split.emplace_back(token);
    }
    return {.lower_case = options.lower_case,
            .strip_accents = options.strip_accents,
            .tokenize_chinese_chars = options.tokenize_chinese_chars,
            .flavour = options.flavour,
            .never_split = std::move(never_split)};
  }

  static std::vector<std::pair<std::string, std::int32_t>> special_ids(const Vocabulary& vocabulary,
                                                                       const BertTokenizerOptions& options) {
    std::vector<std::pair<std::string, std::int32_t>> ids;
    for (const std::string_view token : options.special_tokens.all()) {
      if (const auto id = vocabulary.find(token)) ids.emplace_back(token, *id);
    }
    return ids;
  }

  /// @return the first special token that the vocabulary lacks, or an empty string.
  static std::string missing_token(const Vocabulary& vocabulary, const BertTokenizerOptions& options) {
    const SpecialTokens& special = options.special_tokens;
    for (const std::string& token : {special.unk_token, special.cls_token, special.sep_token, special.pad_token}) {
      if (!vocabulary.find(token)) return token;
    }
    return {};
  }

  /// Cuts `text` into words and special tokens.
  template <typename OnWord, typename OnToken>
  void walk(std::string_view text, OnWord&& on_word, OnToken&& on_token) const {
    require_valid_utf8("BertTokenizer", text);
    std::string lowered;
    if (options().flavour == UnicodeFlavour::kLegacy && options().lower_case) {
      // transformers 4 lower-cases each code point between special tokens by itself before it looks for special tokens
      // again: no sigma is ever final here.
      std::u32string code_points;
      state_->splitter.split(
          text,
          [&](std::string_view plain) {
            code_points.clear();
            for (const char32_t c : to_utf32(plain)) append_lower(code_points, c);
            lowered += to_utf8(code_points);
          },
          [&](std::int32_t, std::string_view token) { lowered += token; });
      text = lowered;
    }
    state_->splitter.split(
        text, [&](std::string_view plain) { state_->basic.for_each_word(plain, on_word); }, on_token);
  }

  std::vector<std::int32_t> ids_of(std::string_view text, double piece_drop_prob = 0.0) const {
    if (!(piece_drop_prob >= 0.0 && piece_drop_prob < 1.0))
      throw ValueError(concat("[encode] piece_drop_prob must be in [0,1) but is ", piece_drop_prob));
    std::vector<std::int32_t> ids;
    ids.reserve(text.size() / 4 + 4);
    const std::vector<std::string>& whole = options().never_split;
    walk(
        text,
        [&](std::string_view word) {
          if (!whole.empty() && std::find(whole.begin(), whole.end(), word) != whole.end()) {
            ids.push_back(vocabulary().find(word).value_or(unk_token_id()));
          } else if (piece_drop_prob > 0.0) {
            Generator& generator = default_generator();
            const std::uint32_t threshold = drop_threshold(piece_drop_prob);
            state_->wordpiece.append_ids(word, ids, [&] { return generator.bits() < threshold; });
          } else {
            state_->wordpiece.append_ids(word, ids);
          }
        },
        [&](std::int32_t id, std::string_view) { ids.push_back(id); });
    return ids;
  }

  std::pair<std::size_t, std::size_t> truncated(std::size_t first, std::optional<std::size_t> second,
                                                const EncodeOptions& encode) const {
    if (!encode.max_length) return {first, second.value_or(0)};
    const std::int64_t special = !encode.add_special_tokens ? 0 : second ? 3 : 2;
    const bool keeps_special = encode.truncation != Truncation::kIndonlu && encode.truncation != Truncation::kNone;
    if (*encode.max_length < (keeps_special ? special : 0)) {
      throw ValueError(concat("[encode] max_length must be at least ", keeps_special ? special : 0,
                              " (the special tokens) but is ", *encode.max_length));
    }
    const auto budget = static_cast<std::size_t>(std::max<std::int64_t>(*encode.max_length - special, 0));
    return truncated_sizes(first, second, budget, encode.truncation, options().flavour);
  }

  static void cut_like_indonlu(Encoding& encoding, const EncodeOptions& options) {
    if (options.truncation != Truncation::kIndonlu || !options.max_length) return;
    const std::size_t kept = std::min(encoding.ids.size(), static_cast<std::size_t>(*options.max_length));
    encoding.ids.resize(kept);
    encoding.token_type_ids.resize(kept);
  }

  /// @source transformers 4 `clean_up_tokenization`; tokenizers `decoders.WordPiece(cleanup=True)`.
  static std::string clean_up_spaces(std::string text) {
    constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
        {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
        {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (const auto& [from, to] : kReplacements) {
      std::string cleaned;
      std::size_t begin = 0;
      for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, begin)) {
        cleaned.append(text, begin, at - begin).append(to);
        begin = at + from.size();
      }
      if (begin > 0) text = cleaned.append(text, begin);
    }
    return text;
  }

  std::shared_ptr<const State> state_;
};

static_assert(Tokenizer<BertTokenizer>);

}  // namespace tempa::inline TEMPA_ABI
