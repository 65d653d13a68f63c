// Numbers in words, so that no speech engine has to read digits. Pure. 0 to 999,999,999.
#pragma once

#include <cstdint>
#include <string>

namespace carillon {

inline constexpr std::uint32_t kMaxSpoken = 999'999'999;

// Hebrew counts men and women differently: three shekels (m) are שלושה, three agorot (f) are שלוש. Numbers that count
// nothing are feminine.
enum class Gender { kFeminine, kMasculine };

// "one thousand two hundred thirty-four"
std::string english_words(std::uint32_t number);
// "one thousand two hundred thirty-fourth"
std::string english_ordinal(std::uint32_t number);
// "אלף מאתיים שלושים וארבע"
std::string hebrew_words(std::uint32_t number, Gender gender = Gender::kFeminine);

}  // namespace carillon
