#include "core/campaign/phone_blocks.h"

#include <phonenumbers/phonemetadata.pb.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/campaign/digit_pattern.h"

// The library exports its metadata without declaring it in a header that is installed. Weak: with a library that hides
// it every number is asked.
namespace i18n::phonenumbers {
[[gnu::weak]] int metadata_size();
[[gnu::weak]] const void* metadata_get();
}  // namespace i18n::phonenumbers

namespace carillon {
namespace {

using i18n::phonenumbers::PhoneMetadata;
using i18n::phonenumbers::PhoneMetadataCollection;

constexpr std::size_t kMaxBlocks = 64 * 1024;
constexpr std::size_t kMinDigits = 7;   // fewer are no number of E.164, and rare
constexpr std::size_t kMaxDigits = 17;  // fit into 64 bits, with room for a prefix before E.164's 15
constexpr std::size_t kMaxTextBytes = 40;
constexpr std::size_t kMaxStarts = 8;
constexpr int kCountryCodes = 1000;
constexpr std::size_t kAllMatter = SIZE_MAX;

const PhoneMetadataCollection& metadata() {
  static const auto collection = [] {
    PhoneMetadataCollection all;
    if (&i18n::phonenumbers::metadata_get == nullptr || &i18n::phonenumbers::metadata_size == nullptr) return all;
    if (!all.ParseFromArray(i18n::phonenumbers::metadata_get(), i18n::phonenumbers::metadata_size())) all.Clear();
    return all;
  }();
  return collection;
}

// Everything by which a number's region, and whether its range is in use, is decided.
bool add_ranges(const PhoneMetadata& region, DigitPatterns& ranges) {
  for (const auto* desc : {&region.general_desc(), &region.fixed_line(), &region.mobile(), &region.toll_free(),
                           &region.premium_rate(), &region.shared_cost(), &region.personal_number(), &region.voip(),
                           &region.pager(), &region.uan(), &region.voicemail()}) {
    const auto& pattern = desc->national_number_pattern();
    if (!pattern.empty() && !ranges.add(pattern, DigitPatterns::Match::kWhole)) return false;
  }
  const auto& leading = region.leading_digits();
  return leading.empty() || ranges.add(leading, DigitPatterns::Match::kBeginning);
}

bool add_prefix(const std::string& pattern, DigitPatterns& prefix) {
  return pattern.empty() || prefix.add(pattern, DigitPatterns::Match::kWhole);
}

}  // namespace

// What is dialled inside a region before the number itself.
struct PhoneBlocks::Region {
  int country_code = 0;
  bool is_rewritten = false;  // the prefix is not only dropped
  DigitPatterns national_prefix;
  DigitPatterns international_prefix;
};

// The numbers of all regions that share a country code.
struct PhoneBlocks::Country {
  bool is_understood = true;
  bool is_rewritten = false;
  DigitPatterns ranges;
  DigitPatterns national_prefix;  // of its main region: numbers with a country code are read as if dialled there
};

// A number as it is written, without what stands between its digits.
struct PhoneBlocks::PlainNumber {
  bool has_plus = false;
  std::array<char, kMaxDigits> storage{};
  std::size_t count = 0;

  std::string_view digits() const { return {storage.data(), count}; }

  static std::optional<PlainNumber> of(std::string_view text) {
    if (text.size() > kMaxTextBytes) return std::nullopt;
    PlainNumber number;
    for (const char c : text) {
      if (c >= '0' && c <= '9') {
        if (number.count == kMaxDigits) return std::nullopt;
        number.storage[number.count++] = c;
      } else if (c == '+' && number.count == 0 && !number.has_plus) {
        number.has_plus = true;
      } else if (std::string_view(" -.()/").find(c) == std::string_view::npos) {
        return std::nullopt;
      }
    }
    if (number.count < kMinDigits) return std::nullopt;
    return number;
  }
};

namespace {

// The places in a number where the national number may begin: after as many prefixes as can be dropped. Each pattern of
// a prefix has been followed until it is sure what it takes; `decided` is how many digits that needed.
struct Starts {
  std::array<std::size_t, kMaxStarts> at{};
  std::size_t count = 0;
  std::size_t decided = 0;
  bool has_prefix = false;

  bool add(std::size_t start) {
    if (std::find(at.begin(), at.begin() + count, start) != at.begin() + count) return true;
    if (count == kMaxStarts) return false;
    at[count++] = start;
    return true;
  }

  bool follow(DigitPatterns& prefix, std::string_view digits) {
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t position = at[i];
      auto state = prefix.start();
      while (!prefix.is_dead(state)) {
        if (position == digits.size()) return false;
        state = prefix.step(state, digits[position++]);
        if (!prefix.is_match(state)) continue;
        has_prefix = true;
        if (!add(position)) return false;
      }
      decided = std::max(decided, position);
    }
    return true;
  }

  // How many digits matter if the number may begin at any of the places.
  std::size_t matter(DigitPatterns& ranges, std::string_view digits) const {
    std::size_t most = decided;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t position = at[i];
      auto state = ranges.start();
      while (!ranges.is_settled(state)) {
        if (position == digits.size()) return kAllMatter;
        state = ranges.step(state, digits[position++]);
      }
      most = std::max(most, position);
    }
    return most;
  }
};

}  // namespace

