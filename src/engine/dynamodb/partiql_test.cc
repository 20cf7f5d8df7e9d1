// PartiQL through the service's interface.
#include <gtest/gtest.h>

#include <set>

#include "base/manual/manual_env.h"
#include "engine/dynamodb/partiql_parser.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/test_values.h"
#include "store/memory/memory_store.h"

namespace engine::dynamodb {
namespace {

using Parameters = std::vector<AttributeValue>;

class PartiqlTest : public ::testing::Test {
 protected:
  PartiqlTest() {
    context.now = env.clock.now();
    context.account = "123456789012";
    context.region = "eu-west-1";
    context.principal.arn = "arn:aws:sts::123456789012:assumed-role/r/s";
    create("tab", false);
    create("rng", true);
  }
  void create(const std::string& name, bool with_range) {
    wire::CreateTableInput in;
    in.table_name = name;
    in.billing_mode = "PAY_PER_REQUEST";
    const auto attribute = [&](std::string attribute_name, std::string type) {
      auto& d = in.attribute_definitions ? in.attribute_definitions->emplace_back()
                                         : in.attribute_definitions.emplace().emplace_back();
      d.attribute_name = std::move(attribute_name);
      d.attribute_type = std::move(type);
    };
    const auto key = [](std::optional<std::vector<wire::KeySchemaElement>>& schema, std::string attribute_name,
                        std::string type) {
      auto& e = schema ? schema->emplace_back() : schema.emplace().emplace_back();
      e.attribute_name = std::move(attribute_name);
      e.key_type = std::move(type);
    };
    attribute("p", "S");
    key(in.key_schema, "p", "HASH");
    if (with_range) {
      attribute("r", "N");
      attribute("g", "S");
      key(in.key_schema, "r", "RANGE");
      auto& index = in.global_secondary_indexes.emplace().emplace_back();
      index.index_name = "byg";
      key(index.key_schema, "g", "HASH");
      index.projection.emplace().projection_type = "ALL";
    }
    const auto made = service.create_table(context, std::move(in));
    ASSERT_TRUE(made) << made.error().message;
  }
  base::Result<wire::ExecuteStatementOutput> run(std::string text, Parameters parameters = {}) {
    wire::ExecuteStatementInput in;
    in.statement = std::move(text);
    if (!parameters.empty()) in.parameters = std::move(parameters);
    in.return_values_on_condition_check_failure = "ALL_OLD";
    return service.execute_statement(context, std::move(in));
  }
  // The items as "p/r,p/r", or the error.
  std::string keys(const std::string& text, Parameters parameters = {}) {
    const auto out = run(text, std::move(parameters));
    if (!out) return out.error().code + ": " + out.error().message;
    std::string shown;
    for (const Item& item : *out->items)
      shown += (shown.empty() ? "" : ",") + item.find("p")->s() + (item.find("r") ? "/" + item.find("r")->n() : "");
    return shown;
  }
  std::string error(const std::string& text, Parameters parameters = {}) {
    const auto out = run(text, std::move(parameters));
    return out ? "" : out.error().code + ": " + out.error().message;
  }
  Item get(const std::string& p) {
    wire::GetItemInput in;
    in.table_name = "tab";
    in.key = Item{{"p", S(p)}};
    const auto out = service.get_item(context, std::move(in));
    return out && out->item ? *out->item : Item();
  }
  static wire::BatchStatementRequest request(std::string text, Parameters parameters = {}) {
    wire::BatchStatementRequest r;
    r.statement = std::move(text);
    if (!parameters.empty()) r.parameters = std::move(parameters);
    r.return_values_on_condition_check_failure = "ALL_OLD";
    return r;
  }
  // The responses as "ok" or their codes.
  std::string batch(std::vector<wire::BatchStatementRequest> requests) {
    wire::BatchExecuteStatementInput in;
    in.statements = std::move(requests);
    in.return_consumed_capacity = "TOTAL";
    const auto out = service.batch_execute_statement(context, std::move(in));
    if (!out) return out.error().code + ": " + out.error().message;
    last = *out;
    std::string shown;
    for (const auto& response : *out->responses)
      shown += (shown.empty() ? "" : " ") + (response.error ? *response.error->code : std::string("ok"));
    return shown;
  }

  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  std::set<std::string> denied;  // "Verb resource", of roles
  DynamoDbService service{
      *store, env.env, {.role_may = [this](const aws::Context&, std::string_view action, const std::string& resource) {
        return !denied.contains(std::string(action) + " " + resource);
      }}};
  aws::Context context;
  wire::BatchExecuteStatementOutput last;
};

constexpr const char* kBad = "ValidationException: Statement wasn't well formed, can't be processed: ";

TEST_F(PartiqlTest, InsertTakesEffectOnce) {
  const auto first =
      run("INSERT INTO \"tab\" VALUE {'p': ?, 'n': -1.50e1, 'l': [1, ?, {'x': true}], 's': <<'a','b'>>, 'z': NULL}",
          {S("k"), S("q")});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->items->empty());
  EXPECT_TRUE(same_item(get("k"), {{"p", S("k")},
                                   {"n", N("-15")},
                                   {"l", L({N(1), S("q"), M({{"x", Bool(true)}})})},
                                   {"s", SS({"a", "b"})},
                                   {"z", Null()}}));
  EXPECT_EQ(error("INSERT INTO tab VALUE {'p': 'k'}"), "DuplicateItemException: Duplicate primary key exists in table");
  EXPECT_EQ(get("k").size(), 5u);
}

TEST_F(PartiqlTest, WrongStatementsAreRefusedAndChangeNothing) {
  const std::string bad = kBad;
  const std::string invalid = "ValidationException: ";
  const std::pair<std::string, std::string> cases[] = {
      {"", bad + "Expected data manipulation"},
      {"DROP TABLE tab", bad + "Expected data manipulation"},
      {"INSERT INTO tab VALUES ('k')", bad + "Unexpected keyword"},
      {"INSERT INTO tab VALUE {'p': 'k'} x", bad + "Unexpected token after expression"},
      {"INSERT INTO tab VALUE {'p': 'k'", bad + "Expected }"},
      {"INSERT INTO tab VALUE {'p': # }", bad},
      {"INSERT INTO tab VALUE {\"p\": 'k'}", bad + "Expected a string as the name of an attribute"},
      {"INSERT INTO tab VALUE {'p': 'k', 'p': 'l'}", invalid + "The attribute p is given more than once"},
      {"INSERT INTO tab VALUE {'p': 'k', 'n': 1e126}",
       invalid + "Number overflow. Attempting to store a number with magnitude larger than supported range under root"},
      {"INSERT INTO tab VALUE {'p': 'k', 'm': {'x': [1, 1e126]}}",
       invalid +
           "Number overflow. Attempting to store a number with magnitude larger than supported range under root.x[1]"},
      {"INSERT INTO tab VALUE {'p': 'k', 's': <<>>}", invalid + "Empty bags are not supported"},
      {"INSERT INTO tab VALUE {'p': 'k', 's': <<1, 'a'>>}",
       invalid + "DynamoDB only supports either numbers or strings in bags"},
      {"INSERT INTO tab VALUE {'x': 'k'}",
       invalid + "One or more parameter values were invalid: Missing the key p in the item"},
      {"INSERT INTO tab VALUE {'p': 1}",
       invalid + "One or more parameter values were invalid: Type mismatch for key p expected: S actual: N"},
      {"INSERT INTO tab VALUE {'p': ?}", invalid + "Number of parameters in request and statement don't match."},
      {"INSERT INTO none VALUE {'p': 'k'}", "ResourceNotFoundException: Requested resource not found"},
      {"DELETE FROM tab", invalid + "Where clause does not contain a mandatory equality on all key attributes"},
      {"DELETE FROM tab WHERE a = 1",
       invalid + "Where clause does not contain a mandatory equality on all key attributes"},
      {"DELETE FROM tab WHERE p = 'k' OR p = 'l'",
       invalid + "Where clause does not contain a mandatory equality on all key attributes"},
      {"DELETE FROM rng WHERE p = 'k' AND r > 1",
       invalid + "Where clause does not contain a mandatory equality on all key attributes"},
      {"DELETE FROM tab WHERE p = 1",
       invalid + "Key attribute's data type should match its data type in table's schema"},
      {"DELETE FROM tab t WHERE p = 'k'", invalid + "Aliasing is not supported"},
      {"DELETE FROM tab WHERE p = 'k' RETURNING ALL NEW *", invalid + "DELETE can only have RETURNING ALL OLD *"},
      {"UPDATE tab SET p = 'x' WHERE p = 'k'",
       invalid +
           "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key"},
      {"UPDATE tab SET a = foo(b) WHERE p = 'k'", invalid + "Unsupported function: foo"},
      {"UPDATE tab SET a = 1, a = 2 WHERE p = 'k'",
       invalid +
           "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], "
           "path two: [a]"},
      {"UPDATE tab WHERE p = 'k'", bad + "Expected SET or REMOVE"},
      {"SELECT a FROM tab WHERE EXISTS(SELECT * FROM tab)",
       invalid + "Unsupported function: EXISTS (outside of ExecuteTransaction)"},
      {"SELECT COUNT(*) FROM tab", invalid + "Unsupported function: COUNT"},
      {"SELECT * FROM tab WHERE a LIKE 'x'", invalid + "Unsupported operator: LIKE"},
      {"SELECT * FROM tab WHERE a IS STRING",
       invalid + "Unsupported type after IS: STRING (NULL and MISSING are supported)"},
      {"SELECT * FROM tab ORDER BY p", invalid + "Must have WHERE clause in the statement when using ORDER BY clause."},
      {"SELECT * FROM tab WHERE a = 1 ORDER BY p",
       invalid + "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."},
      {"SELECT * FROM tab WHERE p = 'k' ORDER BY a",
       invalid + "Variable reference a in ORDER BY clause must be part of the primary key"},
      {"SELECT * FROM tab.nope", invalid + "The table does not have the specified index"},
      {"SELECT * FROM tab WHERE a BETWEEN 2 AND 1",
       invalid + "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
                 "operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
      {"SELECT * FROM tab WHERE begins_with(a, 1)",
       invalid + "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
      {"SELECT * FROM tab WHERE " + std::string(400, '(') + "a = 1", invalid + "The statement nests too deep"},
      {"SELECT * FROM tab WHERE a = " + std::string(9000, '1'),
       invalid +
           "1 validation error detected: Value at 'statement' failed to satisfy constraint: Member must have length "
           "less than or equal to 8192"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(error(text), expected) << text.substr(0, 99);
  EXPECT_EQ(keys("SELECT * FROM tab"), "");
}

TEST_F(PartiqlTest, SelectsByKeyIndexAndCondition) {
  for (int i = 1; i <= 5; ++i)
    ASSERT_TRUE(run("INSERT INTO rng VALUE {'p': ?, 'r': ?, 'g': ?, 'm': {'l': [?]}}",
                    {S(i <= 3 ? "a" : "b"), N(i), S(i % 2 == 0 ? "even" : "odd"), N(i * 10)}));
  const std::pair<std::string, std::string> cases[] = {
      {"SELECT * FROM rng WHERE p = 'a'", "a/1,a/2,a/3"},
      {"SELECT * FROM rng WHERE p = 'a' ORDER BY r DESC", "a/3,a/2,a/1"},
      {"SELECT * FROM rng WHERE p = 'a' AND r >= 2 AND r < 3", "a/2"},
      {"SELECT * FROM rng WHERE 2 < r AND p = 'a'", "a/3"},
      {"SELECT * FROM rng WHERE p = 'a' AND r IN [1, 3]", "a/1,a/3"},
      {"SELECT * FROM rng WHERE p = 'a' AND r NOT IN (1, 3)", "a/2"},
      {"SELECT * FROM rng WHERE p = 'a' AND NOT (r = 2 OR r = 1)", "a/3"},
      {"SELECT * FROM rng WHERE p = 'a' AND r BETWEEN 1 AND 2", "a/1,a/2"},
      {"SELECT * FROM rng WHERE p = 'a' AND r NOT BETWEEN 1 AND 2", "a/3"},
      {"SELECT * FROM \"rng\".\"byg\" WHERE g = 'even' AND r > 3", "b/4"},
      {"SELECT * FROM rng WHERE p = 'b' AND m.l[0] = 50", "b/5"},
      {"SELECT * FROM rng WHERE p = 'b' AND size(m.l) = 1 AND contains(m.l, 40) -- note", "b/4"},
      {"SELECT * FROM rng WHERE p = 'b' AND q IS MISSING AND g IS NOT MISSING AND g IS NOT NULL;", "b/4,b/5"},
      {"SELECT * FROM rng WHERE p = 'b' AND begins_with(g, 'ev') AND attribute_type(g, 'S')", "b/4"},
      {"SELECT p, r FROM rng WHERE p = 'b' AND p <> 'b'", ""},
      {"SELECT * FROM rng WHERE p = 1",
       "ValidationException: One or more parameter values were invalid: Condition parameter type does not match schema "
       "type"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(keys(text), expected) << text;
  EXPECT_EQ(keys("SELECT * FROM rng WHERE r = ?", {N(4)}), "b/4") << "a scan";
  const auto part = run("SELECT m.l[0], \"g\" FROM rng WHERE p = 'b' AND r = 4");
  ASSERT_TRUE(part);
  EXPECT_TRUE(same_item(part->items->at(0), {{"l[0]", N(40)}, {"g", S("even")}}));
}

TEST_F(PartiqlTest, SelectGoesOnWithItsToken) {
  for (int i = 1; i <= 7; ++i) ASSERT_TRUE(run("INSERT INTO rng VALUE {'p': 'a', 'r': ?}", {N(i)}));
  wire::ExecuteStatementInput in;
  in.statement = "SELECT r FROM rng WHERE p = 'a' AND r <> 2";
  in.limit = 3;
  std::string seen;
  int pages = 0;
  do {
    const auto out = service.execute_statement(context, in);
    ASSERT_TRUE(out) << out.error().message;
    for (const Item& item : *out->items) seen += item.find("r")->n();
    in.next_token = out->next_token;
    EXPECT_EQ(out->next_token.has_value(), out->last_evaluated_key.has_value());
    ++pages;
  } while (in.next_token && pages < 9);
  EXPECT_EQ(seen, "134567");
  EXPECT_EQ(pages, 3);
  in.statement = "SELECT * FROM rng";
  in.limit = 2;
  in.next_token = service.execute_statement(context, in)->next_token;
  in.statement = "SELECT * FROM tab";
  EXPECT_FALSE(service.execute_statement(context, in)) << "another statement's token";
  in.next_token = "AAAA";
  EXPECT_FALSE(service.execute_statement(context, in));
  in.statement = "DELETE FROM tab WHERE p = 'k'";
  EXPECT_FALSE(service.execute_statement(context, in)) << "a write has no pages";
}

TEST_F(PartiqlTest, UpdatesAndDeletesWhatIsThere) {
  EXPECT_EQ(error("UPDATE tab SET a = 1 WHERE p = 'k'"),
            "ConditionalCheckFailedException: The conditional request failed");
  ASSERT_TRUE(run("INSERT INTO tab VALUE {'p': 'k', 'n': 5, 's': <<'x'>>, 'l': [1], 'old': 1}"));
  const auto updated =
      run("UPDATE tab SET n = n - ? SET s = set_add(s, <<'y'>>), l = list_append(l, ['e']) REMOVE old "
          "WHERE p = 'k' AND n = 5 RETURNING MODIFIED NEW *",
          {N(2)});
  ASSERT_TRUE(updated) << updated.error().message;
  ASSERT_EQ(updated->items->size(), 1u);
  EXPECT_TRUE(same_item(updated->items->at(0), {{"n", N(3)}, {"s", SS({"x", "y"})}, {"l", L({N(1), S("e")})}}));
  EXPECT_FALSE(get("k").contains("old"));
  const auto refused = run("UPDATE tab SET n = 0 WHERE p = 'k' AND n = 5");
  ASSERT_FALSE(refused);
  const auto* detail = aws::ShapeDetail::find<wire::ConditionalCheckFailedException>(refused.error());
  ASSERT_TRUE(detail != nullptr && detail->item);
  EXPECT_EQ(detail->item->find("n")->n(), "3");
  EXPECT_EQ(
      error("UPDATE tab SET s = set_add(s, 1) WHERE p = 'k'"),
      "ValidationException: Incorrect operand type for operator or function; operator or function: set_add, operand "
      "type: N");
  EXPECT_EQ(error("DELETE FROM tab WHERE p = 'k' AND n = 7"),
            "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(error("DELETE FROM tab WHERE p = 'none' AND n = 7"), "") << "nothing there, nothing to check";
  const auto deleted = run("DELETE FROM tab WHERE p = 'k' AND contains(s, 'y') RETURNING ALL OLD *");
  ASSERT_TRUE(deleted && deleted->items->size() == 1);
  EXPECT_TRUE(get("k").empty());
}

TEST_F(PartiqlTest, BatchOfInsertsIsOneWriteAndEachStandsAlone) {
  const std::string insert = "INSERT INTO tab VALUE {'p': ?, 'n': ?}";
  ASSERT_TRUE(run(insert, {S("2"), N(0)}));
  const auto before = store->last_written();
  EXPECT_EQ(batch({request(insert, {S("1"), N(1)}), request(insert, {S("2"), N(2)}), request(insert, {S("3")}),
                   request(insert, {N(4), N(4)}), request("nonsense"), request("INSERT INTO none VALUE {'p': 'k'}"),
                   request("DELETE FROM tab WHERE p = 'gone'"), request("UPDATE tab SET n = 1 WHERE p = 'gone2'"),
                   request(insert, {S("5"), N(5)})}),
            "ok DuplicateItem ValidationError ValidationError ValidationError ResourceNotFound ok "
            "ConditionalCheckFailed ok");
  EXPECT_EQ(store->last_written(), before + 1);
  const auto& existing = last.responses->at(1).error;
  EXPECT_EQ(*existing->message, "Duplicate primary key exists in table");
  EXPECT_EQ(existing->item->find("n")->n(), "0");
  EXPECT_EQ(*last.responses->at(0).table_name, "tab");
  EXPECT_EQ(get("1").find("n")->n() + get("2").find("n")->n() + get("5").find("n")->n(), "105");
  ASSERT_EQ(last.consumed_capacity->size(), 1u);
  EXPECT_EQ(*last.consumed_capacity->at(0).capacity_units, 3);
  wire::DescribeTableInput describe;
  describe.table_name = "tab";
  EXPECT_EQ(*service.describe_table(context, describe)->table->item_count, 3);
}

TEST_F(PartiqlTest, EachStatementOfABatchIsRefusedByItself) {
  const std::string tables = "arn:aws:dynamodb:eu-west-1:123456789012:table/";
  denied = {"dynamodb:PartiQLInsert " + tables + "rng", "dynamodb:PartiQLSelect " + tables + "rng/index/byg",
            "dynamodb:PartiQLDelete " + tables + "tab"};
  const std::string insert = "INSERT INTO rng VALUE {'p': ?, 'r': 1}";
  EXPECT_EQ(batch({request("INSERT INTO tab VALUE {'p': 'a'}"), request(insert, {S("b")}), request(insert, {S("c")}),
                   request("DELETE FROM tab WHERE p = 'x'"), request("nonsense")}),
            "ok AccessDenied AccessDenied AccessDenied ValidationError");
  EXPECT_EQ(*last.responses->at(1).error->message,
            "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: dynamodb:PartiQLInsert on "
            "resource: " +
                tables + "rng because no identity-based policy allows the dynamodb:PartiQLInsert action");
  EXPECT_FALSE(get("a").empty());
  EXPECT_EQ(keys("SELECT * FROM rng"), "");
  EXPECT_EQ(batch({request("SELECT * FROM tab WHERE p = 'a'"), request("SELECT * FROM rng.byg WHERE g = 'a'")}),
            "ok AccessDenied");
}

TEST_F(PartiqlTest, BatchOverTablesAndItsLimits) {
  EXPECT_EQ(batch({request("INSERT INTO tab VALUE {'p': 'a'}"), request("INSERT INTO rng VALUE {'p': 'a', 'r': 1}"),
                   request("INSERT INTO tab VALUE {'p': 'b'}"), request("INSERT INTO rng VALUE {'p': 'a', 'r': 2}")}),
            "ok ok ok ok");
  EXPECT_EQ(batch({request("INSERT INTO tab VALUE {'p': 'c'}"), request("DELETE FROM tab WHERE p = 'c'")}),
            "ValidationException: Provided list of item keys contains duplicates");
  EXPECT_TRUE(get("c").empty());
  EXPECT_EQ(
      batch({request("SELECT * FROM tab WHERE p = 'a'"), request("DELETE FROM tab WHERE p = 'c'")}),
      "ValidationException: BatchExecuteStatement API does not support both read and write operations in the same "
      "request.");
  EXPECT_EQ(batch({}),
            "ValidationException: 1 validation error detected: Value at 'statements' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1");
  EXPECT_FALSE(batch(std::vector(26, request("INSERT INTO tab VALUE {'p': 'd'}"))).starts_with("ok"));
  EXPECT_EQ(batch({request("SELECT * FROM rng WHERE p = 'a' AND r = 2"), request("SELECT * FROM rng WHERE p = 'a'"),
                   request("SELECT p FROM tab WHERE p = 'none'"), request("SELECT p FROM tab WHERE p = ?", {S("b")}),
                   request("SELECT p FROM tab WHERE p = 'b' AND x = 1")}),
            "ok ValidationError ok ok ok");
  EXPECT_EQ(last.responses->at(0).item->find("r")->n(), "2");
  EXPECT_EQ(*last.responses->at(1).error->message,
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause.");
  EXPECT_FALSE(last.responses->at(2).item);
  EXPECT_TRUE(last.responses->at(3).item);
  EXPECT_FALSE(last.responses->at(4).item);
}

TEST_F(PartiqlTest, RowsSurviveARestart) {
  EXPECT_EQ(batch({request("INSERT INTO rng VALUE {'p': 'a', 'r': 1, 'g': 'x'}"),
                   request("INSERT INTO rng VALUE {'p': 'a', 'r': 2, 'g': 'x'}")}),
            "ok ok");
  DynamoDbService again(*store, env.env);
  wire::ExecuteStatementInput in;
  in.statement = "SELECT * FROM rng.byg WHERE g = 'x'";
  EXPECT_EQ(again.execute_statement(context, in)->items->size(), 2u);
  wire::DescribeTableInput describe;
  describe.table_name = "rng";
  EXPECT_EQ(*again.describe_table(context, describe)->table->item_count, 2);
}

}  // namespace
}  // namespace engine::dynamodb
