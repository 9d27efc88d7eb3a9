// Reports which tensors of a checkpoint were loaded, missing or unused, as a structure and as a table.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Names that differ in their numbers only, as one: "layer.{0, 1, 2}.bias", "layer.{0...11}.bias" for more than ten.
/// A name without numbers stays; the order is that of the first of each kind.
std::vector<std::string> merge_numbered_names(const std::vector<std::string>& names);

}  // namespace detail

/// Which tensors were copied when a checkpoint was loaded into a model, and which were not.
struct LoadReport {
  /// A tensor whose shape or type in the file is not the model's.
  struct Mismatch {
    std::string name;
    Shape expected_shape;  ///< of the model
    DType expected_dtype;
    Shape found_shape;  ///< of the checkpoint
    DType found_dtype;
  };

  std::vector<std::string> loaded;  ///< names that were copied
  /// Of `loaded`: with rows of labels that the checkpoint does not know, which are new.
  std::vector<std::string> extended{};
  std::vector<std::string> missing;     ///< in the model only: newly initialized, or as they were
  std::vector<std::string> unexpected;  ///< in the checkpoint only: not used
  std::vector<Mismatch> mismatched;     ///< in both, but of another shape or kind of type: as `missing`
  std::vector<std::string> ignored;     ///< in the checkpoint only, and known not to be weights (position_ids)

  /// Whether every tensor on both sides was copied.
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty() && extended.empty(); }

  /// One line when all is well, else a table of the problems: layers with the same one share a row.
  /// @source the load report of transformers 5
  std::string to_string(std::string_view checkpoint, std::string_view model) const;

  /// For loading that must leave nothing out, as PyTorch's `strict=True`.
  /// @throws ShapeError when a tensor has another shape; ValueError for the rest; the text is the report.
  void require_complete(std::string_view checkpoint, std::string_view model) const;

 private:
  using Row = std::array<std::string, 3>;

  /// The rows under each other, with a line under the first one. An empty last column is left out.
  static std::string table(const std::vector<Row>& rows);
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/impl/load_report.ipp>
#endif
