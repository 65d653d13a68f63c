// Telephone numbers as E.164 text ("+12025550100"), checked by libphonenumber. Its data is of 2022, so a number that
// is possible by its length is accepted even if the range is not known to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace carillon {

struct PhoneNumber {
  std::string e164;
  // ISO 3166 regions that it may belong to: one when the range is known, else all of its country code.
  std::vector<std::string> regions;
  // Its range is in use as far as libphonenumber knows; else only its length is right.
  bool is_known_range = true;

  bool operator==(const PhoneNumber&) const = default;
};

// May be called on any threads at once: on Linux libphonenumber's one instance is made by pthread_once and its cache of
// expressions is behind a mutex, which is how Debian builds it. Costs about 10 us; for lists see
// phone_blocks.h. default_region (ISO 3166, "IL") is used for numbers without a leading '+'; empty = such numbers are
// refused.
Result<PhoneNumber> parse_phone_number(std::string_view text, std::string_view default_region);

// A caller's number as a carrier gives it, with or without "+", in E.164 where that can be told: a suppression must
// match what would be dialled. Else as it came.
std::string caller_number(std::string_view text, std::string_view default_region);

}  // namespace carillon
