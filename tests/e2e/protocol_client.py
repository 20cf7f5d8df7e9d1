"""Calls of CloudWatch in a protocol of the test's choice, by botocore's own serializers and parsers: boto3 itself would
always choose json; the SDKs for Go and Java speak CBOR, old ones query."""
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.httpsession
import botocore.model
import botocore.parsers
import botocore.serialize
import botocore.session
from till_process import REGION

PREFIX = "GraniteServiceVersion20100801"
PROTOCOLS = ("json", "query", "smithy-rpc-v2-cbor")
_TYPES = {"json": "application/x-amz-json-1.0", "query": "text/xml", "smithy-rpc-v2-cbor": "application/cbor"}


def send(server, path, headers, body):
    """A signed POST; the response's status, headers (lower case) and body."""
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + path, headers=headers, data=body)
    credentials = botocore.credentials.Credentials("test", "test")
    botocore.auth.SigV4Auth(credentials, "monitoring", REGION).add_auth(request)
    response = botocore.httpsession.URLLib3Session().send(request.prepare())
    return response.status_code, response.headers, response.content


class ProtocolClient:
    def __init__(self, server, protocol):
        self.server, self.protocol = server, protocol
        model = botocore.session.Session().get_component("data_loader").load_service_model("cloudwatch", "service-2")
        self.model = botocore.model.ServiceModel(model, "cloudwatch")
        self.called = set()

    def serialize(self, operation, parameters):
        serializer = botocore.serialize.create_serializer(self.protocol)
        request = serializer.serialize_to_request(parameters, self.model.operation_model(operation))
        if isinstance(request["body"], dict):
            request["body"] = urllib.parse.urlencode(request["body"]).encode()
        return request

    def call(self, operation, path_prefix="", more_headers=None, query_mode=True, **parameters):
        self.called.add(operation)
        request = self.serialize(operation, parameters)
        cbor = self.protocol == "smithy-rpc-v2-cbor"
        assert request["url_path"] == (f"/service/{PREFIX}/operation/{operation}" if cbor else "/")
        headers = {**request["headers"], **(more_headers or {})}
        if not query_mode:
            del headers["x-amzn-query-mode"]
        status, headers, body = send(self.server, path_prefix + request["url_path"], headers, request["body"])
        assert headers["Content-Type"].startswith(_TYPES[self.protocol])
        if cbor:
            assert headers["smithy-protocol"] == "rpc-v2-cbor"
        parser = botocore.parsers.create_parser(self.protocol)
        return parser.parse({"status_code": status, "headers": headers, "body": body},
                            self.model.operation_model(operation).output_shape)
