#!/usr/bin/env python3
"""Writes src/aws/<service>/ from AWS's own service models and codegen/operations/<service>.toml.

  codegen/generate.py                 generate every service, and the functions' clients, in place
  codegen/generate.py --check         fail if a committed file differs from what would be generated
  codegen/generate.py sqs dynamodb    only these services

The models are those of the installed botocore (see codegen/requirements.txt). A toml file lists the operations and
what the model does not say: names of the query protocol, IAM actions, members we refuse, errors AWS does not declare,
the order of enum values in AWS's messages, members whose constraints the service checks in words of its own.
"""
import argparse
import pathlib
import sys
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import emit  # noqa: E402
import model  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def load(name):
    return model.load(ROOT / "codegen" / "operations" / f"{name}.toml")


def function_clients():
    calls = tomllib.loads((ROOT / "codegen" / "functions.toml").read_text())
    return emit.pipeline_clients_cc([(load(name), operations) for name, operations in calls.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("services", nargs="*")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    names = arguments.services or sorted(p.stem for p in (ROOT / "codegen" / "operations").glob("*.toml"))
    files = {ROOT / "src" / "aws" / name / filename: text for name in names
             for filename, text in emit.files(load(name)).items()}
    if not arguments.services:
        files[ROOT / "src" / "functions" / "pipeline_clients.cc"] = function_clients()
    stale = []
    for path, text in files.items():
        if path.exists() and path.read_text() == text:
            continue
        if arguments.check:
            stale.append(str(path.relative_to(ROOT)))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print("wrote", path.relative_to(ROOT))
    if stale:
        sys.exit("not what codegen/generate.py writes: " + " ".join(stale))


if __name__ == "__main__":
    main()
