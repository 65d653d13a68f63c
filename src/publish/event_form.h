// How events leave the house: as CloudEvents, with as much of people's numbers as the operator allows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/ports/outbox.h"

namespace carillon::publish {

enum class NumberForm : std::uint8_t {
  kFull,    // "+12025550123"
  kMasked,  // "+1202***23"
  kHashed,  // "hmac-sha256:…", the same for the same number and key
};
std::optional<NumberForm> parse_number_form(std::string_view word);

struct EventForm {
  std::string source = "/carillon";  // of CloudEvents: a URI reference
  NumberForm numbers = NumberForm::kFull;
  std::string hash_key = {};  // of kHashed; without it, anybody could try all numbers

  // The CloudEvent as one line of JSON. Other forms than the full number leave the contact's variables out, too:
  // nobody knows what is in them.
  std::string write(const OutboxRow& row) const;
};

}  // namespace carillon::publish
