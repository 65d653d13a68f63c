#include "net/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace carillon::net {
namespace {

struct Prefix4 {
  std::uint32_t network;
  int bits;
};

constexpr std::uint32_t ip4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The IANA IPv4 Special-Purpose Address Registry, and multicast.
constexpr Prefix4 kReserved4[] = {
    {ip4(0, 0, 0, 0), 8},        // this network; 0.0.0.0 reaches this machine
    {ip4(10, 0, 0, 0), 8},       // private
    {ip4(100, 64, 0, 0), 10},    // carrier NAT (RFC 6598); Alibaba's metadata service
    {ip4(127, 0, 0, 0), 8},      // loopback
    {ip4(169, 254, 0, 0), 16},   // link-local; metadata services, containers' credentials
    {ip4(172, 16, 0, 0), 12},    // private
    {ip4(192, 0, 0, 0), 24},     // protocol assignments; Oracle's metadata service
    {ip4(192, 0, 2, 0), 24},     // documentation
    {ip4(192, 31, 196, 0), 24},  // AS112
    {ip4(192, 52, 193, 0), 24},  // AMT
    {ip4(192, 88, 99, 0), 24},   // 6to4 relays
    {ip4(192, 168, 0, 0), 16},   // private
    {ip4(192, 175, 48, 0), 24},  // AS112
    {ip4(198, 18, 0, 0), 15},    // benchmarks
    {ip4(198, 51, 100, 0), 24},  // documentation
    {ip4(203, 0, 113, 0), 24},   // documentation
    {ip4(224, 0, 0, 0), 3},      // multicast, reserved, broadcast
};
// Azure's wire server has a public address but answers from inside, with secrets.
constexpr std::uint32_t kAzureWireServer = ip4(168, 63, 129, 16);

struct Prefix6 {
  std::array<std::uint8_t, 4> network;
  int bits;
};

// Within 2000::/3, the only block that IANA has given out; outside it nothing is public: loopback, unspecified,
// ::ffff:0:0/96 (mapped), 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64), 100::/64, fc00::/7, fe80::/10, ff00::/8.
constexpr Prefix6 kReserved6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments: Teredo, ORCHID, benchmarks
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4: an IPv4 address inside
    {{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation
    {{0x3f, 0xfe, 0x00, 0x00}, 16},  // 6bone, given back
};

constexpr std::uint32_t word_of(std::span<const std::uint8_t> bytes) {
  return ip4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool is_within(std::uint32_t address, std::uint32_t network, int bits) {
  return (address ^ network) >> (32 - bits) == 0;
}

bool is_public4(std::uint32_t address) {
  return address != kAzureWireServer && std::ranges::none_of(kReserved4, [&](const Prefix4& reserved) {
           return is_within(address, reserved.network, reserved.bits);
         });
}

bool is_public6(std::span<const std::uint8_t> address) {
  const auto first = word_of(address);
  if (!is_within(first, ip4(0x20, 0, 0, 0), 3)) return false;
  // RFC 5214: an interface identifier 0000:5efe or 0200:5efe ends in an IPv4 address (ISATAP).
  const auto identifier = word_of(address.subspan(8));
  if ((identifier & ~0x02000000U) == 0x00005efeU) return false;
  return std::ranges::none_of(
      kReserved6, [&](const Prefix6& reserved) { return is_within(first, word_of(reserved.network), reserved.bits); });
}

}  // namespace

bool is_public_address(std::span<const std::uint8_t> address) {
  if (address.size() == 4) return is_public4(word_of(address));
  return address.size() == 16 && is_public6(address);
}

bool is_public_address(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return false;
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
    return is_public_address(std::span<const std::uint8_t>(bytes).first(4));
  return ::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1 && is_public_address(bytes);
}

bool is_public_address(const sockaddr& address, std::size_t size) {
  std::array<std::uint8_t, 16> bytes{};
  if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    return is_public_address(std::span<const std::uint8_t>(bytes).first(4));
  }
  if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
    return is_public_address(bytes);
  }
  return false;
}

std::string address_text(const sockaddr& address, std::size_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in))
    bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6))
    bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (!bytes || !::inet_ntop(address.sa_family, bytes, text.data(), text.size())) return {};
  return text.data();
}

}  // namespace carillon::net
