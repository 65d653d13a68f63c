// Which addresses belong to the public internet. A URL that somebody else wrote must not reach this machine, its
// network or a cloud's metadata service through us. Pure; any thread.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carillon::net {

// The 4 or 16 bytes of an IPv4 or IPv6 address, in network order. False for what IANA reserves (RFC 6890 and its
// registries: loopback, private, link-local with the metadata services, carrier NAT, multicast, documentation and so
// on) and for IPv6 addresses that carry an IPv4 one (mapped, NAT64, 6to4, Teredo), whatever that one is.
bool is_public_address(std::span<const std::uint8_t> address);
// "203.0.113.7", "2600::1". False for anything that is not an address, also for one with a zone or in brackets.
bool is_public_address(std::string_view text);
// AF_INET and AF_INET6; false for every other family.
bool is_public_address(const sockaddr& address, std::size_t size);

// "169.254.169.254", for messages; empty for another family.
std::string address_text(const sockaddr& address, std::size_t size);

}  // namespace carillon::net
