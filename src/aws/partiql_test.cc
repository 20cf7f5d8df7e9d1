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

std::string access(const OperationDesc& operation, const void* in) {
  Context context;
  context.region = "eu-west-1";
  context.account = "123456789012";
  const auto found = access_of(operation, in, context);
  return found ? found->action + " " + found->resources[0] : "nothing";
}

TEST(Partiql, AStatementNeedsPermissionForWhatItDoes) {
  const OperationDesc& execute = *dynamodb::kService.find("ExecuteStatement");
  const std::string here = "arn:aws:dynamodb:eu-west-1:123456789012:table/";
  for (const auto& [statement, needs] : std::initializer_list<std::pair<const char*, std::string>>{
           {"INSERT INTO a VALUE {'p': ?}", "dynamodb:PartiQLInsert " + here + "a"},
           {"DELETE FROM b WHERE p = 1", "dynamodb:PartiQLDelete " + here + "b"},
           {"nonsense", "nothing"},
           {"SELECT * FROM a.i WHERE p = 1", "dynamodb:PartiQLSelect " + here + "a/index/i"},
           {"SELECT * FROM \"arn:aws:dynamodb:eu-west-1:9:table/c\" WHERE p = 1",
            "dynamodb:PartiQLSelect arn:aws:dynamodb:eu-west-1:9:table/c"}}) {
    dynamodb::ExecuteStatementInput in;
    in.statement = statement;
    EXPECT_EQ(access(execute, &in), needs) << statement;
  }
  EXPECT_EQ(access(*dynamodb::kService.find("BatchExecuteStatement"), nullptr), "nothing") << "the service asks";
}

TEST(Access, AnOrdinaryOperationNeedsItsActionOnItsResource) {
  dynamodb::QueryInput in;
  in.table_name = "t";
  const OperationDesc& query = *dynamodb::kService.find("Query");
  const std::string table = "dynamodb:Query arn:aws:dynamodb:eu-west-1:123456789012:table/t";
  EXPECT_EQ(access(query, &in), table);
  in.index_name = "i";
  EXPECT_EQ(access(query, &in), table + "/index/i");
  in.table_name = "arn:aws:dynamodb:eu-west-1:9:table/c";
  EXPECT_EQ(access(query, &in), "dynamodb:Query arn:aws:dynamodb:eu-west-1:9:table/c/index/i");
  in.index_name.reset();
  EXPECT_EQ(access(query, &in), "dynamodb:Query arn:aws:dynamodb:eu-west-1:9:table/c");
}

}  // namespace
}  // namespace aws
