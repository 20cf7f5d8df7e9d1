#include "engine/logs/filter_pattern.h"

#include <gtest/gtest.h>

#include "engine/logs/event_text.h"
#include "engine/logs/regex.h"

namespace engine::logs {
namespace {

struct Case {
  std::string_view pattern, message, expected;
};

// "yes", "no", or the error.
std::string result(std::string_view pattern, std::string_view message) {
  const auto parsed = FilterPattern::parse(pattern);
  if (!parsed) return parsed.error().code + ": " + parsed.error().message;
  EventText event;
  event.set(message);
  return parsed->matches(event) ? "yes" : "no";
}

void check(std::initializer_list<Case> cases) {
  for (const auto& [pattern, message, expected] : cases) {
    EXPECT_EQ(result(pattern, message), expected) << pattern << " / " << message;
  }
}

constexpr std::string_view kBadTerm = "InvalidParameterException: Invalid character(s) in term '";
void check_refused(std::initializer_list<std::pair<std::string_view, std::string_view>> cases) {
  for (const auto& [pattern, why] : cases) {
    EXPECT_NE(result(pattern, "{}").find(why), std::string::npos) << pattern << ": " << result(pattern, "{}");
  }
}

TEST(FilterPattern, Terms) {
  check({{"", "anything", "yes"},
         {"\" \"", "anything", "yes"},
         {"ERROR", "[ERROR] x", "yes"},
         {"ERROR", "error", "no"},
         {"ERROR x", "x then ERROR", "yes"},
         {"ERROR y", "x then ERROR", "no"},
         {"\"then ERROR\"", "x then ERROR", "yes"},
         {"\"a \\\"b\\\"\"", "a \"b\"", "yes"},
         {"\"a\\d\"", "a\\d", "yes"},
         {"ERROR -x", "ERROR x", "no"},
         {"ERROR -\"x y\"", "ERROR x", "yes"},
         {"-x", "y", "yes"},
         {"?WARN ?ERROR", "a WARN", "yes"},
         {"?WARN ?ERROR", "INFO", "no"},
         {"?WARN ?ERROR REQUEST", "INFO REQUEST", "yes"},  // the ? are ignored, as AWS's page says
         {"?WARN -x", "INFO", "yes"}});
  check_refused({{"a.b", std::string(kBadTerm) + "a.b'"},
                 {"-", std::string(kBadTerm) + "-'"},
                 {"\"a\"b", std::string(kBadTerm) + "\"a\"b'"},
                 {"\"a", "Invalid filter pattern: a quotation mark is missing"}});
}

constexpr std::string_view kTrail =
    R"({"eventType": "UpdateTrail", "someString": "111.111.111.111", "someInt": 123, "someFloat": 12.34, "whole": 12.0,
        "arrayKey": ["value", "another value"], "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "someNull": null, "flag": true, "off": false, "cluster.name": "c", "nested": {"a-b_c": {"d": [[0, 1], [4]]}},
        "escaped": "error \"message\"", "someObject": {}, "someArray": []})";

