// Checks that a text is well-formed XML without a DTD.
#pragma once

#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What is wrong with an XML text and where; empty when nothing is. @param texts receives the content of all "text"
/// elements, as written in the file.
inline std::string xml_fault(std::string_view xml, std::vector<std::string>* texts = nullptr) {
  std::size_t at = 0;
  const auto fault = [&](std::string_view what) { return std::string(what) + " at byte " + std::to_string(at); };
  const auto skip_space = [&] {
    while (at < xml.size() && std::isspace(static_cast<unsigned char>(xml[at])) != 0) ++at;
  };
  const auto name = [&] {
    const std::size_t begin = at;
    while (at < xml.size() &&
           (std::isalnum(static_cast<unsigned char>(xml[at])) != 0 || xml[at] == '-' || xml[at] == ':'))
      ++at;
    return std::string(xml.substr(begin, at - begin));
  };
  // Character data up to `end`: no markup, only the five entities, no control characters.
  const auto data_fault = [&](std::string_view end) -> std::string {
    for (; at < xml.size() && end.find(xml[at]) == std::string_view::npos; ++at) {
      const char c = xml[at];
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r')
        return fault("control character");
      if (c == '<') return fault("<");
      if (c != '&') continue;
      const std::string_view entity = xml.substr(at, xml.find(';', at) - at);
      if (entity != "&amp" && entity != "&lt" && entity != "&gt" && entity != "&quot" && entity != "&apos")
        return fault("entity");
    }
    return at < xml.size() ? "" : fault("end of file");
  };
  if (xml.starts_with("<?xml ")) at = xml.find("?>") + 2;
  std::vector<std::string> open;
  bool rooted = false;
  while (true) {
    skip_space();
    if (at >= xml.size()) break;
    if (xml[at] != '<') {
      if (open.empty()) return fault("text outside of the root");
      const std::size_t begin = at;
      if (auto wrong = data_fault("<"); !wrong.empty()) return wrong;
      if (texts != nullptr && open.back() == "text") texts->emplace_back(xml.substr(begin, at - begin));
      continue;
    }
    ++at;
    if (xml.substr(at, 1) == "/") {
      ++at;
      if (open.empty() || name() != open.back() || xml.substr(at, 1) != ">") return fault("closing tag");
      open.pop_back();
      ++at;
      continue;
    }
    const std::string element = name();
    if (element.empty() || (open.empty() && rooted)) return fault("tag");
    rooted = true;
    std::set<std::string> attributes;
    for (skip_space(); at < xml.size() && xml[at] != '>' && xml[at] != '/'; skip_space()) {
      if (const std::string attribute = name(); attribute.empty() || !attributes.insert(attribute).second)
        return fault("attribute");
      if (xml.substr(at, 2) != "=\"") return fault("value");
      at += 2;
      if (auto wrong = data_fault("\""); !wrong.empty()) return wrong;
      ++at;
    }
    const bool empty = xml.substr(at, 2) == "/>";
    if (!empty && xml.substr(at, 1) != ">") return fault("end of a tag");
    at += empty ? 2 : 1;
    if (!empty) open.push_back(element);
  }
  return open.empty() && rooted ? "" : fault("an element is not closed");
}
