"""What deploy_lambda.py and deploy_s3_lambda.py both do: create the function, or update its code if it is there."""
import io
import pathlib
import zipfile

import boto3
from names import REGION, ROLE_ARN


def deploy(name, module, runtime, timeout, environment):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.write(pathlib.Path(__file__).parent.parent / "handlers" / f"{module}.py", f"{module}.py")
    lambda_ = boto3.client("lambda", region_name=REGION)
    try:
        lambda_.get_function(FunctionName=name)
    except lambda_.exceptions.ResourceNotFoundException:
        lambda_.create_function(FunctionName=name, Runtime=runtime, Role=ROLE_ARN, Timeout=timeout, MemorySize=128,
                                Handler=f"{module}.lambda_handler", Code={"ZipFile": packed.getvalue()},
                                Environment={"Variables": environment})
        print("created")
    else:
        lambda_.update_function_code(FunctionName=name, ZipFile=packed.getvalue())
        print("updated")