// The rows are those of AWS's page on the syntax and of public tests that were run against TestMetricFilter of AWS.
TEST(FilterPattern, JsonComparesAsAwsDoes) {
  const auto row = [](std::string_view pattern, std::string_view expected) {
    EXPECT_EQ(result(pattern, kTrail), expected) << pattern;
  };
  for (const char* pattern : {
           "{ $.eventType = \"UpdateTrail\" }",
           "{$.eventType=UpdateTrail}",
           "{ $.someString = 111.111.111.111 }",
           "{ $.someString != 111*111 }",
           "{ $.someString = \"*\" }",
           "{ $.someString = * }",
           "{ $.someString = *.111.111.111 }",
           "{ $.someString = 111* }",
           "{ $.someString = \"*11.1*\" }",
           "{ $.someString != \"222*\" }",
           "{ $.someInt = \"123\" }",
           "{ $.someInt != \"123.0\" }",
           "{ $.someInt = 123.0 }",
           "{ $.someInt = 1.23e+2 }",
           "{ $.someInt = 12* }",
           "{ $.someInt = *23 }",
           "{ $.someInt != *1 }",
           "{ $.someInt > 1 }",
           "{ $.someInt >= +123 }",
           "{ $.someInt < 1000 }",
           "{ $.someFloat <= 12.34 }",
           "{ $.someFloat = \"12.*\" }",
           "{ $.whole = 12 }",
           "{ $.whole != \"12\" }",
           "{ $.arrayKey[0] = \"value\" }",
           "{ $.objectList[1].id    = 2 }",
           "{ $.someNull IS NULL }",
           "{ $.flag IS TRUE }",
           "{ $.off IS FALSE }",
           "{ $.flag = true }",
           "{ $.other NOT EXISTS         }",
           "{ $.other.deep NOT EXISTS }",
           "{ $.['cluster.name'] = \"c\" }",
           "{ $.nested.a-b_c.d[0][1] = 1 }",
           "{ $.objectList[*].name = \"b\" }",
           "{ $.* = UpdateTrail }",
           "{ $.escaped = \"error \\\"message\\\"\" }",
           "{ $.eventType = %Tra[a-z]l% }",
           "{ $.arrayKey[*] = %val.{2}% }",
           "{ $.eventType != %^Trail% }",
           "{ ($.someInt = 123) && ($.arrayKey[1] = \"another value\") }",
           "{ $.someInt = 123 || $.someInt = 1 && $.someInt = 2 }",
           "{ $.someInt = 1 || ($.flag IS TRUE) }",
       }) {
    row(pattern, "yes");
  }
  for (const char* pattern : {
           "{ $.other = \"x\" }",
           "{ $.other != \"x\" }",
           "{ $.someNull != \"x\" }",
           "{ $.someNull NOT EXISTS }",
           "{ $.someObject = \"x\" }",
           "{ $.someObject != \"x\" }",
           "{ $.someArray != x }",
           "{ $.someObject = * }",
           "{ $.someInt != 123 }",
           "{ $.someInt != \"123\" }",
           "{ $.someInt = \"123.00\" }",
           "{ $.eventType >= 123 }",
           "{ $.someString = 11*1 }",
           "{ $.flag[0] = \"value\" }",
           "{ $.objectList[1].number = 2 }",
           "{ $.objectList[2].id = 1 }",
           "{ $.flag IS FALSE }",
           "{ $.flag IS NULL }",
           "{ $.objectList[*].id NOT EXISTS }",
           "{ $.cluster.name = \"c\" }",
           "{ ($.someInt = 123 || $.someInt = 1) && $.someInt = 2 }",
       }) {
    row(pattern, "no");
  }
  check({{"{ $.a = 1 }", "{\"a\": 1} trailing", "no"},
         {"{ $.a = 1 }", "[{\"a\": 1}]", "no"},
         {"{ $.a = 1 }", "  {\"a\": 1}\n", "yes"},
         {"{ $.a NOT EXISTS }", "no JSON", "no"}});
}

