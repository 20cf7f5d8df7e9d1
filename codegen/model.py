"""Reads one service's botocore model and toml file into plain objects: what emit.py turns into C++."""
import dataclasses
import re
import tomllib

import botocore.loaders

CPP_KEYWORDS = {"default", "delete", "enum", "export", "function", "namespace", "new", "operator", "private", "public",
                "register", "template", "union", "null", "bool", "int", "class", "not", "and", "or"}
MESSAGE_NAMES = ("message", "Message")


def snake(name):
    """QueueUrl -> queue_url, MD5OfBody -> md5_of_body, SSEKMSKeyId -> ssekms_key_id, ETag -> etag."""
    name = name.replace("ETag", "Etag").replace("-", "_").replace("IDs", "Ids")
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = name.lower()
    return name + "_" if name in CPP_KEYWORDS else name


@dataclasses.dataclass
class Member:
    name: str
    shape: str
    raw: dict
    required: bool = False
    unsupported: bool = False
    query_name: str = ""

    @property
    def field(self):
        return snake(self.name)


@dataclasses.dataclass
class Operation:
    name: str
    raw: dict
    options: dict
    input: str
    output: str
    has_output: bool
    errors: list

    @property
    def method(self):
        return snake(self.name)


@dataclasses.dataclass
class Error:
    shape: str
    query_code: str
    http_status: int
    sender: bool
    detail: bool  # the shape has members beyond the message


class Service:
    def __init__(self, options, raw):
        self.options, self.raw = options, raw
        self.shapes = dict(raw["shapes"])
        self._add_members(options.get("added", {}), options.get("first", {}))
        self.metadata = raw["metadata"]
        self.namespace = options["namespace"]
        self.class_name = options["class"]
        self.unsupported = set(options.get("unsupported", []))
        self.omitted = set(options.get("omitted", []))
        self.query_names = options.get("query_names", {})
        self.service_checked = set(options.get("service_checked", []))
        for path in sorted(p for p in self.service_checked if "." in p):
            self._uncheck(*path.split("."))
        for shape, values in options.get("enum_order", {}).items():
            if sorted(self.shapes[shape]["enum"]) != sorted(values):
                raise SystemExit(f"{self.namespace}: these are not the values of {shape}: {values}")
            self.shapes[shape] = {**self.shapes[shape], "enum": values}
        self.pattern_ignored = set(options.get("pattern_ignored", []))
        self.value_hidden = set(options.get("value_hidden", []))
        self.operations = [self._operation(n, o) for n, o in sorted(options["operations"].items())]
        self.errors = self._errors()
        self.reachable = self._reachable()
        self._check_lists()

    def _uncheck(self, structure, member):
        """Takes the constraints from one member, which the service checks in words of its own."""
        raw = self.shapes[structure]
        shape = raw["members"][member]["shape"]
        unchecked = {k: v for k, v in self.shapes[shape].items() if k not in ("min", "max", "pattern", "enum")}
        self.shapes["Unchecked" + shape] = unchecked
        self.shapes[structure] = {
            **raw, "required": [r for r in raw.get("required", []) if r != member],
            "members": {**raw["members"], member: {**raw["members"][member], "shape": "Unchecked" + shape}}}

    def _add_members(self, added, first):
        """What AWS sends beside its model, and the order of members where the wire's is another."""
        for path, raw in added.items():
            shape, _, member = path.partition(".")
            self.shapes[shape] = {**self.shapes[shape], "members": {**self.shapes[shape]["members"], member: raw}}
        for shape, names in first.items():
            members = self.shapes[shape]["members"]
            self.shapes[shape] = {**self.shapes[shape], "members": {n: members[n] for n in [*names, *members]}}

    def _operation(self, name, options):
        raw = self.raw["operations"].get(name)
        if raw is None:
            raise SystemExit(f"{self.namespace}: AWS has no operation {name}")
        shapes = []
        for key, suffix in (("input", "Request"), ("output", "Response")):
            shape = raw.get(key, {}).get("shape")
            if shape is None:
                shape = name + suffix
                self.shapes.setdefault(shape, {"type": "structure", "members": {}})
            shapes.append(shape)
        return Operation(name, raw, options, shapes[0], shapes[1], "output" in raw,
                         [e["shape"] for e in raw.get("errors", [])])

    def _errors(self):
        found = {}
        extra = self.options.get("errors", {})
        for shape in sorted({e for o in self.operations for e in o.errors} | set(extra)):
            raw = self.shapes.get(shape, {"type": "structure", "members": {}})
            declared, override = raw.get("error", {}), extra.get(shape, {})
            status = override.get("http_status", declared.get("httpStatusCode", 500 if raw.get("fault") else 400))
            members = [m for m in raw.get("members", {}) if m not in MESSAGE_NAMES and f"{shape}.{m}" not in self.omitted]
            found[shape] = Error(shape, override.get("query_code", declared.get("code", shape)), status, status < 500,
                                 bool(members))
        return found

    def members(self, shape):
        raw = self.shapes[shape]
        required = set(raw.get("required", []))
        result = []
        for name, member in raw.get("members", {}).items():
            path = f"{shape}.{name}"
            if path in self.omitted or member.get("deprecated") and path not in self.unsupported and False:
                continue
            must = name in required and path not in self.service_checked
            result.append(Member(name, member["shape"], member, must, path in self.unsupported,
                                 self.query_names.get(path, {}).get("name", "")))
        return result

    def _children(self, shape):
        raw = self.shapes[shape]
        kind = raw["type"]
        if kind == "structure":
            return [m.shape for m in self.members(shape) if not m.unsupported]
        if kind == "list":
            return [raw["member"]["shape"]]
        if kind == "map":
            return [raw["key"]["shape"], raw["value"]["shape"]]
        return []

    def _reachable(self):
        todo = [s for o in self.operations for s in (o.input, o.output)]
        todo += [e.shape for e in self.errors.values() if e.detail]
        seen = set()
        while todo:
            shape = todo.pop()
            if shape not in seen:
                seen.add(shape)
                todo += self._children(shape)
        return seen

    def _check_lists(self):
        """A path in the toml that matches nothing is a mistake, not a comment."""
        for path in (self.unsupported | self.omitted | self.service_checked | self.pattern_ignored | self.value_hidden |
                     set(self.query_names)):
            shape, _, member = path.partition(".")
            if shape not in self.shapes or (member and member not in self.shapes[shape].get("members", {})):
                raise SystemExit(f"{self.namespace}: no such member: {path}")

    def structures(self):
        """Structures in an order in which each comes after those it holds by value."""
        order, state = [], {}

        def visit(shape):
            if state.get(shape) == "done":
                return
            if state.get(shape) == "open":
                raise SystemExit(f"{self.namespace}: {shape} holds itself by value")
            state[shape] = "open"
            for member in self.members(shape):
                if not member.unsupported and self.shapes[member.shape]["type"] == "structure":
                    visit(member.shape)
            state[shape] = "done"
            order.append(shape)

        for shape in sorted(s for s in self.reachable if self.shapes[s]["type"] == "structure"):
            visit(shape)
        return order

    def is_union(self, shape):
        return bool(self.shapes[shape].get("union")) or shape in self.options.get("unions", [])

    def output_structures(self):
        return {o.output for o in self.operations}


def load(path):
    options = tomllib.loads(path.read_text())
    loader = botocore.loaders.Loader()
    return Service(options, loader.load_service_model(options["model"], "service-2", options["version"]))
