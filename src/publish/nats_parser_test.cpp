#include "publish/nats_parser.h"

#include <gtest/gtest.h>

namespace carillon::publish {
namespace {

std::vector<std::string> parse(const std::string& text, std::size_t piece) {
  NatsParser parser;
  std::vector<std::string> said;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    parser.feed(std::string_view(text).substr(at, piece));
    for (;;) {
      const auto frame = parser.next();
      if (!frame) {
        said.emplace_back("error");
        return said;
      }
      if (!*frame) break;
      said.push_back(std::to_string(static_cast<int>((*frame)->kind)) + "|" + (*frame)->subject + "|" +
                     (*frame)->headers + "|" + (*frame)->payload);
    }
  }
  return said;
}

TEST(NatsParser, ReadsWhatAServerSendsHoweverItIsCut) {
  const std::string text =
      "INFO {\"headers\":true}\r\nPING\r\nMSG _INBOX.a.1 1 5\r\nhe\r\no\r\nMSG a 1 reply 0\r\n\r\n"
      "HMSG  b  1  16 18\r\nNATS/1.0 503\r\n\r\nok\r\n+OK\r\n-ERR 'no'\r\nPONG\r\n";
  const std::vector<std::string> wanted{"0|||{\"headers\":true}",
                                        "2|||",
                                        "1|_INBOX.a.1||he\r\no",
                                        "1|a||",
                                        "1|b|NATS/1.0 503\r\n\r\n|ok",
                                        "4|||",
                                        "5|||'no'",
                                        "3|||"};
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) EXPECT_EQ(parse(text, piece), wanted) << piece;
}

TEST(NatsParser, RefusesWhatIsNoNatsOrTooMuch) {
  for (const std::string text :
       {"HTTP/1.1 400 Bad Request\r\n", "MSG a 1\r\n", "MSG a 1 -5\r\n", "MSG a 1 99999999\r\n", "MSG a 1 x y z 1\r\n",
        "HMSG a 1 9 3\r\nabc\r\n", "MSG a 1 2\r\nabcd\r\n"}) {
    const auto said = parse(text, 1000);
    EXPECT_EQ(said, std::vector<std::string>{"error"}) << text;
  }
  EXPECT_EQ(parse(std::string(NatsParser::kMaxLine + 2, 'a'), 1000), std::vector<std::string>{"error"});
}

}  // namespace
}  // namespace carillon::publish
