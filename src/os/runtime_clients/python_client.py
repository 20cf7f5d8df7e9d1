"""The loop of a Lambda function in Python, run as `python3 -u python_client.py <handler>` in its directory. It
speaks the Lambda Runtime API over one kept connection and behaves as AWS's own client does: resolution of the handler,
error documents, the context object and the format of the root logger. Standard library only, Python 3.6 or later."""
import importlib
import json
import logging
import os
import socket
import sys
import time

_TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd()).rstrip("/")
_SHOWN_ROOT, _SHOWN_CLIENT = "/var/task", "/var/runtime/bootstrap.py"
_HERE = os.path.abspath(__file__)
_PREFIX = "/2018-06-01/runtime/"
_request_id = ""


class _Fault(Exception):
    """A failure that has a type and words of AWS's own."""

    def __init__(self, error_type, message, trace=None):
        Exception.__init__(self, message)
        self.error_type, self.message, self.trace = error_type, message, trace or []


class _Api:
    """One HTTP/1.1 connection to the service. Every answer of it has a Content-Length."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._address, self._host = (host, int(port)), address.encode()
        self._socket, self._rest = None, b""

    def get(self, path):
        return self._exchange(b"GET " + (_PREFIX + path).encode() + b" HTTP/1.1\r\nHost: " + self._host + b"\r\n\r\n")

    def post(self, path, body, headers=b""):
        return self._exchange(b"POST " + (_PREFIX + path).encode() + b" HTTP/1.1\r\nHost: " + self._host +
                              b"\r\nContent-Type: application/json\r\n" + headers + b"Content-Length: " +
                              str(len(body)).encode() + b"\r\n\r\n" + body)

    def _exchange(self, request):
        for attempt in (1, 2):  # a kept connection may have been closed between two requests
            fresh = self._socket is None
            try:
                if fresh:
                    self._socket = socket.create_connection(self._address)
                    self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._rest = b""
                self._socket.sendall(request)
                return self._answer()
            except OSError:
                self._socket = None
                if fresh or attempt == 2:
                    raise

    def _answer(self):
        end = -1
        while end < 0:
            self._more()
            end = self._rest.find(b"\r\n\r\n")
        lines = self._rest[:end].decode("utf-8", "replace").split("\r\n")
        self._rest = self._rest[end + 4:]
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if length > len(self._rest):
            pieces, missing = [self._rest], length - len(self._rest)
            while missing > 0:
                piece = self._socket.recv(min(missing, 1 << 20))
                if not piece:
                    raise ConnectionError("the service has closed the connection")
                pieces.append(piece)
                missing -= len(piece)
            self._rest = b"".join(pieces)
        body, self._rest = self._rest[:length], self._rest[length:]
        if headers.get("connection", "").lower() == "close":
            self._socket.close()
            self._socket = None
        return int(lines[0].split(" ", 2)[1]), headers, body

    def _more(self):
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionError("the service has closed the connection")
        self._rest += piece


class _Named:
    def __init__(self, values=None):
        for name in self._NAMES:
            setattr(self, name, (values or {}).get(name))

    def __repr__(self):
        return type(self).__name__ + "([" + ",".join(n + "=" + str(getattr(self, n)) for n in self._NAMES) + "])"


class Client(_Named):
    _NAMES = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Named):
    _NAMES = ("custom", "env", "client")

    def __init__(self, values):
        _Named.__init__(self, values)
        if self.client is not None:
            self.client = Client(self.client)


class CognitoIdentity(_Named):
    _NAMES = ("cognito_identity_id", "cognito_identity_pool_id")


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id", "")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = None
        given = headers.get("lambda-runtime-client-context")
        try:
            self.client_context = ClientContext(json.loads(given)) if given else None
        except Exception as error:
            raise _Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse Client Context JSON: " + str(error))
        self.identity = CognitoIdentity()
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        _say(str(message))

    def __repr__(self):
        shown = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        return "LambdaContext([" + ",".join(n + "=" + str(value) for n, value in shown.items()) + "])"


class _RootHandler(logging.Handler):
    def emit(self, record):
        record.aws_request_id = _request_id
        _say(self.format(record))


_JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
_LEVELS = {"TRACE": logging.NOTSET, "DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING,
           "ERROR": logging.ERROR, "FATAL": logging.CRITICAL}


def _compact(values):
    return json.dumps({name: value for name, value in values.items() if value is not None}, ensure_ascii=False,
                      separators=(",", ":"), default=str)


class _JsonFormatter(logging.Formatter):
    """One object for each record, as the function's LogFormat JSON asks for; what `extra` adds is in it."""
    _KNOWN = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "aws_request_id"}

    def format(self, record):
        error = record.exc_info if record.exc_info and record.exc_info[0] else None
        values = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
                  "level": record.levelname, "message": record.getMessage(), "logger": record.name}
        if error:
            import traceback
            values["stackTrace"] = [line for line in traceback.format_tb(error[2])]
            values["errorType"], values["errorMessage"] = error[0].__name__, str(error[1])
            values["location"] = "{}:{}:{}".format(_shown(record.pathname), record.funcName, record.lineno)
        values["requestId"] = record.aws_request_id or None
        for name, value in vars(record).items():
            if name not in self._KNOWN and name not in values:
                values[name] = value
        return _compact(values) + "\n"


