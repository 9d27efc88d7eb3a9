// Splits Japanese text into words by MeCab. This header includes MeCab's: include it only where texts are split.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(TEMPA_WITH_MECAB)
#include <mecab.h>
#endif

namespace tempa::inline TEMPA_ABI {

#if defined(TEMPA_WITH_MECAB)

/// Splits Japanese text into words. Cheap to copy: copies share one MeCab model, and every function is const, so one
/// object serves any number of threads (each call borrows its own lattice).
/// @source fugashi `GenericTagger`; transformers `MecabTokenizer`; Kudo, Yamamoto and Matsumoto 2004 (MeCab).
class Mecab {
 public:
  /// @throws ConfigError, IoError, FormatError: `find_mecab_dictionary`; ConfigError where MeCab refuses the dictionary
  ///   or the arguments, with MeCab's message.
  explicit Mecab(const MecabOptions& options = {.dictionary_name = "ipadic"})
      : state_(std::make_shared<State>(find_mecab_dictionary(options), options.arguments)) {}

  /// Calls `visit(std::string_view word)` for each word in order. No word contains white space.
  /// @param text UTF-8 without NUL (MeCab would stop there).
  template <typename Visit>
  void for_each_word(std::string_view text, Visit&& visit) const {
    if (text.empty()) return;
    const Lease lease(*state_);
    MeCab::Lattice& lattice = *lease.lattice;
    lattice.set_sentence(text.data(), text.size());
    if (!state_->tagger->parse(&lattice)) {
      throw Error(concat("[Mecab] cannot analyse the text: ", lattice.what()));
    }
    for (const MeCab::Node* node = lattice.bos_node()->next; node != nullptr && node->next != nullptr;
         node = node->next) {
      visit(std::string_view(node->surface, node->length));
    }
  }

  /// @return the words of `text`. @param text UTF-8 without NUL.
  std::vector<std::string> tokenize(std::string_view text) const {
    std::vector<std::string> words;
    for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
    return words;
  }

  /// @return the dictionary in use.
  const MecabDictionary& dictionary() const { return state_->dictionary; }

 private:
  struct State {
    State(MecabDictionary found, const std::string& more) : dictionary(std::move(found)) {
      // Both are always given: MeCab's own settings would choose another dictionary.
      const std::filesystem::path own_settings = dictionary.folder / "mecabrc";
      std::vector<std::string> arguments{"mecab", "-d", dictionary.folder.string(), "-r",
                                         std::filesystem::exists(own_settings) ? own_settings.string() : "/dev/null"};
      std::vector<std::string> others = detail::split_arguments(more);
      detail::take_dictionary_argument(others);
      for (std::string& argument : others) arguments.push_back(std::move(argument));
      std::vector<char*> pointers;
      for (std::string& argument : arguments) pointers.push_back(argument.data());
      model.reset(MeCab::createModel(static_cast<int>(pointers.size()), pointers.data()));
      if (model != nullptr) tagger.reset(model->createTagger());
      if (tagger == nullptr) {
        const char* const reason = MeCab::getLastError();
        throw ConfigError(concat("[MeCab] cannot open the dictionary ", dictionary.folder.string(),
                                 more.empty() ? "" : " with the arguments ", more, ": ",
                                 reason == nullptr || *reason == '\0' ? "MeCab does not say why" : reason));
      }
    }

    MecabDictionary dictionary;
    std::unique_ptr<MeCab::Model> model;
    std::unique_ptr<MeCab::Tagger> tagger;  // const functions need no lock when the caller passes the lattice
    std::mutex mutex;
    std::vector<std::unique_ptr<MeCab::Lattice>> idle;  // lattices keep their memory for the next text
  };

  /// A lattice borrowed from the pool, to which it returns.
  struct Lease {
    explicit Lease(State& owner) : state(owner) {
      {
        const std::lock_guard lock(state.mutex);
        if (!state.idle.empty()) {
          lattice = std::move(state.idle.back());
          state.idle.pop_back();
        }
      }
      if (lattice == nullptr) lattice.reset(state.model->createLattice());
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      lattice->clear();
      const std::lock_guard lock(state.mutex);
      state.idle.push_back(std::move(lattice));
    }
    State& state;
    std::unique_ptr<MeCab::Lattice> lattice;
  };

  std::shared_ptr<State> state_;
};

#else

/// The replacement in builds without MeCab.
class Mecab {
 public:
  /// @throws ConfigError always.
  explicit Mecab(const MecabOptions& = {}) {
    throw ConfigError(
        "[Mecab] Japanese words need the MeCab library but this build has none (TEMPA_WITH_MECAB is not defined; "
        "Debian: libmecab-dev)");
  }
  template <typename Visit>
  void for_each_word(std::string_view, Visit&&) const {}
  std::vector<std::string> tokenize(std::string_view) const { return {}; }
  const MecabDictionary& dictionary() const { return dictionary_; }

 private:
  MecabDictionary dictionary_;
};

#endif

}  // namespace tempa::inline TEMPA_ABI
