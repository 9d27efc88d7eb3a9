// The bodies of <tempa/tensorboard/detail/graph_def.hpp>.
#pragma once

#include <tempa/io/detail/protobuf.hpp>
#include <tempa/tensorboard/detail/graph_def.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::string encode_graph_def(const std::vector<GraphNode>& nodes) {
  ProtobufWriter graph;
  for (const GraphNode& node : nodes) {
    ProtobufWriter message;
    message.bytes(1, node.name);
    message.bytes(2, node.op);
    for (const std::string& input : node.inputs) message.bytes(3, input);
    if (node.shape) {
      ProtobufWriter shape, list, value, entry;
      for (const std::int64_t size : *node.shape) {
        ProtobufWriter dim;
        dim.integer(1, size);
        shape.message(2, dim);
      }
      list.message(7, shape);
      value.message(1, list);
      entry.bytes(1, "_output_shapes");
      entry.message(2, value);
      message.message(5, entry);
    }
    graph.message(1, message);
  }
  ProtobufWriter versions;
  versions.varint(1, 22);
  graph.message(4, versions);
  return std::move(graph).str();
}

namespace detail {

/// The first shape of an attribute's list of shapes.
inline std::vector<std::int64_t> decode_output_shapes(std::string_view bytes, const std::string& path) {
  std::vector<std::int64_t> result;
  ProtobufReader value(bytes, path, "AttrValue");
  while (const auto list_field = value.next()) {
    if (list_field->number != 1) continue;
    ProtobufReader list(value.expect(*list_field, WireType::kBytes).bytes, path, "AttrValue.ListValue");
    while (const auto shape_field = list.next()) {
      if (shape_field->number != 7) continue;
      ProtobufReader shape(list.expect(*shape_field, WireType::kBytes).bytes, path, "TensorShapeProto");
      while (const auto dim_field = shape.next()) {
        if (dim_field->number != 2) continue;
        ProtobufReader dim(shape.expect(*dim_field, WireType::kBytes).bytes, path, "TensorShapeProto.Dim");
        std::int64_t size = 0;
        while (const auto part = dim.next())
          if (part->number == 1) size = dim.expect(*part, WireType::kVarint).integer();
        result.push_back(size);
      }
      return result;
    }
  }
  return result;
}

inline GraphNode decode_graph_node(std::string_view bytes, const std::string& path) {
  GraphNode node;
  ProtobufReader reader(bytes, path, "NodeDef");
  while (const auto field = reader.next()) {
    if (field->number == 1) node.name = reader.expect(*field, WireType::kBytes).bytes;
    if (field->number == 2) node.op = reader.expect(*field, WireType::kBytes).bytes;
    if (field->number == 3) node.inputs.emplace_back(reader.expect(*field, WireType::kBytes).bytes);
    if (field->number == 5) {
      ProtobufReader entry(reader.expect(*field, WireType::kBytes).bytes, path, "NodeDef.AttrEntry");
      std::string_view key, value;
      while (const auto part = entry.next()) {
        if (part->number == 1) key = entry.expect(*part, WireType::kBytes).bytes;
        if (part->number == 2) value = entry.expect(*part, WireType::kBytes).bytes;
      }
      if (key == "_output_shapes") node.shape = decode_output_shapes(value, path);
    }
  }
  if (node.name.empty()) reader.fail("a node must have a name");
  return node;
}

}  // namespace detail

TEMPA_INLINE std::vector<GraphNode> decode_graph_def(std::string_view bytes, const std::string& path) {
  std::vector<GraphNode> nodes;
  ProtobufReader reader(bytes, path, "GraphDef");
  while (const auto field = reader.next())
    if (field->number == 1)
      nodes.push_back(detail::decode_graph_node(reader.expect(*field, WireType::kBytes).bytes, path));
  return nodes;
}

}  // namespace tempa::inline TEMPA_ABI
