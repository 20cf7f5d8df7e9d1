#include <gtest/gtest.h>

#include "aws/codec/xml_shape.h"
#include "aws/s3/shapes.h"

namespace aws::codec {
namespace {

std::string text(std::string_view raw) {
  std::string out;
  write_xml_text(raw, out);
  return out;
}

TEST(Xml, EscapesText) {
  EXPECT_EQ(text("a<b>&\"c'\r\n\t"), "a&lt;b&gt;&amp;&quot;c'&#xD;\n\t");
  EXPECT_EQ(text("\x01"), "&#x1;");
  EXPECT_EQ(text("é€😀"), "é€😀");
  EXPECT_EQ(text("\xC3x\xFF"), "\xEF\xBF\xBDx\xEF\xBF\xBD");
}

TEST(Xml, ReadsWhatClientsWrite) {
  s3::Delete in;
  // A prefix, a declaration, comments, CDATA, white space in a key.
  const auto read =
      read_xml_request(s3::Delete::desc(),
                       "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><n:Delete "
                       "xmlns:n=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n  <n:Object><Key> </Key></n:Object>"
                       "<Object><Key>a&amp;&#x42;<!-- & --><![CDATA[<&c]]></Key></Object>"
                       "<Quiet>true</Quiet></n:Delete>\n",
                       "Delete", &in);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(in.objects->size(), 2U);
  EXPECT_EQ(in.objects->at(0).key, " ");
  EXPECT_EQ(in.objects->at(1).key, "a&B<&c");
  EXPECT_EQ(in.quiet, true);
}

TEST(Xml, RefusesHostileText) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  std::string balanced = "<Delete>";
  for (int i = 0; i < 40; ++i) balanced += "<a>";
  for (int i = 0; i < 40; ++i) balanced += "</a>";
  std::string wide = "<Delete>";
  for (std::size_t i = 0; i <= kXmlTagsMax; ++i) wide += "<a/>";
  const std::string kCases[] = {
      "",
      " ",
      "x",
      "<Delete>",
      "<Delete></Other>",
      "<Delete/><Delete/>",
      "<Delete/>x",
      "x<Delete/>",
      "<Delete>x</Delete>",
      "<!DOCTYPE a [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]><Delete>&m;</Delete>",
      "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Delete/>",
      "<Delete><Object><Key>&x;</Key></Object></Delete>",
      "<Delete><Object><Key>a&#0;b</Key></Object></Delete>",
      "<Delete><Object><Key>&#xD800;</Key></Object></Delete>",
      "<Delete><Object><Key>&#x110000;</Key></Object></Delete>",
      "<Delete><Object><Key>a & b</Key></Object></Delete>",
      "<Delete><Object><Key><b/></Key></Object></Delete>",
      "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
      "<Delete><Quiet>maybe</Quiet></Delete>",
      "<Delete><Loud>true</Loud></Delete>",
      "<Deletion><Quiet>true</Quiet></Deletion>",
      "<Delete><!-- </Delete>",
      "<Delete><![CDATA[ </Delete>",
      std::string("<Delete/>\0", 10),
      "<Delete>\xFF</Delete>",
      deep,
      balanced + "</Delete>",
      wide + "</Delete>",
  };
  for (const std::string& c : kCases) {
    s3::Delete in;
    const auto read = read_xml_request(s3::Delete::desc(), c, "Delete", &in);
    ASSERT_FALSE(read) << c.substr(0, 80);
    EXPECT_EQ(read.error().code, "MalformedXML");
    EXPECT_EQ(read.error().http_status, 400);
  }
}

TEST(Xml, TakesBothNamesOfAnElement) {
  for (const char* name : {"CloudFunction", "LambdaFunctionArn"}) {
    s3::LambdaFunctionConfiguration in;
    ASSERT_TRUE(read_xml_request(s3::LambdaFunctionConfiguration::desc(),
                                 std::string("<a><") + name + ">arn</" + name + "></a>", "", &in));
    EXPECT_EQ(in.lambda_function_arn, "arn");
  }
}

// An attribute with a prefix (S3's Grantee), described by hand: the operations generated so far have none.
struct Grantee {
  std::optional<std::string> type;
  std::optional<std::string> id;
};
struct Grant {
  std::optional<Grantee> grantee;
  std::optional<std::vector<std::string>> names;
  std::optional<Map<int32_t>> counts;
  std::optional<double> share;
  std::optional<std::string> refused;
};
constexpr TypeDesc kString = {
    .kind = Kind::string, .shape_name = "String", .holder = &OptionalHolder<std::string>::kAccess};
constexpr TypeDesc kInteger = {.kind = Kind::integer, .shape_name = "Integer"};
constexpr TypeDesc kDouble = {
    .kind = Kind::floating, .shape_name = "Double", .holder = &OptionalHolder<double>::kAccess};
constexpr ListAccess kNamesAccess = list_access<std::string>(&kString, "Name", false);
constexpr TypeDesc kNames = {.kind = Kind::list,
                             .shape_name = "Names",
                             .list = &kNamesAccess,
                             .holder = &OptionalHolder<std::vector<std::string>>::kAccess};
constexpr MapAccess kCountsAccess = map_access<int32_t>(&kInteger, "key", "value", false);
constexpr TypeDesc kCounts = {
    .kind = Kind::map, .shape_name = "Counts", .map = &kCountsAccess, .holder = &OptionalHolder<Map<int32_t>>::kAccess};

constexpr MemberDesc member(std::string_view name, const TypeDesc* type, uint16_t offset, bool attribute = false) {
  return {.name = name, .type = type, .offset = offset, .xml_attribute = attribute};
}
constexpr MemberDesc kGranteeMembers[] = {member("xsi:type", &kString, offsetof(Grantee, type), true),
                                          member("ID", &kString, offsetof(Grantee, id))};
constexpr StructDesc kGranteeStruct = {
    .name = "Grantee", .members = kGranteeMembers, .xml_namespace = "http://www.w3.org/2001/XMLSchema-instance"};
constexpr TypeDesc kGrantee = {.kind = Kind::structure,
                               .shape_name = "Grantee",
                               .structure = &kGranteeStruct,
                               .holder = &OptionalHolder<Grantee>::kAccess};
constexpr MemberDesc kGrantMembers[] = {member("Grantee", &kGrantee, offsetof(Grant, grantee)),
                                        member("Names", &kNames, offsetof(Grant, names)),
                                        member("Counts", &kCounts, offsetof(Grant, counts)),
                                        member("Share", &kDouble, offsetof(Grant, share)),
                                        {.name = "Refused", .type = nullptr}};
constexpr StructDesc kGrant = {.name = "Grant", .members = kGrantMembers};

TEST(Xml, WritesAndReadsEveryKindOfMember) {
  Grant grant;
  grant.grantee.emplace().type = "Canonical\"User";
  grant.grantee->id = "i";
  grant.names = {"a", "b"};
  grant.counts.emplace()["k"] = -1;
  grant.share = 2;
  std::string out;
  write_xml_members(kGrant, &grant, out);
  EXPECT_EQ(out,
            "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Canonical&quot;User\">"
            "<ID>i</ID></Grantee><Names><Name>a</Name><Name>b</Name></Names>"
            "<Counts><entry><key>k</key><value>-1</value></entry></Counts><Share>2.0</Share>");
  Grant back;
  ASSERT_TRUE(read_xml(kGrant, "<R><In>" + out + "</In><More/></R>", "In", &back));
  EXPECT_EQ(back.grantee->type, grant.grantee->type);
  EXPECT_EQ(back.grantee->id, "i");
  EXPECT_EQ(back.names, grant.names);
  EXPECT_EQ(*back.counts, *grant.counts);
  EXPECT_EQ(back.share, 2.0);

  const auto refused = read_xml_request(kGrant, "<R><Refused>x</Refused></R>", "R", &back);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "Unsupported");
  EXPECT_EQ(refused.error().message, "Refused");
  EXPECT_TRUE(read_xml(kGrant, "<R><Refused>x</Refused><Share/><More/></R>", "", &back));
  EXPECT_FALSE(read_xml_request(kGrant, "<R><Names><Nickname>x</Nickname></Names></R>", "R", &(back = {})));
  for (const char* bad : {"", "1x", "inf", "nan(1)", "0x1", " 1"})
    EXPECT_FALSE(read_xml_request(kGrant, std::string("<R><Share>") + bad + "</Share></R>", "R", &(back = {}))) << bad;
}

