// `carillon prompt convert`: any audio file as the telephone wants it.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace carillon {

// The format follows the output's extension: .ulaw, .alaw or .sln (all 8000 Hz mono). Prints what was done.
Result<void> convert_prompt(const std::filesystem::path& input, const std::filesystem::path& output);

}  // namespace carillon
