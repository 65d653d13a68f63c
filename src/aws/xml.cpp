#include "aws/xml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace carillon::aws {
namespace {

constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;
constexpr int kMaxDepth = 64;
constexpr int kMaxElements = 100'000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool append_utf8(std::string& text, std::uint32_t c) {
  if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xc0 | c >> 6);
    text += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xe0 | c >> 12);
    text += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | c >> 18);
    text += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    text += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (c & 0x3f));
  }
  return true;
}

bool append_entity(std::string& text, std::string_view name) {
  constexpr std::pair<std::string_view, char> named[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, character] : named)
    if (name == known) return text += character, true;
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const int base = name.starts_with('x') ? 16 : 10;
  if (base == 16) name.remove_prefix(1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, base);
  return error == std::errc() && end == name.data() + name.size() && append_utf8(text, number);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<XmlElement> document() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    if (!skip_between()) return std::nullopt;
    XmlElement root;
    if (!element(root, 0) || !skip_between() || !rest_.empty()) return std::nullopt;
    return root;
  }

 private:
  bool take(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  // Up to and with the end; nothing is taken if it is not there.
  std::optional<std::string_view> take_until(std::string_view end) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const auto taken = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return taken;
  }
  // Space, comments and instructions around the root.
  bool skip_between() {
    for (;;) {
      while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
      if (take("<?")) {
        if (!take_until("?>")) return false;
      } else if (take("<!--")) {
        if (!take_until("-->")) return false;
      } else {
        return true;  // a document type is no element, so it is refused there
      }
    }
  }
  // What stands in a tag, up to ">", which may also stand inside quotes.
  std::optional<std::string_view> tag() {
    char quote = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quote) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '<') {
        return std::nullopt;
      } else if (c == '>') {
        const auto taken = rest_.substr(0, i);
        rest_.remove_prefix(i + 1);
        return taken;
      }
    }
    return std::nullopt;
  }
  bool element(XmlElement& into, int depth) {
    if (depth == kMaxDepth || ++elements_ > kMaxElements || !take("<")) return false;
    auto inside = tag();
    if (!inside || inside->empty() || inside->front() == '!' || inside->front() == '/' || inside->front() == '?')
      return false;
    const bool is_empty = inside->ends_with('/');
    if (is_empty) inside->remove_suffix(1);
    const auto full_name = inside->substr(0, std::min(inside->find_first_of(" \t\r\n"), inside->size()));
    into.name = full_name.substr(full_name.find(':') + 1);
    if (into.name.empty()) return false;
    return is_empty || content(into, full_name, depth);
  }
  bool content(XmlElement& into, std::string_view full_name, int depth) {
    for (;;) {
      const auto open = rest_.find('<');
      if (open == std::string_view::npos || !add_text(into.text, rest_.substr(0, open))) return false;
      rest_.remove_prefix(open);
      if (take("</")) {
        const auto closing = take_until(">");
        return closing && trim(*closing) == full_name;
      }
      if (take("<!--")) {
        if (!take_until("-->")) return false;
      } else if (take("<![CDATA[")) {
        const auto raw = take_until("]]>");
        if (!raw) return false;
        into.text += *raw;
      } else if (take("<?")) {
        if (!take_until("?>")) return false;
      } else {
        into.children.emplace_back();
        if (!element(into.children.back(), depth + 1)) return false;
      }
    }
  }
  static bool add_text(std::string& to, std::string_view raw) {
    for (;;) {
      const auto entity = raw.find('&');
      to += raw.substr(0, entity);
      if (entity == std::string_view::npos) return true;
      raw.remove_prefix(entity + 1);
      const auto end = raw.substr(0, 12).find(';');
      if (end == std::string_view::npos || !append_entity(to, raw.substr(0, end))) return false;
      raw.remove_prefix(end + 1);
    }
  }

  std::string_view rest_;
  int elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

const XmlElement* XmlElement::find(std::string_view path) const {
  const XmlElement* at = this;
  for (const auto& step : split(path, '/')) {
    at = at->child(step);
    if (!at) return nullptr;
  }
  return at;
}

std::string XmlElement::value(std::string_view path) const {
  const auto* found = find(path);
  return found ? found->text : std::string();
}

std::vector<const XmlElement*> XmlElement::all(std::string_view child_name) const {
  std::vector<const XmlElement*> found;
  for (const auto& each : children)
    if (each.name == child_name) found.push_back(&each);
  return found;
}

Result<XmlElement> parse_xml(std::string_view text) {
  if (text.size() <= kMaxBytes)
    if (auto root = Parser(text).document()) return *std::move(root);
  return fail(ErrorCode::Io, "an answer of AWS is not the XML that it should be");
}

}  // namespace carillon::aws
