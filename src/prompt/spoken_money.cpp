#include <algorithm>
#include <array>

#include "base/text.h"
#include "prompt/number_words.h"
#include "prompt/spoken.h"

namespace carillon {
namespace {

// In Hebrew the number one stands behind the noun, and two has a short form: שקל אחד, שני שקלים.
struct Noun {
  std::string_view one;
  std::string_view many;
  std::string_view hebrew_one;
  std::string_view hebrew_many;
  Gender gender;
};

struct Currency {
  std::string_view code;
  std::string_view sign;
  std::size_t decimals;
  Noun main;
  Noun part;
};

constexpr Gender kM = Gender::kMasculine;
constexpr Gender kF = Gender::kFeminine;
constexpr Noun kCent = {"cent", "cents", "סנט", "סנטים", kM};
constexpr std::array<Currency, 8> kCurrencies = {{
    {"ILS", "₪", 2, {"shekel", "shekels", "שקל", "שקלים", kM}, {"agora", "agorot", "אגורה", "אגורות", kF}},
    {"USD", "$", 2, {"dollar", "dollars", "דולר", "דולרים", kM}, kCent},
    {"EUR", "€", 2, {"euro", "euros", "אירו", "אירו", kM}, kCent},
    {"GBP", "£", 2, {"pound", "pounds", "לירה שטרלינג", "לירות שטרלינג", kF}, {"penny", "pence", "פני", "פנס", kM}},
    {"CAD", "$", 2, {"Canadian dollar", "Canadian dollars", "דולר קנדי", "דולרים קנדיים", kM}, kCent},
    {"AUD", "$", 2, {"Australian dollar", "Australian dollars", "דולר אוסטרלי", "דולרים אוסטרליים", kM}, kCent},
    {"CHF",
     "",
     2,
     {"Swiss franc", "Swiss francs", "פרנק שוויצרי", "פרנקים שוויצריים", kM},
     {"centime", "centimes", "סנטים", "סנטימים", kM}},
    {"JPY", "¥", 0, {"yen", "yen", "ין", "ין", kM}, {}},
}};

const Currency* find_currency(std::string_view code) {
  const auto found = std::ranges::find(kCurrencies, code, &Currency::code);
  return found == kCurrencies.end() ? nullptr : &*found;
}

std::string counted(std::uint32_t count, const Noun& noun, SpokenLanguage language) {
  if (language == SpokenLanguage::kEnglish) {
    return english_words(count) + " " + std::string(count == 1 ? noun.one : noun.many);
  }
  const bool is_masculine = noun.gender == Gender::kMasculine;
  if (count == 1) return std::string(noun.hebrew_one) + (is_masculine ? " אחד" : " אחת");
  if (count == 2) return (is_masculine ? "שני " : "שתי ") + std::string(noun.hebrew_many);
  return hebrew_words(count, noun.gender) + " " + std::string(noun.hebrew_many);
}

// "₪ 1,250.50" or "1250.5 ILS": the sign or the code of this currency may stand on either side.
std::string_view without_sign(std::string_view value, const Currency& currency) {
  value = trim(value);
  for (const auto mark : {currency.sign, currency.code}) {
    if (mark.empty()) continue;
    if (value.starts_with(mark)) return trim(value.substr(mark.size()));
    if (value.ends_with(mark)) return trim(value.substr(0, value.size() - mark.size()));
  }
  return value;
}

}  // namespace

bool is_spoken_currency(std::string_view currency) { return find_currency(currency) != nullptr; }

std::string spoken_currencies() {
  std::string text;
  for (const auto& currency : kCurrencies) text.append(text.empty() ? "" : " ").append(currency.code);
  return text;
}

Result<std::string> spoken_money(std::string_view value, std::string_view code, SpokenLanguage language) {
  const Currency* currency = find_currency(code);
  if (currency == nullptr) {
    return fail(ErrorCode::Invalid,
                "the currency " + printable(code, 20) + " cannot be spoken; there are " + spoken_currencies());
  }
  const auto amount = parse_decimal(without_sign(value, *currency));
  // "1.250" may be a thousand and more for who wrote it, and "10.123" a slip: nobody is told another amount.
  if (!amount || amount->is_negative || amount->decimals.size() > currency->decimals) {
    return fail(ErrorCode::Invalid, "\"" + printable(value, 60) + "\" is no amount of " + std::string(code) +
                                        (currency->decimals == 0 ? " such as 1,250" : " such as 1,250 or 1250.50"));
  }
  std::string decimals = amount->decimals;
  decimals.resize(currency->decimals, '0');
  std::uint32_t part = 0;
  for (const char digit : decimals) part = part * 10 + static_cast<std::uint32_t>(digit - '0');
  if (part == 0) return counted(amount->whole, currency->main, language);
  if (amount->whole == 0) return counted(part, currency->part, language);
  return counted(amount->whole, currency->main, language) + (language == SpokenLanguage::kEnglish ? " and " : " ו") +
         counted(part, currency->part, language);
}

}  // namespace carillon
