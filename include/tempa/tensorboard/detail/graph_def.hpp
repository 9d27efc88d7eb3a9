// A network's graph in the format of TensorBoard's graph page.
#pragma once

#include <tempa/core/config.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// An operation, a parameter or an input.
struct GraphNode {
  std::string name;  ///< "scope/scope/name"
  std::string op;    ///< kind
  std::vector<std::string> inputs{};
  std::optional<std::vector<std::int64_t>> shape{};  ///< of the result

  friend bool operator==(const GraphNode&, const GraphNode&) = default;
};

/// Nodes as a GraphDef; a shape is the attribute `_output_shapes`, which the page shows on the edges.
/// @source tensorflow graph.proto, node_def.proto, attr_value.proto; torch.utils.tensorboard._proto_graph
std::string encode_graph_def(const std::vector<GraphNode>& nodes);

/// The nodes of a GraphDef. @param path the file that errors name. @throws FormatError for a broken message.
std::vector<GraphNode> decode_graph_def(std::string_view bytes, const std::string& path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/detail/impl/graph_def.ipp>
#endif
