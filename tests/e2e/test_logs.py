"""CloudWatch Logs through stock boto3: names, what PutLogEvents takes and rejects, pages, tags."""
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def group(logs, name):
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    yield name
    logs.delete_log_group(logGroupName=name)


def refusal(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def test_names_are_checked_in_the_words_of_aws(logs, group):
    too_long = ("InvalidParameterException",
                "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
    assert refusal(logs.create_log_group, logGroupName="x" * 513) == too_long
    assert refusal(logs.create_log_stream, logGroupName=group, logStreamName="x" * 513) == too_long
    code, message = refusal(logs.create_log_group, logGroupName="a b")
    assert code == "InvalidParameterException" and message.startswith("1 validation error detected: Value 'a b'")
    assert refusal(logs.create_log_group, logGroupName=group) == (
        "ResourceAlreadyExistsException", "The specified log group already exists")
    assert refusal(logs.create_log_stream, logGroupName=group, logStreamName="s") == (
        "ResourceAlreadyExistsException", "The specified log stream already exists")
    assert refusal(logs.describe_log_streams, logGroupName=group + "-none") == (
        "ResourceNotFoundException", "The specified log group does not exist.")
    assert refusal(logs.get_log_events, logGroupName=group, logGroupIdentifier=group, logStreamName="s") == (
        "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")


def test_names_and_prefixes_have_at_most_512_characters(logs, group):
    long = "x" * 513
    for call, arguments in ((logs.describe_log_groups, {"logGroupNamePrefix": long}),
                            (logs.describe_log_streams, {"logGroupName": group, "logStreamNamePrefix": long}),
                            (logs.filter_log_events, {"logGroupName": group, "logStreamNamePrefix": long}),
                            (logs.filter_log_events, {"logGroupName": group, "logStreamNames": [long]})):
        with pytest.raises(logs.exceptions.InvalidParameterException,
                           match="both must have length less than or equal to 512"):
            call(**arguments)


def test_events_that_are_put_and_rejected(logs, group):
    now = int(time.time() * 1000)

    def put(*events, **more):
        return logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
            {"timestamp": now + offset, "message": message} for offset, message in events], **more)

    assert "nextSequenceToken" in put((-2, "one"), (-1, "two"), sequenceToken="any")
    assert refusal(lambda: put((0, "b"), (-1, "a"))) == (
        "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
    assert put((0, "three"), (3 * 3_600_000, "late"))["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert put((-15 * 86_400_000, "early"))["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    page = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert [e["message"] for e in page["events"]] == ["one", "two", "three"]
    end = logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=page["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == page["nextForwardToken"]
    found = logs.filter_log_events(logGroupName=group, filterPattern="two")
    assert [e["message"] for e in found["events"]] == ["two"] and found["searchedLogStreams"] == []


def test_both_kinds_of_tag_calls_see_the_same(logs, group):
    entry = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert entry["arn"] == entry["logGroupArn"] + ":*" and "retentionInDays" not in entry
    logs.tag_log_group(logGroupName=group, tags={"a": "1"})
    logs.tag_resource(resourceArn=entry["logGroupArn"], tags={"b": "2"})
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"a": "1", "b": "2"}
    logs.untag_resource(resourceArn=entry["logGroupArn"], tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=entry["logGroupArn"])["tags"] == {"b": "2"}