TEST(Xml, ReadsLeaves) {
  const auto leaves = read_xml_leaves("<R>t<E><Code>c</Code><Deep><x/></Deep><M/></E></R>", "E");
  ASSERT_TRUE(leaves);
  EXPECT_EQ(leaves->root, "R");
  EXPECT_EQ(leaves->text, "t");
  EXPECT_EQ(leaves->leaves, (std::vector<std::pair<std::string, std::string>>{{"Code", "c"}, {"M", ""}}));
  EXPECT_FALSE(read_xml_leaves("", ""));
}

TEST(ScalarText, Timestamps) {
  const TypeDesc type = {.kind = Kind::timestamp, .shape_name = "T"};
  const base::Timestamp t = base::from_epoch_milliseconds(1704164645678);
  const auto show = [&](TimestampFormat format, IsoDates dates, base::Timestamp at) {
    std::string out;
    append_scalar(type, format, dates, &at, out);
    return out;
  };
  using enum TimestampFormat;
  EXPECT_EQ(show(iso8601, IsoDates::seconds, t), "2024-01-02T03:04:05Z");
  EXPECT_EQ(show(iso8601, IsoDates::as_needed, t), "2024-01-02T03:04:05.678Z");
  EXPECT_EQ(show(iso8601, IsoDates::as_needed, base::from_epoch_seconds(1704164645)), "2024-01-02T03:04:05Z");
  EXPECT_EQ(show(iso8601, IsoDates::s3, t), "2024-01-02T03:04:05.000Z");
  EXPECT_EQ(show(rfc822, IsoDates::s3, t), "Tue, 02 Jan 2024 03:04:05 GMT");
  EXPECT_EQ(show(epoch_seconds, IsoDates::s3, t), "1704164645.678");
  for (const char* text : {"2024-01-02T03:04:05Z", "Tue, 02 Jan 2024 03:04:05 GMT", "1704164645", "1704164645.0"}) {
    base::Timestamp read;
    EXPECT_TRUE(parse_scalar(type, text, &read)) << text;
    EXPECT_EQ(base::to_epoch_milliseconds(read), 1704164645000);
  }
  for (const char* text : {"", "x", "1e300", "nan", "2024-13-01T00:00:00Z"}) {
    base::Timestamp read;
    EXPECT_FALSE(parse_scalar(type, text, &read)) << text;
  }
}

}  // namespace
}  // namespace aws::codec
