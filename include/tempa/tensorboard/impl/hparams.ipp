// The bodies of <tempa/tensorboard/hparams.hpp>.
#pragma once

#include <tempa/tensorboard/hparams.hpp>

#include <tuple>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline void encode_hparam(ProtobufWriter& value, ProtobufWriter& info, const HParam& hparam) {
  enum : std::uint64_t { kString = 1, kBool = 2, kFloat64 = 3 };  // tensorboard.hparams.DataType
  if (const auto* flag = std::get_if<bool>(&hparam.value())) {
    value.varint(4, *flag ? 1 : 0);
    info.varint(4, kBool);
  } else if (const auto* number = std::get_if<double>(&hparam.value())) {
    value.real(2, *number);
    info.varint(4, kFloat64);
  } else {
    value.bytes(3, std::get<std::string>(hparam.value()));
    info.varint(4, kString);
  }
}

inline SummaryValue hparams_value(std::string tag, std::uint32_t field, const ProtobufWriter& message) {
  ProtobufWriter plugin_data;
  plugin_data.message(field, message);
  return {.tag = std::move(tag), .plugin_name = "hparams", .plugin_content = std::move(plugin_data).str()};
}

}  // namespace detail

TEMPA_INLINE std::vector<SummaryValue> make_hparams(const HParams& hparams, const Metrics& metrics) {
  ProtobufWriter experiment, session, end;
  for (const auto& [name, hparam] : hparams) {
    ProtobufWriter info, value, entry;
    info.bytes(1, name);
    detail::encode_hparam(value, info, hparam);
    experiment.message(4, info);
    entry.bytes(1, name);
    entry.message(2, value);
    session.message(1, entry);
  }
  for (const Metric& metric : metrics) {
    ProtobufWriter name, info;
    name.bytes(2, metric.name);
    info.message(1, name);
    experiment.message(5, info);
  }
  end.varint(1, 1);  // STATUS_SUCCESS
  return {detail::hparams_value("_hparams_/experiment", 2, experiment),
          detail::hparams_value("_hparams_/session_start_info", 3, session),
          detail::hparams_value("_hparams_/session_end_info", 4, end)};
}

}  // namespace tempa::inline TEMPA_ABI
