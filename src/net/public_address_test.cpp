#include "net/public_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace carillon::net {
namespace {

TEST(PublicAddress, RefusesWhatIsNotThePublicInternet) {
  const std::pair<const char*, const char*> cases[] = {
      {"0.0.0.0", "unspecified"},
      {"0.255.255.255", "this network"},
      {"10.0.0.1", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.0", "carrier NAT"},
      {"100.100.100.200", "Alibaba's metadata"},
      {"100.127.255.255", "carrier NAT"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"168.63.129.16", "Azure's wire server"},
      {"169.254.0.1", "link-local"},
      {"169.254.169.254", "metadata"},
      {"169.254.170.2", "ECS credentials"},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"192.0.0.192", "Oracle's metadata"},
      {"192.0.2.1", "documentation"},
      {"192.88.99.1", "6to4 relay"},
      {"192.168.1.1", "private"},
      {"198.18.0.1", "benchmarks"},
      {"198.19.255.255", "benchmarks"},
      {"198.51.100.1", "documentation"},
      {"203.0.113.1", "documentation"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::8.8.8.8", "IPv4-compatible"},
      {"::ffff:8.8.8.8", "mapped, even of a public one"},
      {"::ffff:169.254.169.254", "mapped metadata"},
      {"64:ff9b::a9fe:a9fe", "NAT64 of metadata"},
      {"64:ff9b::8.8.8.8", "NAT64"},
      {"64:ff9b:1::1", "local NAT64"},
      {"100::1", "discard"},
      {"2001::1", "Teredo"},
      {"2001:10::1", "ORCHID"},
      {"2001:db8::1", "documentation"},
      {"2002:a9fe:a9fe::1", "6to4 of metadata"},
      {"2002:808:808::1", "6to4"},
      {"2600::5efe:a00:1", "ISATAP of a private one"},
      {"2600::200:5efe:a00:1", "ISATAP of a private one"},
      {"3ffe::1", "6bone"},
      {"3fff:fff::1", "documentation"},
      {"4000::1", "not given out"},
      {"fc00::1", "unique local"},
      {"fd00:ec2::254", "metadata over IPv6"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"},
      {"", "nothing"},
      {"localhost", "a name"},
      {"8.8.8", "not an address"},
      {"08.8.8.8", "an octal trap"},
      {"134744072", "a number"},
      {"[2600::1]", "brackets"},
      {"2600::1%eth0", "a zone"},
  };
  for (const auto& [address, why] : cases) EXPECT_FALSE(is_public_address(address)) << address << ": " << why;
}

TEST(PublicAddress, AllowsThePublicInternetUpToTheEdgesOfWhatIsReserved) {
  for (const auto* address :
       {"1.1.1.1",         "8.8.8.8",        "9.255.255.255",        "11.0.0.0",        "52.94.236.248",
        "100.63.255.255",  "100.128.0.0",    "126.255.255.255",      "128.0.0.0",       "169.253.255.255",
        "169.255.0.0",     "172.15.255.255", "172.32.0.0",           "191.255.255.255", "192.0.1.0",
        "192.167.255.255", "192.169.0.0",    "198.17.255.255",       "198.20.0.0",      "223.255.255.255",
        "2000::1",         "2001:200::1",    "2001:4860:4860::8888", "2001:db7::1",     "2001:db9::1",
        "2003::1",         "2600:1f18::1",   "2606:4700:4700::1111", "3fff:1000::1"})
    EXPECT_TRUE(is_public_address(address)) << address;
}

TEST(PublicAddress, JudgesSocketAddresses) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  ::inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
  const auto& as4 = reinterpret_cast<const sockaddr&>(v4);
  EXPECT_TRUE(is_public_address(as4, sizeof v4));
  EXPECT_EQ(address_text(as4, sizeof v4), "8.8.8.8");
  EXPECT_FALSE(is_public_address(as4, 4)) << "cut short";

  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, "fd00:ec2::254", &v6.sin6_addr);
  const auto& as6 = reinterpret_cast<const sockaddr&>(v6);
  EXPECT_FALSE(is_public_address(as6, sizeof v6));
  EXPECT_EQ(address_text(as6, sizeof v6), "fd00:ec2::254");

  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(reinterpret_cast<const sockaddr&>(local), sizeof local));
}

}  // namespace
}  // namespace carillon::net
