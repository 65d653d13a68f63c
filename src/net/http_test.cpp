#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/json/parse.hpp>

namespace carillon::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

TEST(Http, DecodesPercentEscapes) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f%C3%A9+"), "a b/c/\xC3\xA9+");
  EXPECT_EQ(percent_decode(""), "");
  for (const auto* bad : {"%", "%1", "a%", "%zz", "%1g", "%-1", "% 1", "%%20", "%00", "a%00b"}) {
    const auto decoded = percent_decode(bad);
    ASSERT_FALSE(decoded) << bad;
    EXPECT_EQ(decoded.error().code, ErrorCode::BadRequest);
  }
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

TEST(Http, WhatIsEncodedDecodesToItself) {
  EXPECT_EQ(percent_encode("+1 202/555?&=%~._-"), "%2B1%20202%2F555%3F%26%3D%25~._-");
  EXPECT_TRUE(rc::check([](std::string text) {
    std::erase(text, '\0');
    const auto encoded = percent_encode(text);
    RC_ASSERT(percent_decode(encoded).value() == text);
    RC_ASSERT(parse_query("v=" + encoded).value() == (HttpPairs{{"v", text}}));
  }));
}

TEST(Http, ParsesAQueryInItsOrder) {
  const auto query = parse_query("a=1&b=two+words&a=%26%3D&c&d=&=e&&f=x=y&");
  ASSERT_TRUE(query);
  EXPECT_THAT(*query, ElementsAre(Pair("a", "1"), Pair("b", "two words"), Pair("a", "&="), Pair("c", ""), Pair("d", ""),
                                  Pair("", "e"), Pair("f", "x=y")));
  EXPECT_THAT(*parse_query(""), IsEmpty());
  EXPECT_THAT(*parse_query("&&&"), IsEmpty());
}

TEST(Http, AQueryHasABound) {
  std::string query;
  for (std::size_t i = 0; i < kMaxQueryPairs; ++i) query += "a&";
  EXPECT_TRUE(parse_query(query));
  EXPECT_FALSE(parse_query(query + "a"));
}

TEST(Http, ParsesEveryFormOfATarget) {
  struct {
    std::string_view target;
    std::string_view path;
    std::size_t parameters;
  } const cases[] = {
      {"/", "/", 0},
      {"/calls/a%20b?x=1&y=2", "/calls/a b", 2},
      {"/a?b?c=/d", "/a", 1},
      {"/a?", "/a", 0},
      {"//evil.example/x", "//evil.example/x", 0},
      {"/a+b", "/a+b", 0},
      {"*", "*", 0},
      {"http://host:3000/a?b=c", "/a", 1},
      {"http://host", "/", 0},
      {"https://host?a=b", "/", 1},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_target(c.target);
    ASSERT_TRUE(parsed) << c.target;
    EXPECT_EQ(parsed->path, c.path) << c.target;
    EXPECT_EQ(parsed->query.size(), c.parameters) << c.target;
  }
  for (const auto* bad :
       {"", "a", "host:443", "ftp://host/", "?a=b", "/a#b", "/?a=#", "/%", "/?%", "/?a=%0", "/%00", "**"})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(Http, FindsHeadersAndParameters) {
  HttpRequest request;
  request.headers = {{"accept", "a"}, {"accept", "b"}};
  request.query = {{"x", ""}, {"y", "1"}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header("host"), "");
  ASSERT_TRUE(request.query_value("x"));
  EXPECT_EQ(*request.query_value("x"), "");
  EXPECT_EQ(request.query_value("z"), nullptr);
}

TEST(Http, AProblemFollowsRfc9457) {
  const auto response = problem(Error(ErrorCode::NumberInvalid, "\"12\" is too short"));
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = boost::json::parse(response.body).as_object();
  EXPECT_EQ(body.at("type"), "/problems/number-invalid");
  EXPECT_EQ(body.at("title"), "The phone number is not valid");
  EXPECT_EQ(body.at("status"), 422);
  EXPECT_EQ(body.at("detail"), "\"12\" is too short");
  EXPECT_EQ(body.at("code"), "number-invalid");
  EXPECT_EQ(problem(431, Error(ErrorCode::TooLarge, "")).status, 431);
}

TEST(Http, WritesTheHeadOfAnAnswer) {
  const auto head = response_head({201, "text/plain", "abc", {{"X-A", "b\r\nX-Evil: c"}}}, "close");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 201 Created\r\nDate: "));
  EXPECT_THAT(head, HasSubstr(" GMT\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nX-A: b  X-Evil: c\r\n"
                              "Connection: close\r\n\r\n"));
  EXPECT_THAT(response_head({599, "", ""}, ""), StartsWith("HTTP/1.1 599 \r\n"));
}

TEST(Http, WritesTheHeadOfARequest) {
  EXPECT_EQ(request_head("POST", "/a", "host:1", {{"X", "y\nz"}}, 0),
            "POST /a HTTP/1.1\r\nHost: host:1\r\nX: y z\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(request_head("GET", "/", "[::1]:1", {}, 0), "GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n");
}

TEST(Http, ALoggablePathShowsNoNumberAndNoQuery) {
  EXPECT_EQ(loggable_path("/v1/suppressions/+12025550123:remove"), "/v1/suppressions/+1202***23:remove");
  EXPECT_EQ(loggable_path("/v1/suppressions/972501234567?token=x"), "/v1/suppressions/97250***67");
  EXPECT_EQ(loggable_path("/v1/calls/01JDX5T3ZQ8M4N7R2W6Y9BVKCE/dtmf_1"),
            "/v1/calls/01JDX5T3ZQ8M4N7R2W6Y9BVKCE/dtmf_1");
  EXPECT_EQ(loggable_path("/"), "/");
  EXPECT_EQ(loggable_path(""), "");
}

}  // namespace
}  // namespace carillon::net
