#include "aws/xml.h"

#include <gtest/gtest.h>

#include <random>

namespace carillon::aws {
namespace {

TEST(Xml, ReadsAnAnswer) {
  const auto root = parse_xml(
      "<?xml version=\"1.0\"?>\n<!-- c --><s:PublishResponse xmlns:s='http://sns/?a>b'><PublishResult>"
      "<MessageId> a&amp;b&#x5D0;&#65; </MessageId><Empty/><Row>1</Row><Row><![CDATA[<2>]]></Row></PublishResult>"
      "</s:PublishResponse>\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "PublishResponse");
  EXPECT_EQ(root->value("PublishResult/MessageId"),
            " a&b\xD7\x90"
            "A ");
  EXPECT_EQ(root->value("PublishResult/Empty"), "");
  EXPECT_EQ(root->value("PublishResult/None/Deeper"), "");
  const auto rows = root->child("PublishResult")->all("Row");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1]->text, "<2>");
}

TEST(Xml, RefusesWhatIsNotWellFormedOrDangerous) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  std::string wide = "<a>";
  for (int i = 0; i < 100'001; ++i) wide += "<b/>";
  const std::string cases[] = {
      "",
      "text",
      "<",
      "<a",
      "<a>",
      "<a></b>",
      "<a><b></a></b>",
      "<a/><b/>",
      "<a>&unknown;</a>",
      "<a>&#0;</a>",
      "<a>&#xD800;</a>",
      "<a>&#99999999999;</a>",
      "<a>&amp</a>",
      "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
      "<a><!ENTITY b 'c'></a>",
      "<a x='></a>",
      "<a><![CDATA[x</a>",
      "<!-- <a/>",
      "< a/>",
      "<:/>",
      deep,
      wide + "</a>",
      "<a>" + std::string(9 * 1024 * 1024, 'x') + "</a>",
  };
  for (const auto& text : cases) EXPECT_FALSE(parse_xml(text)) << text.substr(0, 60);
}

// Whatever a broken or hostile server sends: an answer or an error, never more (the sanitizers watch).
TEST(Xml, SurvivesDamagedAnswers) {
  const std::string whole =
      "<?xml version='1.0'?><R xmlns='x'><A><Id>1&#x41;&amp;</Id><!-- c --><B/></A><![CDATA[y]]></R>";
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = whole;
    for (int change = 0; change < 3; ++change) {
      const auto at = random() % damaged.size();
      switch (random() % 3) {
        case 0: damaged[at] = "<>&;/!?'\"[]-x "[random() % 14]; break;
        case 1: damaged.erase(at, 1 + random() % 4); break;
        default: damaged.insert(at, whole.substr(random() % whole.size(), random() % 8)); break;
      }
      if (damaged.empty()) damaged = "<";
    }
    static_cast<void>(parse_xml(damaged));
  }
}

}  // namespace
}  // namespace carillon::aws
