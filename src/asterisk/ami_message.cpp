#include "asterisk/ami_message.h"

#include <algorithm>

#include "base/text.h"

namespace carillon::asterisk {
namespace {

bool is_same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view AmiMessage::get(std::string_view key) const {
  for (const auto& [name, value] : headers_) {
    if (is_same_key(name, key)) return value;
  }
  return {};
}

bool AmiMessage::has(std::string_view key) const {
  return std::ranges::any_of(headers_, [&](const auto& header) { return is_same_key(header.first, key); });
}

void AmiMessage::add(std::string_view key, std::string_view value) { headers_.emplace_back(key, value); }

bool AmiParser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (is_line_too_long_ || line_.size() + piece.size() > kMaxLineBytes) {
      is_line_too_long_ = true;
      line_.clear();
    } else {
      line_.append(piece);
    }
    if (end == std::string_view::npos) break;
    end_line();
    bytes.remove_prefix(end + 1);
  }
  return ready_.size() <= kMaxWaitingMessages;
}

void AmiParser::end_line() {
  if (is_line_too_long_) {
    is_line_too_long_ = false;
    ++dropped_lines_;
    return;
  }
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (line_.empty()) {
    if (!message_.empty()) ready_.push_back(std::move(message_));
    message_ = AmiMessage();
    return;
  }
  const auto colon = line_.find(':');
  // The banner and other text without a key are no headers.
  if (colon == std::string::npos || colon == 0 || message_.size() >= kMaxHeaders) {
    ++dropped_lines_;
  } else {
    message_.add(trim(std::string_view(line_).substr(0, colon)), trim(std::string_view(line_).substr(colon + 1)));
  }
  line_.clear();
}

std::optional<AmiMessage> AmiParser::next() {
  if (ready_.empty()) return std::nullopt;
  AmiMessage message = std::move(ready_.front());
  ready_.pop_front();
  return message;
}

AmiAction::AmiAction(std::string_view name) { add("Action", name); }

AmiAction& AmiAction::add(std::string_view key, std::string_view value) {
  text_.append(key).append(": ");
  for (const char c : value.substr(0, kMaxValueBytes)) {
    text_ += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  }
  text_.append("\r\n");
  return *this;
}

AmiAction& AmiAction::variable(std::string_view name, std::string_view value) {
  std::string quoted(name);
  quoted += "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
    if (quoted.size() >= kMaxValueBytes - 2) break;  // the closing quote must not be cut off
  }
  quoted += '"';
  return add("Variable", quoted);
}

AmiAction& AmiAction::id(std::string_view action_id) {
  action_id_ = action_id;
  return add("ActionID", action_id);
}

}  // namespace carillon::asterisk
