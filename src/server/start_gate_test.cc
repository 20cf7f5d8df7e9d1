#include "server/start_gate.h"

#include <gtest/gtest.h>

#include <string>

namespace server {
namespace {

struct Targets final : aws::http::Handler {
  void handle(aws::http::Request request, aws::http::Responder respond) override {
    seen += request.target;
    respond({});
  }
  std::string seen;
};

// Point 11 of issue 9: the port listens before the services have started.
TEST(StartGate, WhatComesBeforeTheStartWaitsAndWhatComesAfterTheEndIsRefused) {
  Targets services;
  StartGate gate(services);
  std::string statuses;
  const auto ask = [&](const std::string& target) {
    gate.handle({"GET", target, {}, {}}, [&](const aws::http::Response& response) {
      statuses += std::to_string(response.status) + (response.close ? "c " : " ");
    });
  };
  ask("/1");
  ask("/2");
  EXPECT_EQ(services.seen + statuses, "");
  gate.open();
  EXPECT_EQ(services.seen + " " + statuses, "/1/2 200 200 ");
  ask("/3");
  gate.close();
  ask("/4");
  EXPECT_EQ(services.seen + " " + statuses, "/1/2/3 200 200 200 503c ");
}

TEST(StartGate, NoMoreThanSoManyWait) {
  Targets services;
  StartGate gate(services);
  int refused = 0;
  for (std::size_t i = 0; i < StartGate::kWaitingMax + 3; ++i)
    gate.handle({"GET", "/", {}, {}}, [&](const aws::http::Response& response) { refused += response.status == 503; });
  EXPECT_EQ(refused, 3);
  gate.close();
  EXPECT_EQ(refused, static_cast<int>(StartGate::kWaitingMax) + 3) << "an engine that never started answers too";
  EXPECT_EQ(services.seen, "");
}

}  // namespace
}  // namespace server
