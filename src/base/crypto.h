// Keyed hashes and base64, on OpenSSL. Bytes are carried in std::string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

// 32 bytes (RFC 2104 with SHA-256).
std::string hmac_sha256(std::string_view key, std::string_view message);
// Lower-case hexadecimal.
std::string hex(std::string_view bytes);
// RFC 4648 section 4, with padding.
std::string to_base64(std::string_view bytes);
// Nothing if it is no base64; missing padding is taken.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace carillon
