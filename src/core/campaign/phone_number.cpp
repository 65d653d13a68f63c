#include "core/campaign/phone_number.h"

#include <phonenumbers/phonenumberutil.h>

#include <list>
#include <set>

#include "base/text.h"

namespace carillon {
namespace {

using i18n::phonenumbers::PhoneNumberUtil;

std::string why(PhoneNumberUtil::ErrorType error) {
  switch (error) {
    case PhoneNumberUtil::NO_PARSING_ERROR: return "";
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return "it has no valid country code (write it as +<country><number>)";
    case PhoneNumberUtil::NOT_A_NUMBER: return "it is not a number";
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN: return "it is too short";
    case PhoneNumberUtil::TOO_LONG_NSN: return "it is too long";
  }
  return "it cannot be parsed";
}

// "9.72501E+11": what a spreadsheet makes of a long number. libphonenumber would read the digits as they stand.
bool is_in_powers_of_ten(std::string_view text) {
  const auto e = text.find_first_of("eE");
  if (e == 0 || e == std::string_view::npos || e + 1 == text.size()) return false;
  const auto exponent = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
  return !exponent.empty() && text.substr(0, e).find_first_not_of("0123456789.,") == std::string_view::npos &&
         exponent.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Result<PhoneNumber> parse_phone_number(std::string_view text, std::string_view default_region) {
  const auto trimmed = trim(text);
  if (trimmed.size() > 40) return fail(ErrorCode::NumberInvalid, "it is too long");
  if (is_in_powers_of_ten(trimmed))
    return fail(ErrorCode::NumberInvalid, "a spreadsheet has rounded it; make its column text there and save it again");
  const auto& util = *PhoneNumberUtil::GetInstance();

  i18n::phonenumbers::PhoneNumber parsed;
  const std::string region = default_region.empty() ? "ZZ" : std::string(default_region);
  if (const auto error = util.Parse(std::string(trimmed), region, &parsed);
      error != PhoneNumberUtil::NO_PARSING_ERROR) {
    return fail(ErrorCode::NumberInvalid, why(error));
  }
  if (parsed.has_extension()) return fail(ErrorCode::NumberInvalid, "it has an extension, which cannot be dialled");
  if (!util.IsPossibleNumber(parsed))
    return fail(ErrorCode::NumberInvalid, "its length is not possible in its country");

  PhoneNumber number;
  util.Format(parsed, PhoneNumberUtil::E164, &number.e164);
  // E.164: at most 15 digits; it goes into a SIP URI, so nothing but digits may be left.
  if (number.e164.size() < 8 || number.e164.size() > 16 ||
      number.e164.find_first_not_of("0123456789", 1) != std::string::npos) {
    return fail(ErrorCode::NumberInvalid, "it is not an E.164 number");
  }
  number.is_known_range = util.IsValidNumber(parsed);
  std::string known;
  util.GetRegionCodeForNumber(parsed, &known);
  if (!known.empty() && known != "ZZ" && known != "001") {
    number.regions.push_back(known);
  } else {
    std::list<std::string> all;
    util.GetRegionCodesForCountryCallingCode(parsed.country_code(), &all);
    number.regions.assign(all.begin(), all.end());
  }
  return number;
}

std::string caller_number(std::string_view text, std::string_view default_region) {
  if (text.empty()) return {};
  if (const auto national = parse_phone_number(text, default_region)) return national->e164;
  if (const auto international = parse_phone_number("+" + std::string(text), "")) return international->e164;
  return std::string(text);
}

}  // namespace carillon
