// What an operator does to a call by way of its dialplan: AMI Redirect into context carillon-live (extensions.conf.in),
// and variables. It needs no ARI, and the call goes on by itself whatever becomes of us. On the control thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "asterisk/node.h"

namespace carillon::asterisk {

// Where a call is in its dialplan.
struct CallPlace {
  bool is_answered = false;
  bool is_with_agent = false;  // an agent's or an operator's phone rings or talks
  bool is_held = false;
};

class CallSteering {
 public:
  explicit CallSteering(Node& node) : node_(node) {}

  // NotFound if the node has no such channel.
  boost::asio::awaitable<Result<CallPlace>> find(std::string call_id);
  // A variable, or a function that takes a value.
  boost::asio::awaitable<Result<void>> set(std::string call_id, std::string name, std::string value);
  // On to an extension of context carillon-live. peer: the channel that talks with it and waits meanwhile; empty =
  // none.
  boost::asio::awaitable<Result<void>> send_to(std::string call_id, std::string step, std::string peer = "");
  // The channel that it talks with. Conflict if there is none.
  boost::asio::awaitable<Result<std::string>> peer_of(std::string call_id);
  // A channel by its name; whether it is there does not matter.
  boost::asio::awaitable<void> hang_up(std::string channel);

 private:
  boost::asio::awaitable<Result<AmiAnswer>> ask(AmiAction action);
  Node& node_;
};

}  // namespace carillon::asterisk
