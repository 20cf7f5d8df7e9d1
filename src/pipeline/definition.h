// Definition: what the file till.toml says: how a shop's records become orders. It is read as a whole and every fault
// is told with its line. The part that functions need travels inside their packages as the same text, so that one
// reader reads it on both sides. A value; reading is pure and safe from any thread.
//
//   [orders]
//   format = "json"                        # or "csv", "tsv"
//   records = "/orders"                    # of JSON that comes in pages: where their array of records stands
//   delimiter = ";"                        # of CSV; a comma else
//   group_by = "Name"                      # of CSV: rows with the same cell there are one order
//
//   [order]
//   id = ["/id", "{/channel}-{/number}"]   # the first that is there and not empty; JSON Pointers, names, templates
//   amount = "/total_price"
//   amount_style = "plain"                 # or "point" (1,234.50), "comma" (1.234,50), "detect"
//   amount_units = "major"                 # or "minor": cents, by the currency's digits in ISO 4217
//   minor_digits = { UGX = 2 }             # where the shop counts otherwise
//   currency_sign = false                  # "EUR 5", "5 €"
//   currency = "/currency"
//   default_currency = "EUR"
//   currencies = ["EUR", "USD"]            # others are refused
//   item = "/line_items/0/title"
//   item_required = false
//   customer = "/email"
//   type = "/kind"
//   refund_types = ["refund"]
//   occurred_at = "/created_at"
//   zero = "quarantine"                    # or "accept"
//   negative = "quarantine"                # or "accept", "refund"
//   version = "/updated_at"                # a newer one replaces the order; a time or a number
//   schema = "order.schema.json"           # beside this file: a JSON Schema that records have to meet
//
//   [[rules]]                              # of notifications, any number; without them the threshold decides
//   name = "large-eur"                     # its topic is <stack>-rule-large-eur
//   filter = '{"amount":[{"numeric":[">",50000]}],"currency":["EUR"]}'  # a filter policy of SNS
//   subject = "{transaction_id}: {amount} {currency}"
//   text = "..."                           # without it a JSON object
//   emails = ["shop@example.com"]
//   webhooks = ["https://example.com/hook"]
//
//   [intake]                               # orders by webhook
//   verify = "hmac"                        # or "timestamped" (t=...,v1=...), "nobody"
//   header = "X-Shopify-Hmac-Sha256"
//   encoding = "base64"                    # or "hex"
//   secret_variable = "SHOPIFY_SECRET"     # of the environment of `till up`
//   tolerance = 300                        # seconds; of "timestamped"
//   records = "/data/object"               # where in the body the order or the list of orders stands
//
//   [notifications]                        # who hears of the alarms, of large orders, and of rules that name nobody
//   emails = ["shop@example.com"]
//   webhooks = []
//
//   [stack]                                # stack_settings.h
//   name = "shop"
//   region = "eu-west-1"
//   endpoint = "aws"                       # or a URL
//   profile = "shop"                       # of the AWS CLI's shared files; without an endpoint it means AWS
//   tags = { team = "shop" }
//   log_retention_days = 30
//   maximum_concurrency = 16               # process functions at once
//   batch_size = 10                        # orders that one of them gets
//   functions_package = "functions-arm64.zip"  # in the place of those in this program
//   batch_window = 0                       # seconds that a batch may wait for more
//
//   [alarms]                               # stack_settings.h
//   errors = 1
//   emails = ["admin@example.com"]         # without these and webhooks: those of [notifications]
//
//   [email]                                # email_settings.h: real mail from an engine of ours
//   smtp = "smtp://mail.example.com:587"   # or smtps://; user and password: TILL_SMTP_USER, TILL_SMTP_PASSWORD
//   from = "shop@example.com"
//   starttls = true                        # of smtp://; false is for a server on this machine
//   public_url = "https://till.example.com"  # where links in mails lead
//
//   [functions.process]                    # stage.h; also of ingest and sweep
//   code = "my.zip"                        # beside this file; also a directory or one file
//   runtime = "python3.12"
//   handler = "my.handle"
//   timeout = 10
//   memory = 256
//   environment = { SHOP = "main" }
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/email_settings.h"
#include "pipeline/intake_settings.h"
#include "pipeline/mapping.h"
#include "pipeline/notification_rule.h"
#include "pipeline/record_splitter.h"
#include "pipeline/stack_settings.h"
#include "pipeline/stage.h"

namespace pipeline {

inline constexpr std::string_view kDefinitionName = "till.toml";  // of the file, also inside a package
// A variable of the functions, for people and for commands: which definition their packages have.
inline constexpr std::string_view kDefinitionVariable = "TILL_DEFINITION";
inline constexpr std::string_view kOriginalDefinition = "original";   // its value if they have none
inline constexpr std::string_view kSchemaName = "order.schema.json";  // of the schema inside a package
// Its value for this text and the schema that it names: the beginning of their SHA-256.
std::string definition_id(std::string_view toml, std::string_view schema);

struct Definition {
  DocumentFormat documents;
  Mapping mapping = original_mapping();
  NotificationRules rules;
  std::vector<std::string> emails;
  std::vector<std::string> webhooks;
  std::optional<IntakeSettings> intake;  // none: no webhooks come in
  StackSettings stack;
  AlarmSettings alarms;
  EmailSettings email;
  std::vector<Stage> stages;  // those that the file says something of
  std::string schema;         // the text of [order] schema; empty: none is named
};

// A key that can be in the file, and what it says or, in line 0, what holds as it is not there.
struct DefinitionEntry {
  std::string key;   // "order.amount_style", "rules[1].name" (from 1)
  std::string json;  // empty: nothing
  uint32_t line = 0;
};

struct DefinitionFault {
  uint32_t line = 0;  // from 1; 0 if no line is to blame
  std::string message;
};

// Reads a file that the definition names, whose path begins at the definition's directory. The error is for people.
// Without it there are none.
using NamedFiles = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// The faults are in the order of their lines; of text that is no TOML there is one. `entries`, if it is not null, gets
// every key of the sections that are there or mean something when they are not.
std::expected<Definition, std::vector<DefinitionFault>> read_definition(
    std::string_view toml, const NamedFiles& files = {}, std::vector<DefinitionEntry>* entries = nullptr);

}  // namespace pipeline
