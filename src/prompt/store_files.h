// The names of the files in the store. For store*.cpp alone.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace carillon::store_files {

inline constexpr std::size_t kIdDigits = 32;
inline constexpr std::array<std::string_view, 5> kAudio = {".ulaw", ".alaw", ".sln", ".gsm", ".g722"};
inline constexpr std::size_t kLinear = 2;  // .sln, which the id is the hash of
inline constexpr std::array<std::string_view, 4> kNeeded = {".ulaw", ".alaw", ".sln", ".json"};

inline std::filesystem::path file_of(const std::filesystem::path& folder, std::string_view id,
                                     std::string_view extension) {
  return folder / std::string(id).append(extension);
}

}  // namespace carillon::store_files
