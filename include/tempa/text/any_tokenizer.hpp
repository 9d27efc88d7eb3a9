// One type that holds a tokenizer of any kind.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/tokenizer.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// Holds any tokenizer, also a user's own, and is one itself. Cheap to copy: copies share the tokenizer, which must
/// be safe to use from several threads if the copies are used so.
class AnyTokenizer {
 public:
  /// @param tokenizer is moved in. What it lacks besides the concept (`decode`, `save_pretrained`) is an error
  ///   only when it is called.
  template <Tokenizer T>
  requires(!std::same_as<std::remove_cvref_t<T>, AnyTokenizer>) explicit(false) AnyTokenizer(T tokenizer)
      : held_(std::make_shared<const Holder<T>>(std::move(tokenizer))) {}

  /// `encode` of the tokenizer inside. @throws what it throws.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const;

  /// `decode` of the tokenizer inside. @throws what it throws; ConfigError where it has none.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const;

  /// `save_pretrained` of the tokenizer inside: the model files as they were read, and the JSON files.
  /// @throws what it throws; ConfigError where it has none.
  void save_pretrained(const std::filesystem::path& folder) const { held_->save_pretrained(folder); }

  std::int64_t vocab_size() const { return held_->vocab_size(); }
  std::int32_t pad_token_id() const { return held_->pad_token_id(); }
  std::int32_t unk_token_id() const { return held_->unk_token_id(); }
  std::int32_t cls_token_id() const { return held_->cls_token_id(); }
  std::int32_t sep_token_id() const { return held_->sep_token_id(); }
  /// @return the id of the mask, where the tokenizer inside has one.
  std::optional<std::int32_t> mask_token_id() const { return held_->mask_token_id(); }
  /// @return the tokens that the model is meant to read, where the tokenizer inside knows (by `model_max_length` of its
  ///   `options()`); `encode` truncates only if told to.
  std::optional<std::int64_t> model_max_length() const { return held_->model_max_length(); }

  /// @return the tokenizer inside where it is a T, or null: `if (const auto* bert = any.get_if<BertTokenizer>())`.
  template <Tokenizer T>
  const T* get_if() const {
    const auto* holder = dynamic_cast<const Holder<T>*>(held_.get());
    return holder == nullptr ? nullptr : &holder->tokenizer;
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual Encoding encode(std::string_view text, const EncodeOptions& options) const = 0;
    virtual Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const = 0;
    virtual std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options) const = 0;
    virtual void save_pretrained(const std::filesystem::path& folder) const = 0;
    virtual std::int64_t vocab_size() const = 0;
    virtual std::int32_t pad_token_id() const = 0;
    virtual std::int32_t unk_token_id() const = 0;
    virtual std::int32_t cls_token_id() const = 0;
    virtual std::int32_t sep_token_id() const = 0;
    virtual std::optional<std::int32_t> mask_token_id() const = 0;
    virtual std::optional<std::int64_t> model_max_length() const = 0;
  };

  template <typename T>
  struct Holder final : Base {
    explicit Holder(T given) : tokenizer(std::move(given)) {}
    Encoding encode(std::string_view text, const EncodeOptions& options) const override {
      return tokenizer.encode(text, options);
    }
    Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const override {
      return tokenizer.encode(text, pair, options);
    }
    std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options) const override {
      if constexpr (requires { tokenizer.decode(ids, options); }) {
        return tokenizer.decode(ids, options);
      } else {
        throw ConfigError("[AnyTokenizer] decode was asked for but the tokenizer inside has none");
      }
    }
    void save_pretrained(const std::filesystem::path& folder) const override {
      if constexpr (requires { tokenizer.save_pretrained(folder); }) {
        tokenizer.save_pretrained(folder);
      } else {
        throw ConfigError(concat("[AnyTokenizer] save_pretrained to ", folder.string(),
                                 " was asked for but the tokenizer inside has none"));
      }
    }
    std::int64_t vocab_size() const override { return tokenizer.vocab_size(); }
    std::int32_t pad_token_id() const override { return tokenizer.pad_token_id(); }
    std::int32_t unk_token_id() const override { return tokenizer.unk_token_id(); }
    std::int32_t cls_token_id() const override { return tokenizer.cls_token_id(); }
    std::int32_t sep_token_id() const override { return tokenizer.sep_token_id(); }
    std::optional<std::int32_t> mask_token_id() const override {
      if constexpr (requires { std::optional<std::int32_t>(tokenizer.mask_token_id()); }) {
        return tokenizer.mask_token_id();
      } else {
        return std::nullopt;
      }
    }
    std::optional<std::int64_t> model_max_length() const override {
      if constexpr (requires { std::optional<std::int64_t>(tokenizer.options().model_max_length); }) {
        return tokenizer.options().model_max_length;
      } else {
        return std::nullopt;
      }
    }
    T tokenizer;
  };

  std::shared_ptr<const Base> held_;
};

static_assert(Tokenizer<AnyTokenizer>);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/impl/any_tokenizer.ipp>
#endif