def _set_up_logging():
    logging.Formatter.converter = time.gmtime
    handler = _RootHandler()
    handler.setFormatter(_JsonFormatter() if _JSON else logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)
    level = _LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper())
    if level is not None:
        logging.getLogger().setLevel(level)


def _shown(path):
    if path == _HERE:
        return _SHOWN_CLIENT
    return _SHOWN_ROOT + path[len(_TASK_ROOT):] if path.startswith(_TASK_ROOT + "/") else path


def _resolve(handler):
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as error:
        raise _Fault("Runtime.MalformedHandlerName", "Bad handler '{}': {}".format(handler, error))
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise _Fault("Runtime.BuiltInModuleConflict",
                     "Cannot use built-in module {} as a handler module".format(module_name))
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise _Fault("Runtime.ImportModuleError", "Unable to import module '{}': {}".format(
            module_name, str(error).replace(_TASK_ROOT, _SHOWN_ROOT)))
    except SyntaxError as error:
        raise _Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '{}': {}".format(module_name, error),
                     ['  File "%s" Line %s\n    %s' % (_shown(error.filename or ""), error.lineno, error.text)])
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise _Fault("Runtime.HandlerNotFound",
                     "Handler '{}' missing on module '{}'".format(function_name, module_name))


def _error_document(error, request_id):
    """What the invoker gets: AWS's four keys in their order."""
    if isinstance(error, _Fault):
        error_type, message, trace = error.error_type, error.message, error.trace
    else:
        import traceback
        frames = [(_shown(f.filename), f.lineno, f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]
        for i, frame in enumerate(frames):  # the first ones are this file's, and the import machinery's
            if frame[0] != _SHOWN_CLIENT and not frame[0].startswith("<frozen importlib") and \
                    not frame[0].endswith("/importlib/__init__.py"):
                frames = frames[i:]
                break
        error_type, message, trace = type(error).__name__, str(error), traceback.format_list(frames)
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def _log_error(document):
    if _JSON:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return _say(_compact(dict({"timestamp": now, "log_level": "ERROR"}, **document)) + "\n")
    lines = ["[ERROR] " + document["errorType"] + (": " + document["errorMessage"] if document["errorMessage"] else "")]
    lines.append("Traceback (most recent call last):")
    for element in document["stackTrace"]:
        lines += element.splitlines()
    _say("\n".join(lines) + "\n")


_NUMBER = os.urandom(16).hex()  # begins texts that stand for numbers until the document is whole


def _default(value):
    import decimal
    if isinstance(value, decimal.Decimal):  # in its own digits, as AWS writes it
        return float("nan") if value.is_nan() else _NUMBER + str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    raise TypeError("Object of type {} is not JSON serializable".format(type(value).__name__))


def _marshal(response):
    if isinstance(response, bytes):
        return response
    try:
        text = json.dumps(response, ensure_ascii=_ASCII, default=_default)
        if _NUMBER in text:
            import re
            text = re.sub('"' + _NUMBER + '([^"]*)"', r"\1", text)
        return text.encode("utf-8")
    except Exception as error:
        raise _Fault("Runtime.MarshalError", "Unable to marshal response: " + str(error))


def _unmarshal(body):
    try:
        return json.loads(body.decode("utf-8"))
    except Exception as error:
        raise _Fault("Runtime.UnmarshalError", "Unable to unmarshal input: " + str(error))


# From 3.12 on AWS writes characters, before that escapes.
_ASCII = os.environ.get("AWS_EXECUTION_ENV", "") in ["AWS_Lambda_python3." + str(i) for i in range(6, 12)]


# The function may close or replace its own streams; what is said in its name still reaches the log.
_log = None  # made by main()


def _say(text):
    _flush()
    try:
        _log.write(text)
        _log.flush()
    except OSError:
        pass


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # the function may have closed or replaced it


def _post_error(api, path, document):
    header = "Lambda-Runtime-Function-Error-Type: " + document["errorType"] + "\r\n"
    api.post(path, json.dumps(document).encode(), header.encode("ascii", "replace"))


def _serve(api, function):
    global _request_id
    while True:
        status, headers, body = api.get("invocation/next")
        if status != 200:
            sys.exit(1)
        _request_id = headers.get("lambda-runtime-aws-request-id", "")
        trace_id = headers.get("lambda-runtime-trace-id")
        if trace_id is not None:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            answer = _marshal(function(_unmarshal(body), LambdaContext(headers)))
        except Exception as error:
            document = _error_document(error, _request_id)
            _log_error(document)
            _flush()
            _post_error(api, "invocation/" + _request_id + "/error", document)
            continue
        _flush()
        api.post("invocation/" + _request_id + "/response", answer)


def main():
    global _log
    _log = open(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    api = _Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.path[0] = _TASK_ROOT  # and not this file's directory
    _set_up_logging()
    try:
        function = _resolve(sys.argv[1])
    except Exception as error:
        document = _error_document(error, "")
        _log_error(document)
        _flush()
        _post_error(api, "init/error", document)
        sys.exit(1)
    _serve(api, function)


if __name__ == "__main__":
    main()
