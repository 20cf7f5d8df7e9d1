#include "aws/copy.h"

#include <gtest/gtest.h>

#include "aws/dynamodb/dynamodb.h"
#include "aws/lambda/lambda.h"

namespace aws {
namespace {

TEST(Copy, IsEqualAndAnother) {
  using dynamodb::AttributeValue;
  dynamodb::PutItemInput put;
  put.table_name = "orders";
  put.item.emplace()["id"] = AttributeValue::of_s("a");
  (*put.item)["tags"] = AttributeValue::of_ss({"x", "y"});
  Map<AttributeValue> inner;
  inner["n"] = AttributeValue::of_n("12.50");
  (*put.item)["deep"] = AttributeValue::of_m(inner);
  (*put.item)["list"] = AttributeValue::of_l({AttributeValue::of_bool_(true), AttributeValue::of_null_(true)});
  put.expression_attribute_names.emplace()["#a"] = "b";
  dynamodb::PutItemInput other;
  copy(dynamodb::PutItemInput::desc(), &put, &other);
  EXPECT_EQ(other, put);
  (*other.item)["id"] = AttributeValue::of_s("b");
  EXPECT_NE(other, put);
}

TEST(Copy, KeepsWhatIsAbsentApartFromWhatIsEmpty) {
  lambda::CreateFunctionRequest create;
  create.timeout = 0;
  create.description = "";
  create.architectures.emplace();
  create.code.emplace().zip_file = std::string("PK\0\1", 4);
  create.environment.emplace();
  lambda::CreateFunctionRequest other;
  copy(lambda::CreateFunctionRequest::desc(), &create, &other);
  EXPECT_EQ(other, create);
  EXPECT_FALSE(other.memory_size.has_value());
  EXPECT_TRUE(other.architectures.has_value());
  EXPECT_EQ(other.code->zip_file->size(), 4U);
}

}  // namespace
}  // namespace aws
