#include "asterisk/ami_message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace carillon::asterisk {
namespace {

std::vector<std::string> parse(const std::vector<std::string>& pieces) {
  AmiParser parser;
  std::vector<std::string> seen;
  for (const auto& piece : pieces) {
    parser.feed(piece);
    while (auto message = parser.next()) {
      seen.push_back(std::string(message->get("Event")) + "/" + std::string(message->get("Note")));
    }
  }
  return seen;
}

TEST(AmiParser, ReadsMessagesAfterTheBanner) {
  EXPECT_EQ(parse({"Asterisk Call Manager/11.0.0\r\nEvent: UserEvent\r\nNote: a:b: c\r\n\r\nEvent: Hangup\r\n\r\n"}),
            (std::vector<std::string>{"UserEvent/a:b: c", "Hangup/"}));
}

TEST(AmiParser, AnySplitOfTheBytesGivesTheSameMessages) {
  rc::check([](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& seeds) {
    std::string text =
        "Event: One\r\nNote: x\r\n\r\nnonsense\r\n: empty key\r\nEvent: Two\r\nNote: y:z\r\n\r\n\r\nEvent: Three\n\n";
    for (const auto& [a, b] : seeds) text += static_cast<char>(a), text += static_cast<char>(b);
    const auto whole = parse({text});
    std::vector<std::string> pieces;
    std::string rest = text;
    while (!rest.empty()) {
      const auto size = std::min<std::size_t>(rest.size(), static_cast<std::size_t>(*rc::gen::inRange(1, 9)));
      pieces.push_back(rest.substr(0, size));
      rest.erase(0, size);
    }
    RC_ASSERT(parse(pieces) == whole);
  });
}

TEST(AmiParser, ALineBeyondTheBoundIsDroppedAndReadingGoesOn) {
  AmiParser parser;
  for (int i = 0; i < 1000; ++i) parser.feed(std::string(1000, 'x'));
  parser.feed("\r\nEvent: After\r\n\r\n");
  EXPECT_EQ(parser.next()->get("event"), "After");
  EXPECT_EQ(parser.dropped_lines(), 1u);
}

TEST(AmiParser, AMessageWithTooManyHeadersKeepsTheFirst) {
  AmiParser parser;
  for (int i = 0; i < 5000; ++i) parser.feed("K" + std::to_string(i) + ": v\r\n");
  parser.feed("\r\n");
  EXPECT_EQ(parser.next()->size(), AmiParser::kMaxHeaders);
}

TEST(AmiAction, NoValueCanBeginAHeaderOfItsOwn) {
  const auto wire = AmiAction("Originate").add("CallerID", "x\r\nAction: Command\nCommand: core stop now").to_wire();
  EXPECT_EQ(wire, "Action: Originate\r\nCallerID: x  Action: Command Command: core stop now\r\n\r\n");
}

TEST(AmiAction, VariablesAreQuoted) {
  const auto wire = AmiAction("Originate").variable("A", "a,b;\"c\"\\ ${SHELL(id)}\r\nX: y").to_wire();
  EXPECT_EQ(wire, "Action: Originate\r\nVariable: A=\"a,b;\\\"c\\\"\\\\ ${SHELL(id)}  X: y\"\r\n\r\n");
}

TEST(AmiAction, AVariableTooLongForAsteriskIsCutInsideItsQuotes) {
  const auto wire = AmiAction("Originate").variable("A", std::string(5000, 'x')).to_wire();
  EXPECT_LT(wire.size(), 1000u);
  EXPECT_EQ(wire.substr(wire.size() - 6), "x\"\r\n\r\n");
}

}  // namespace
}  // namespace carillon::asterisk