PhoneBlocks::PhoneBlocks(std::string default_region)
    : default_region_(std::move(default_region)), countries_(kCountryCodes) {
  for (const auto& region : metadata().metadata()) {
    if (region.id() != default_region_ || region.id() == "001") continue;
    auto home = std::make_unique<Region>();
    home->country_code = region.country_code();
    home->is_rewritten = !region.national_prefix_transform_rule().empty();
    if (add_prefix(region.national_prefix_for_parsing(), home->national_prefix) &&
        add_prefix(region.international_prefix(), home->international_prefix)) {
      home_ = std::move(home);
    }
  }
}

PhoneBlocks::~PhoneBlocks() = default;

std::size_t PhoneBlocks::BlockHash::operator()(const Block& block) const {
  const std::uint64_t shape = static_cast<std::uint64_t>(block.first_count) << 16 |
                              static_cast<std::uint64_t>(block.digits) << 8 | (block.has_plus ? 1U : 0U);
  return std::hash<std::uint64_t>{}((block.first_digits ^ (shape << 40)) * 0x9e3779b97f4a7c15ULL);
}

Result<PhoneNumber> PhoneBlocks::parse(std::string_view text) {
  const auto plain = PlainNumber::of(text);
  if (!plain) return ask(text);
  const std::size_t matter = digits_that_matter(*plain);
  if (matter >= plain->count) return ask(text);

  Block block{.first_count = static_cast<std::uint8_t>(matter),
              .digits = static_cast<std::uint8_t>(plain->count),
              .has_plus = plain->has_plus};
  for (const char c : plain->digits().substr(0, matter)) {
    block.first_digits = block.first_digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (const auto known = blocks_.find(block); known != blocks_.end()) {
    PhoneNumber number = known->second.number;
    number.e164 += plain->digits().substr(known->second.dropped);
    return number;
  }
  auto answer = ask(text);
  if (answer) keep(block, *plain, *answer);
  return answer;
}

Result<PhoneNumber> PhoneBlocks::ask(std::string_view text) {
  ++asked_;
  return parse_phone_number(text, default_region_);
}

// Only an answer that ends with the written digits can be carried over to others.
void PhoneBlocks::keep(const Block& block, const PlainNumber& number, const PhoneNumber& answer) {
  const auto digits = number.digits();
  const auto e164 = std::string_view(answer.e164);
  std::size_t kept = 0;
  while (kept < digits.size() && kept + 1 < e164.size() &&
         digits[digits.size() - 1 - kept] == e164[e164.size() - 1 - kept])
    ++kept;
  const std::size_t dropped = digits.size() - kept;
  if (dropped > block.first_count) return;
  if (blocks_.size() >= kMaxBlocks) blocks_.clear();
  PhoneNumber shared{std::string(e164.substr(0, e164.size() - kept)), answer.regions, answer.is_known_range};
  blocks_.emplace(block, Answer{std::move(shared), dropped});
}

std::size_t PhoneBlocks::digits_that_matter(const PlainNumber& number) {
  return number.has_plus ? matter_after_plus(number) : matter_at_home(number);
}

std::size_t PhoneBlocks::matter_after_plus(const PlainNumber& number) {
  const auto digits = number.digits();
  int country_code = 0;
  for (std::size_t length = 1; length <= 3; ++length) {
    country_code = country_code * 10 + (digits[length - 1] - '0');
    if (country_code == 0) return kAllMatter;
    Country* country = country_of(country_code);
    if (country == nullptr) continue;
    if (!country->is_understood) return kAllMatter;
    Starts starts;
    starts.add(length);
    if (!starts.follow(country->national_prefix, digits)) return kAllMatter;
    if (starts.has_prefix && country->is_rewritten) return kAllMatter;
    return starts.matter(country->ranges, digits);
  }
  return kAllMatter;
}

std::size_t PhoneBlocks::matter_at_home(const PlainNumber& number) {
  if (!home_) return kAllMatter;
  const auto digits = number.digits();
  Country* country = country_of(home_->country_code);
  if (country == nullptr || !country->is_understood) return kAllMatter;

  Starts abroad;  // a number with an international prefix is of any country: asked each time
  abroad.add(0);
  if (!abroad.follow(home_->international_prefix, digits) || abroad.has_prefix) return kAllMatter;

  Starts starts;
  starts.add(0);
  const auto own_code = std::to_string(home_->country_code);
  if (digits.starts_with(own_code)) starts.add(own_code.size());  // people leave out the plus
  if (!starts.follow(home_->national_prefix, digits) || !starts.follow(country->national_prefix, digits))
    return kAllMatter;
  if (starts.has_prefix && (home_->is_rewritten || country->is_rewritten)) return kAllMatter;
  starts.decided = std::max({starts.decided, abroad.decided, own_code.size()});
  return starts.matter(country->ranges, digits);
}

PhoneBlocks::Country* PhoneBlocks::country_of(int country_code) {
  auto& slot = countries_[static_cast<std::size_t>(country_code)];
  if (slot) return slot.get();
  const auto& all = metadata().metadata();
  const auto is_of_it = [country_code](const PhoneMetadata& region) { return region.country_code() == country_code; };
  if (std::ranges::none_of(all, is_of_it)) return nullptr;
  slot = std::make_unique<Country>();
  const PhoneMetadata* main = nullptr;
  for (const auto& region : all) {
    if (!is_of_it(region)) continue;
    if (main == nullptr || region.main_country_for_code()) main = &region;
    if (!add_ranges(region, slot->ranges)) slot->is_understood = false;
  }
  slot->is_rewritten = !main->national_prefix_transform_rule().empty();
  if (!add_prefix(main->national_prefix_for_parsing(), slot->national_prefix)) slot->is_understood = false;
  return slot.get();
}

}  // namespace carillon
