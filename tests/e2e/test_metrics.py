"""GET /metrics: what the engine tells a monitoring system of itself, in OpenMetrics."""
import json
import re
import urllib.error
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from botocore.exceptions import ClientError
from till_process import EXAMPLE, PATIENCE, REGION, ROOT, eventually, make_client, till


def scrape(server, path="/metrics"):
    """Every sample by name and labels; the parser refuses what is not OpenMetrics."""
    with urllib.request.urlopen(server.endpoint + path, timeout=20 * PATIENCE) as answer:
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        text = answer.read().decode()
    assert text.endswith("# EOF\n")
    return {(sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def value(samples, name, **labels):
    """The sum over all samples with these labels."""
    return sum(number for (its_name, its_labels), number in samples.items()
               if its_name == name and labels.items() <= dict(its_labels).items())


def test_requests_are_counted_by_operation_and_outcome(serve):
    server = serve()
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    for call in (lambda: sqs.get_queue_url(QueueName="nobody"),
                 make_client("sqs", server.endpoint, secret="wrong").list_queues):
        with pytest.raises(ClientError):
            call()
    samples = scrape(server)
    requests = "till_requests_total"
    assert value(samples, requests, service="sqs", operation="SendMessage", outcome="ok") == 3
    assert value(samples, requests, operation="GetQueueUrl", outcome="client_error") == 1
    assert value(samples, requests, operation="ListQueues", outcome="refused") == 1
    assert value(samples, "till_refused_total", reason="signature", kind="signature") == 1
    assert value(samples, "till_request_duration_seconds_count", service="sqs") == value(samples, requests, service="sqs") == 6
    assert value(samples, "till_request_duration_seconds_sum", service="sqs") > 0
    assert value(samples, "till_request_body_bytes_total") > 100
    assert scrape(server, "/_till/metrics").keys() == samples.keys()


def test_nobody_makes_series_by_asking_for_what_is_not_here(serve):
    server = serve()
    before = scrape(server).keys()
    for i in range(50):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{server.endpoint}/?Action=Nothing{i}", timeout=20 * PATIENCE)
        request = urllib.request.Request(server.endpoint, headers={"Host": f"host{i}.example"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=20 * PATIENCE)
    after = scrape(server)
    assert len(after.keys() - before) <= 1
    assert value(after, "till_requests_total", service="unknown", operation="unknown") == 50
    assert value(after, "till_refused_total", reason="route") == 50
    assert value(after, "till_http_refused_total", status="403") == 50


def test_the_bucket_of_that_name_is_reached(serve):
    server = serve()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="metrics")
    s3.put_object(Bucket="metrics", Key="k", Body=b"x")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="metrics")["Contents"]] == ["k"]
    for version in ("s3", "s3v4"):
        url = server.client("s3", signature_version=version).generate_presigned_url(
            "list_objects", Params={"Bucket": "metrics"})
        with urllib.request.urlopen(url, timeout=20 * PATIENCE) as answer:
            assert b"<ListBucketResult" in answer.read()
    assert value(scrape(server), "till_requests_total", operation="ListObjects", outcome="ok") == 2


def test_store_process_and_disk(serve):
    server = serve()
    server.client("sqs").create_queue(QueueName="q")
    samples = scrape(server)
    for name in ("till_store_commits_total", "till_store_log_bytes_total", "till_store_sync_duration_seconds_count",
                 "till_store_size_bytes", "till_disk_free_bytes", "till_disk_size_bytes", "process_open_fds",
                 "process_start_time_seconds", "till_connections", "till_build"):
        assert value(samples, name) > 0, name
    assert value(samples, "process_resident_memory_bytes") > 10 << 20
    assert value(samples, "till_workers", state="busy") >= 1, "the one that answers this"
    assert value(scrape(serve("--memory", data=server.data.parent / "none")), "till_build") == 1


def test_queues_and_a_parked_call(serve):
    server = serve()
    sqs = server.client("sqs")
    urls = [sqs.create_queue(QueueName=f"q{i}")["QueueUrl"] for i in range(105)]
    for _ in range(3):
        sqs.send_message(QueueUrl=urls[0], MessageBody="x")
    sqs.send_message(QueueUrl=urls[0], MessageBody="x", DelaySeconds=600)
    sqs.receive_message(QueueUrl=urls[0])
    samples = scrape(server)
    for state, count in (("visible", 2), ("in_flight", 1), ("delayed", 1)):
        assert value(samples, "till_queue_messages", queue="q0", region=REGION, state=state) == count
    assert sum(name == "till_queue_oldest_age_seconds" for name, _ in samples) == 100
    assert value(samples, "till_queue_messages", queue="other") == 0
    eventually(lambda: value(scrape(server), "till_queue_oldest_age_seconds", queue="q0") > 0)


def test_functions_and_orders(serve):
    server = serve()
    assert till("run", EXAMPLE, "--endpoint", server.endpoint).code == 0
    def counted():
        samples = scrape(server)
        done = value(samples, "till_orders_total", outcome="OrdersProcessed", stack="tillstream")
        return samples if done == 100 else None
    samples = eventually(counted, what="100 orders")
    assert value(samples, "till_orders_total", outcome="OrdersQuarantined") == 4
    assert value(samples, "till_function_invocations_total", function="tillstream-ingest") == 1
    assert value(samples, "till_function_errors_total") == value(samples, "till_function_throttles_total") == 0


def test_the_dashboard_shows_what_is_there(serve):
    server = serve()
    assert till("run", EXAMPLE, "--endpoint", server.endpoint).code == 0
    with pytest.raises(ClientError):
        make_client("sqs", server.endpoint, secret="wrong").list_queues()
    text = (ROOT / "docs" / "grafana.json").read_text()
    shown = {name for panel in json.loads(text)["panels"] for target in panel["targets"]
             for name in re.findall(r"\b(?:till|process)_\w+", target["expr"])}
    eventually(lambda: value(scrape(server), "till_orders_total") > 0)
    there = {name for name, _ in scrape(server)}
    assert shown and shown <= there
    page = (ROOT / "docs" / "monitoring.md").read_text()
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in there}
    assert not {name for name in families if f"`{name}`" not in page}, "all of them are in docs/monitoring.md"
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown} == families, "and on the dashboard"
