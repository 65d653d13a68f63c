// AMI's wire format: "Key: Value" lines ended by CR LF, a message ended by an empty line
// (https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/AMI-v2-Specification/).
// Everything that comes in is hostile: names of channels and SIP reason phrases come from the far end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::asterisk {

class AmiMessage {
 public:
  // The first value of the key (any case), or "".
  std::string_view get(std::string_view key) const;
  bool has(std::string_view key) const;
  void add(std::string_view key, std::string_view value);
  bool empty() const { return headers_.empty(); }
  std::size_t size() const { return headers_.size(); }

  bool is_response() const { return has("Response") && !has("Event"); }
  bool is_success() const { return get("Response") == "Success" || get("Response") == "Goodbye"; }

 private:
  std::vector<std::pair<std::string, std::string>> headers_;
};

// Takes bytes as they come, in any pieces; gives whole messages.
class AmiParser {
 public:
  static constexpr std::size_t kMaxLineBytes = 8 * 1024;  // longer lines are dropped
  static constexpr std::size_t kMaxHeaders = 200;         // further headers of a message are dropped
  static constexpr std::size_t kMaxWaitingMessages = 100'000;

  // False if more messages wait than anyone should: the connection is then worth nothing.
  bool feed(std::string_view bytes);
  std::optional<AmiMessage> next();

  std::uint64_t dropped_lines() const { return dropped_lines_; }

 private:
  void end_line();

  std::string line_;
  bool is_line_too_long_ = false;
  AmiMessage message_;
  std::deque<AmiMessage> ready_;
  std::uint64_t dropped_lines_ = 0;
};

// One action to send. Values lose CR, LF and NUL, so no value can begin a header of its own.
class AmiAction {
 public:
  static constexpr std::size_t kMaxValueBytes = 900;  // Asterisk cuts lines at 1,024

  explicit AmiAction(std::string_view name);
  AmiAction& add(std::string_view key, std::string_view value);
  // Variable: name="value", quoted so that commas, quotes and backslashes stay in the value. Asterisk expands nothing
  // in it. Name is our constant.
  AmiAction& variable(std::string_view name, std::string_view value);

  const std::string& action_id() const { return action_id_; }
  AmiAction& id(std::string_view action_id);
  // With the closing empty line.
  std::string to_wire() const { return text_ + "\r\n"; }

 private:
  std::string text_;
  std::string action_id_;
};

}  // namespace carillon::asterisk
