// parse_phone_number() for long lists: the same answers at a fraction of the cost. libphonenumber's answer depends on
// the first digits and on how many follow; its own metadata tells how many of the first ones matter for a number.
// Numbers that agree in those share one answer, which libphonenumber gave for the first of them. Whatever is not plain
// (letters, digits of other scripts, international prefixes, patterns that are not understood) is asked each time.
//
// Pure; one owner, one thread, one list. Memory is bounded by the blocks kept (about 64,000) and by the patterns of the
// countries that the list has.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "core/campaign/phone_number.h"

namespace carillon {

class PhoneBlocks {
 public:
  // As in parse_phone_number().
  explicit PhoneBlocks(std::string default_region);
  ~PhoneBlocks();
  PhoneBlocks(const PhoneBlocks&) = delete;
  PhoneBlocks& operator=(const PhoneBlocks&) = delete;

  Result<PhoneNumber> parse(std::string_view text);

  // How often libphonenumber had to be asked.
  std::uint64_t asked() const { return asked_; }

 private:
  struct Country;
  struct Region;
  struct PlainNumber;
  // Which numbers share an answer: those written alike, of equal length, that begin with the same digits.
  struct Block {
    std::uint64_t first_digits = 0;
    std::uint8_t first_count = 0;
    std::uint8_t digits = 0;
    bool has_plus = false;

    bool operator==(const Block&) const = default;
  };
  struct BlockHash {
    std::size_t operator()(const Block& block) const;
  };
  struct Answer {
    PhoneNumber number;       // e164 is what comes before the written digits
    std::size_t dropped = 0;  // of the written digits
  };

  Result<PhoneNumber> ask(std::string_view text);
  std::size_t digits_that_matter(const PlainNumber& number);
  std::size_t matter_after_plus(const PlainNumber& number);
  std::size_t matter_at_home(const PlainNumber& number);
  Country* country_of(int country_code);
  void keep(const Block& block, const PlainNumber& number, const PhoneNumber& answer);

  std::string default_region_;
  std::unique_ptr<Region> home_;                     // null if there is none, or its patterns are not understood
  std::vector<std::unique_ptr<Country>> countries_;  // by country code
  std::unordered_map<Block, Answer, BlockHash> blocks_;
  std::uint64_t asked_ = 0;
};

}  // namespace carillon