TEST(FilterPattern, JsonNumbersOfAnySize) {
  check({{"{ $.l = ERROR }", R"({"id": 123456789012345678901234567890, "l": "ERROR"})", "yes"},
         {"{ $.id > 5 }", R"({"id": 123456789012345678901234567890, "x": "\\\"1e999"})", "yes"},
         {"{ $.id < 5 }", R"({"id": -123456789012345678901234567890})", "yes"},
         {"{ $.t IS TRUE }", R"({"id": [1e999, -1E999], "t": true})", "yes"},
         {"{ $.id[0] = 1e* }", R"({"id": [1e999]})", "yes"},
         {"{ $.l = x }", R"({"l": "x", "id": 2024-01-02})", "no"},
         {"{ $.l = x }", R"({"l": "x", "id": 012345678901234567890123})", "no"},
         {"{ $.l = x }", R"({"l": "x", "id": 1e999, "unclosed": "\)", "no"}});
}

TEST(FilterPattern, JsonRefusals) {
  check_refused({{"{ $.a = 1", "Invalid filter pattern: a closing } is missing"},
                 {"{ $.a = 1 } x", "something stands behind its end"},
                 {"{ a = 1 }", "a property selector ($.name) is missing"},
                 {"{ $ = 1 }", "a property selector must name a property"},
                 {"{ $.a. = 1 }", "a property selector has an empty name"},
                 {"{ $.a[x] = 1 }", "an index must be"},
                 {"{ $.a[*].* = 1 }", "only one wildcard"},
                 {"{ $.*=1 || $.*=2 || $.*=3 || $.*=4 }", "only three wildcard selectors"},
                 {"{ $.a }", "one of = != < <= > >= is missing"},
                 {"{ $.a = }", "a value is missing"},
                 {"{ $.a = x/y }", std::string(kBadTerm) + "x/y'"},
                 {"{ $.a > \"5\" }", std::string(kBadTerm) + "\"5\"'"},
                 {"{ $.a >= Update }", std::string(kBadTerm) + "Update'"},
                 {"{ $.a EXISTS }", "EXISTS is not supported, write $.a = *"},
                 {"{ $.a IS NOT NULL }", "only NULL, TRUE or FALSE can follow IS"},
                 {"{ ($.a = 1 }", "a closing parenthesis is missing"},
                 {"{ $.a = %a(b)% }", "in the regular expression a(b)"},
                 {"{ $.a = %a% || $.a = %b% || $.a = %c% }", "only two regular expressions"},
                 {"{ " + std::string(40, '(') + "$.a = 1" + std::string(40, ')') + " }", "nested too deeply"}});
}

constexpr std::string_view kAccess =
    "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";

TEST(FilterPattern, Fields) {
  check({{"[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", kAccess, "yes"},
         {"[..., request =*.html*, status_code = 4*, bytes]", kAccess, "yes"},
         {"[ip, ..., status_code = 404 || status_code = 410, bytes > 1000]", kAccess, "yes"},
         {"[ip, ..., status_code != 404 && status_code != 410, bytes]", kAccess, "no"},
         {"[..., status_code, bytes <= 1533.5]", kAccess, "no"},
         {"[ip=%127\\.0\\.0\\.[1-9]%, ...]", kAccess, "yes"},
         {"[a, b, c, d, e, f, g, h]", kAccess, "no"},
         {"[a, b, c, d, e, f, g, ...]", kAccess, "yes"},
         {"[w1=ERROR, w2]", "ERROR 09/25/2014 12:00:02 Failed to process request", "yes"},
         {"[w1=ERROR, w2=*request]", "ERROR 09/25/2014 12:00:02 Failed to process request", "yes"},
         {"[w1=ERROR, w2]", "ERROR", "no"},
         {"[w1=ERROR || w1=WARNING, w2]", "WARNING x", "yes"},
         {"[w1!=ERROR && w1!=WARNING, w2]", "INFO x", "yes"},
         {"[, level=\"a b\"]", "1 \"a b\"", "yes"},
         {"[a=\"[x\", b]", "[x \"y", "yes"},
         {"[]", "anything", "yes"}});
  check_refused({{"[a, b", "a closing ] is missing"},
                 {"[..., a, ...]", "only one ellipsis"},
                 {"[a, a]", "two fields have the same name"},
                 {"[a=1 && b=2]", "a condition must be about the field it stands in"},
                 {"[7]", "must not be a number"},
                 {"[a > x]", std::string(kBadTerm) + "x'"}});
}

TEST(FilterPattern, ExtractsWhatItNames) {
  const auto extract = [](std::string_view pattern, std::string_view message) {
    EventText event;
    event.set(message);
    std::string out;
    for (const auto& [key, value] : FilterPattern::parse(pattern)->extract(event)) out += key + "=" + value + ";";
    return out;
  };
  EXPECT_EQ(extract("[..., request, status_code = 4*, size]", kAccess),
            "$1=127.0.0.1;$2=Prod;$3=frank;$4=10/Oct/2000:13:25:15 -0700;$request=GET /index.html HTTP/1.0;"
            "$status_code=404;$size=1534;");
  EXPECT_EQ(extract("[ip, , rest]", "1 2 \"3 3\" 4 "), "$ip=1;$2=2;$rest=\"3 3\" 4;");
  EXPECT_EQ(extract("{ $.whole = * && $.objectList[*].name = \"b\" || $.someNull IS NULL }", kTrail),
            "$.whole=12.0;$.objectList[*].name=a;");
  EXPECT_EQ(extract("ERROR", "ERROR"), "");
}

TEST(Regex, FindsInLinearTime) {
  const auto found = [](std::string_view expression, std::string_view text) {
    const auto regex = Regex::parse(expression);
    return regex ? std::string(regex->found_in(text) ? "yes" : "no") : regex.error();
  };
  for (const auto& [expression, text, expected] :
       std::initializer_list<Case>{{"AUTHORIZED", "[ERROR 401] UNAUTHORIZED REQUEST", "yes"},
                                   {"^[hc]at", "hat", "yes"},
                                   {"^[hc]at", "a hat", "no"},
                                   {"[hc]at$", "a hat", "yes"},
                                   {"[hc]at$", "hats", "no"},
                                   {"^a$", "a", "yes"},
                                   {"colou?r", "color", "yes"},
                                   {"^[abcx-z]$", "y", "yes"},
                                   {"^a{3,5}$", "aa", "no"},
                                   {"^a{3,5}$", "aaaaa", "yes"},
                                   {"^a{3,5}$", "aaaaaa", "no"},
                                   {"^a{2}$", "aa", "yes"},
                                   {"^a{2,}b$", "aaaab", "yes"},
                                   {"^a{2,}b$", "ab", "no"},
                                   {"^a{,2}b$", "b", "yes"},
                                   {"^starting|^initializing|^shutting down", "skipping initializing", "no"},
                                   {"^starting|^initializing|^shutting down", "shutting down x", "yes"},
                                   {"abcc|ab[^c]$", "xaba", "yes"},
                                   {"abcc|ab[^c]$", "aac", "no"},
                                   {"\\[.\\]", "a []] b", "yes"},
                                   {"10\\.10\\.0\\.1", "10010,051", "no"},
                                   {"^ab*c$", "ac", "yes"},
                                   {"^ab+c$", "ac", "no"},
                                   {"^\\d\\D\\s\\S\\w\\W$", "1a\tb_-", "yes"},
                                   {"\\x3A\\x28", "a:(", "yes"},
                                   {"^gr.n$", "grün", "yes"},
                                   {"[^a]", "ü", "yes"},
                                   {"a!", "",
                                    "only letters, digits, white space and :_#=@/;,- may be in it, and the "
                                    "operators ^$?[]{}|\\*+."},
                                   {"*a", "", "the operator * has nothing to work on"},
                                   {"a|", "", "an alternative is empty"},
                                   {"[a", "", "the closing ] is missing"},
                                   {"a{3,1}", "", "a count must be {m}, {m,}, {,n} or {m,n}"},
                                   {"a{900}", "", "it is too long"},
                                   {"\\q", "", "there is no escape \\q"}}) {
    EXPECT_EQ(found(expression, text), expected) << expression << " / " << text;
  }
  // More steps than one word has bits.
  const auto as = [](std::size_t count) { return std::string(count, 'a'); };
  EXPECT_EQ(found("^a{70}b{,70}c$", as(70) + "c"), "yes");
  EXPECT_EQ(found("^a{70}b{,70}c$", as(70) + std::string(70, 'b') + "c"), "yes");
  EXPECT_EQ(found("^a{70}b{,70}c$", as(70) + std::string(71, 'b') + "c"), "no");
  EXPECT_EQ(found("^a{70}b{,70}c$", as(69) + "c"), "no");
  EXPECT_EQ(found("^a{63}$|^a{64,}b$|^c?d?$", as(64) + "b"), "yes");
  EXPECT_EQ(found("^a{63}$|^a{64,}b$|^c?d?$", as(63) + "b"), "no");
  EXPECT_EQ(found("^a{63}$|^a{64,}b$|^c?d?$", as(63)), "yes");
  EXPECT_EQ(found("^a{63}$|^a{64,}b$|^c?d?$", ""), "yes");
  EXPECT_EQ(found("^a{63}$|^a{64,}b$|^c?d?$", as(1)), "no");
  // A backtracking matcher would take longer than the universe has existed.
  EXPECT_EQ(found("a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')), "no");
}

// What a byte of a message costs is known beforehand, and small: the ways to match are bits of few words.
TEST(Regex, WorkIsKnown) {
  std::string thirty;
  for (int i = 0; i < 30; ++i) thirty += "[ab]*";
  EXPECT_EQ(Regex::parse(thirty)->work(), 1u);
  EXPECT_EQ(Regex::parse("a{256}")->work(), 5u);
  const auto work = [](std::string_view pattern) { return FilterPattern::parse(pattern)->work(); };
  EXPECT_EQ(work(""), 1u);
  EXPECT_EQ(work("a b -c ?d"), 4u);
  EXPECT_EQ(work("%" + thirty + "%"), 1u);
  EXPECT_EQ(work("{ $.a = 1 && $.b = %c{100}% }"), 2u + 2u + 3u);
  EXPECT_EQ(work("[a = 1, b, c = 1* || c = %x%]"), 2u + 3u);
}

// find() would look at each of the text's characters as often as the term is long.
TEST(Terms, AreFoundInLinearTime) {
  EXPECT_FALSE(occurs_in(std::string(1'000'000, 'a'), std::string(500, 'a') + "b"));
  EXPECT_TRUE(occurs_in(std::string(1'000'000, 'a') + "b", std::string(500, 'a') + "b"));
  EXPECT_TRUE(occurs_in("", ""));
}

// Quotation marks and brackets that are never closed are looked for once, not once per field.
TEST(EventText, ManyUnclosedFieldsAreReadQuickly) {
  std::string message;
  for (int i = 0; i < 200'000; ++i) message += "[ ";
  message += "\"x y";
  EventText event;
  event.set(message);
  EXPECT_EQ(event.fields().size(), 200'002u);
}

}  // namespace
}  // namespace engine::logs
