// What a statement is about, and which permissions a request full of statements needs.
#include "aws/partiql.h"

#include <gtest/gtest.h>

#include "aws/dynamodb/dynamodb.h"
#include "aws/resource.h"

namespace aws {
namespace {

std::string target_text(std::string_view statement) {
  const auto tokens = partiql_tokens(statement);
  const auto target = partiql_target(tokens);
  if (!target) return "-";
  return std::string(verb_name(target->verb)) + " " + target->table +
         (target->index.empty() ? "" : " by " + target->index) + " then " + std::string(tokens[target->behind].raw);
}

TEST(Partiql, Targets) {
  const std::pair<const char*, const char*> cases[] = {
      {"INSERT INTO \"my-table\" VALUE {'a': ?}", "Insert my-table then VALUE"},
      {"insert into Music value {}", "Insert Music then value"},
      {"SELECT * FROM \"t\".\"i\" WHERE a = 1", "Select t by i then WHERE"},
      {"SELECT a, \"from\" FROM t", "Select t then "},
      {"-- DELETE FROM x\nUPDATE /* y */ t SET a = 1", "Update t then SET"},
      {"DELETE FROM \"arn:aws:dynamodb:eu-west-1:1:table/t\" WHERE a = 1",
       "Delete arn:aws:dynamodb:eu-west-1:1:table/t then WHERE"},
      {"UPDATE \"a\"\"b\" SET a = 1", "Update a\"b then SET"},
      {"DELETE FROM t.i WHERE a = 1", "Delete t then ."},
      {"SELECT 'FROM x' FROM t", "Select t then "},
      {"", "-"},
      {"SELECT * FROM", "-"},
      {"SELECT *", "-"},
      {"INSERT t", "-"},
      {"INSERT INTO 't' VALUE {}", "-"},
      {"DROP TABLE t", "-"},
      {"SELECT * FROM \"t", "-"},
      {"FROM t SET a = 1", "-"},
  };
  for (const auto& [statement, expected] : cases) EXPECT_EQ(target_text(statement), expected) << statement;
}

TEST(Partiql, Tokens) {
  using Kind = PartiqlToken::Kind;
  const auto tokens = partiql_tokens("a.b[0] <> 'it''s' AND x >= -.5e-3 <<?>> /* end");
  std::string text;
  for (const auto& token : tokens) text += std::string(token.raw) + "|";
  EXPECT_EQ(text, "a|.|b|[|0|]|<>|'it''s'|AND|x|>=|-|.5e-3|<<|?|>>|||");
  EXPECT_EQ(tokens[7].value(), "it's");
  EXPECT_EQ(tokens[tokens.size() - 2].kind, Kind::wrong);
  EXPECT_EQ(partiql_tokens("a # b")[1].kind, Kind::wrong);
  EXPECT_EQ(partiql_tokens("'open")[0].kind, Kind::wrong);
}

TEST(Partiql, EveryStatementNeedsItsOwnPermission) {
  Context context;
  context.region = "eu-west-1";
  context.account = "123456789012";
  dynamodb::BatchExecuteStatementInput in;
  for (const char* text : {"INSERT INTO a VALUE {'p': ?}", "INSERT INTO a VALUE {'p': ?}", "DELETE FROM b WHERE p = 1",
                           "nonsense", "INSERT INTO a VALUE {'p': 7}", "SELECT * FROM a.i WHERE p = 1",
                           "SELECT * FROM \"arn:aws:dynamodb:eu-west-1:9:table/c\" WHERE p = 1"})
    in.statements ? (void)(in.statements->emplace_back().statement = text)
                  : (void)(in.statements.emplace().emplace_back().statement = text);
  const OperationDesc& operation = *dynamodb::kService.find("BatchExecuteStatement");
  std::string out;
  for (const Access& access : accesses(operation, &in, context))
    out += access.action + " " + access.resources[0] + "\n";
  EXPECT_EQ(out,
            "dynamodb:PartiQLInsert arn:aws:dynamodb:eu-west-1:123456789012:table/a\n"
            "dynamodb:PartiQLDelete arn:aws:dynamodb:eu-west-1:123456789012:table/b\n"
            "dynamodb:PartiQLSelect arn:aws:dynamodb:eu-west-1:123456789012:table/a/index/i\n"
            "dynamodb:PartiQLSelect arn:aws:dynamodb:eu-west-1:9:table/c\n");
  dynamodb::GetItemInput get;
  get.table_name = "t";
  const auto one = accesses(*dynamodb::kService.find("GetItem"), &get, context);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].action + " " + one[0].resources[0],
            "dynamodb:GetItem arn:aws:dynamodb:eu-west-1:123456789012:table/t");
}

}  // namespace
}  // namespace aws
