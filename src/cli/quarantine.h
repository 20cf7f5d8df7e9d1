// The rows of the quarantine table as commands choose them. Used from one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/row_scan.h"
#include "cli/session.h"

namespace cli {

// Which of the orders in quarantine. All that is given has to hold, but ids stand for themselves.
struct QuarantineQuery {
  std::vector<std::string> ids;  // beginnings of body_sha256
  std::string reason, upload, since, until;
  bool all = false;  // for who chooses by nothing else
};

// How people call a row: the beginning of its body_sha256.
std::string short_id(const pipeline::Item& row);
// For people: waiting, sending, fixed, discarded.
std::string state_of(const pipeline::Item& row);
// Somebody has dealt with it.
bool is_done(const pipeline::Item& row);
// Somebody is about to send it, or has been killed over it less than a minute ago: it is that one's.
bool is_claimed(Session& session, const pipeline::Item& row);

// Rows that nobody has dealt with.
void require_undone(RowFilter& filter);
// What the query says but for its ids. The error is for people.
std::expected<RowFilter, std::string> filter_of(const QuarantineQuery& query, base::Timestamp now);

// The row whose body_sha256 begins with `id`. kOk, or the user has been told that there is none, or more than one.
int find_quarantined(Session& session, const std::string& id, pipeline::Item& row);

// Whether a record of exactly this text is or was in quarantine.
base::Result<bool> is_quarantined(Session& session, const std::string& text);

// Calls `each` with the rows that a command is to change, none of them done, until it answers false or fails. kUsage if
// nothing is chosen; kOk, or the user has been told.
int for_each_chosen(Session& session, const QuarantineQuery& query,
                    const std::function<base::Result<bool>(pipeline::Item&)>& each);

// The record whole, as it can be sent to the queue; the error says for people why it cannot.
std::expected<std::string, std::string> record_of(const pipeline::Item& row);

// Gives the row that state, if it still is as the caller has seen it, and notes the time in `row`: the caller has seen
// that, too. With a `fixed_body` that is kept; DISCARDED takes the body away. False: somebody else has changed it, or
// has dealt with it.
base::Result<bool> set_state(Session& session, pipeline::Item& row, std::string_view state,
                             const std::string& fixed_body = {});

// Sends the text to the orders queue as an order of the row's source.
base::Result<void> send_order(Session& session, const pipeline::Item& row, const std::string& text);
// Sends the record as it is, and takes the row away unless it has been refused again by then. False: the row is not
// what the caller has seen any more, and nothing was sent. A failure leaves the row, and may have sent the record: to
// do it again does no harm, because the source says that it is the same order.
base::Result<bool> send_again(Session& session, pipeline::Item& row, const std::string& text);

}  // namespace cli
