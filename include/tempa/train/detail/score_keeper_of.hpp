// Chooses the score keeper of a model.
#pragma once

#include <tempa/train/label_columns_score_keeper.hpp>
#include <tempa/train/score_keeper.hpp>
#include <tempa/train/token_score_keeper.hpp>

#include <optional>

namespace tempa::inline TEMPA_ABI {

/// The object that collects the scores of `model`: what its member `score_keeper()` returns where it has one; a
/// `TokenScoreKeeper` for a model of tokens (`kClassifiesTokens`), a `LabelColumnsScoreKeeper` for one with
/// `label_columns`, else a `ScoreKeeper`. A user's own keeper has the public functions of `TokenScoreKeeper`;
/// `confusion` may be missing.
template <typename Model>
auto score_keeper_of(const Model& model, std::optional<ProblemType> problem = std::nullopt) {
  if constexpr (requires { model.score_keeper(); }) {
    return model.score_keeper();
  } else if constexpr (requires { requires Model::kClassifiesTokens; }) {
    return TokenScoreKeeper(model.config().id2label);
  } else if constexpr (requires { model.label_columns; }) {
    return LabelColumnsScoreKeeper(model.label_columns);
  } else {
    return ScoreKeeper(problem);
  }
}

}  // namespace tempa::inline TEMPA_ABI
