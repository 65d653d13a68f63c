// Small things with text that several rooms need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace carillon {

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);

// "+1202***23" for logs and screens: country and operator stay, the subscriber does not. Never longer than 16 digits.
std::string mask_number(std::string_view number);

// Ids that may go into Asterisk and into URLs: 1 to 64 characters of A-Z a-z 0-9 . _ -
bool is_safe_id(std::string_view text);

// Text from outside, made fit for one log line: control characters become '?', cut at max_bytes.
std::string printable(std::string_view text, std::size_t max_bytes = 200);

// Lower-case hexadecimal SHA-256 (FIPS 180-4).
std::string sha256_hex(std::string_view bytes);
// Hexadecimal MD5 (RFC 1321), for AMI's challenge login only.
std::string md5_hex(std::string_view bytes);
// Compares without telling by its duration where the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);
// Lower-case hexadecimal of so many bytes from the operating system's generator, for keys and tokens.
std::string random_hex(std::size_t bytes);

}  // namespace carillon
