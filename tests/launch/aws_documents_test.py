#!/usr/bin/env python3
"""IAM policies, the CloudFormation template, the Image Builder component and the recipes of containers pass cfn-lint, a schema, shellcheck
and our rules; broken ones are refused by the same checks."""
import json
import os
import re
import sys
import tempfile

SOURCE = os.environ["RINGMASTER_SOURCE"]
sys.path.insert(0, f"{SOURCE}/tests/support")
import cloud  # noqa: E402

cloud.enter()
import cfnlint.api  # noqa: E402
import jsonschema  # noqa: E402
import yaml  # noqa: E402

# What awstoe takes, as far as ours goes: cfn-lint does not look into a component, and AWS's own checker is not to be had here.
STEP = {
    "type": "object", "additionalProperties": False, "required": ["name", "action", "onFailure", "inputs"],
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{3,128}$"}, "action": {"enum": ["ExecuteBash", "S3Download"]},
        "maxAttempts": {"type": "integer", "minimum": 1}, "timeoutSeconds": {"type": "integer", "minimum": 1},
        "onFailure": {"enum": ["Abort", "Continue", "Ignore"]}, "inputs": {}},
    "if": {"properties": {"action": {"const": "ExecuteBash"}}},
    "then": {"properties": {"inputs": {"type": "object", "additionalProperties": False, "required": ["commands"],
                                       "properties": {"commands": {"type": "array", "minItems": 1, "items": {"type": "string"}}}}}},
    "else": {"properties": {"inputs": {"type": "array", "minItems": 1, "items": {
        "type": "object", "additionalProperties": False, "required": ["source", "destination"],
        "properties": {"source": {"type": "string", "pattern": "^s3://"}, "destination": {"type": "string", "pattern": "^/"}}}}}},
}
COMPONENT = {
    "type": "object", "additionalProperties": False, "required": ["name", "schemaVersion", "phases"],
    "properties": {
        "name": {"type": "string"}, "description": {"type": "string"}, "schemaVersion": {"const": 1.0},
        "phases": {"type": "array", "minItems": 1, "items": {
            "type": "object", "additionalProperties": False, "required": ["name", "steps"],
            "properties": {"name": {"enum": ["build", "validate", "test"]}, "steps": {"type": "array", "minItems": 1, "items": STEP}}}}},
}
LARGEST_POLICY = 6144  # characters without white space: IAM's limit for a managed policy
READS = re.compile(r"^[a-z0-9]+:(Describe|Get|List)\w*\*?$")
ON_EVERYTHING = {"route53:CreateHostedZone"}  # there is nothing yet that it could be restricted to


def cfn_lint(template):
    """cfn-lint's findings of any level on the text of a template."""
    return [f"{found.rule.id}: {found.message}" for found in cfnlint.api.lint(template, config=cfnlint.api.ManualArgs(regions=["us-east-1"]))]


def in_template(kind, properties):
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"It": {"Type": kind, "Properties": properties}}})


def as_list(value):
    return value if isinstance(value, list) else [value]


def statement_problems(statement):
    actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
    for action in actions:
        if action.endswith("*") and not READS.match(action) and not (action == "s3:*" and all("parallelcluster-" in resource for resource in resources)):
            yield f"{statement['Sid']}: {action} is more than anything here needs"
        if "*" in resources and "Condition" not in statement and not READS.match(action) and action not in ON_EVERYTHING:
            yield f"{statement['Sid']}: {action} on everything, without a condition"
        if action in ("iam:PassRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreateRole"):
            if any(resource == "*" or resource.endswith(":role/*") for resource in resources):
                yield f"{statement['Sid']}: {action} for every role"
        if action == "iam:PassRole" and "Condition" not in statement and any("*" in resource for resource in resources):
            yield f"{statement['Sid']}: {action} to any service"


def policy_problems(text):
    try:
        policy = json.loads(text)
    except ValueError as error:
        return [f"json: {error}"]
    found = cfn_lint(in_template("AWS::IAM::ManagedPolicy", {"PolicyDocument": policy}))
    if not found:
        found = [problem for statement in policy["Statement"] for problem in statement_problems(statement)]
    size = len(re.sub(r"\s", "", text))
    return found + ([f"{size} characters are more than IAM takes"] if size > LARGEST_POLICY else [])


def component_problems(text):
    document = yaml.safe_load(text)
    found = [f"schema: {error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(COMPONENT).iter_errors(document)]
    found += cfn_lint(in_template("AWS::ImageBuilder::Component", {"Name": "ringmaster", "Version": "0.1.0", "Platform": "Linux", "Data": text}))
    if not found:
        for phase in document["phases"]:
            for step in phase["steps"]:
                if step["action"] == "ExecuteBash":
                    found += cloud.shellcheck("\n".join(step["inputs"]["commands"]), step["name"])
    return found


def recipe_problems(text):
    """The shell of a Dockerfile's RUN lines, or of an Apptainer file's %post; and that it is image.sh that installs."""
    if "Bootstrap:" in text:
        shell = text.split("%post\n")[1].split("\n%")[0]
    else:
        shell = "\n".join(re.findall(r"^RUN (.*)$", text.replace("\\\n", " "), re.M))
    shell = re.sub(r"\{\{ *\w+ *\}\}", "x", shell)
    found = cloud.shellcheck("# shellcheck disable=SC2154\n" + shell, "recipe")
    return found + ([] if "/opt/ringmaster/ami/image.sh" in shell else ["image.sh is not called"])


def recipe(name):
    with open(f"{SOURCE}/ami/{name}", encoding="utf-8") as file:
        return file.read()


def main():
    with tempfile.TemporaryDirectory() as folder:
        texts = cloud.rendered(folder)
    texts.update({name: recipe(name) for name in ("Dockerfile", "ringmaster.def")})
    policies = sorted(name for name in texts if name.endswith(".json"))
    assert len(policies) >= 6, policies
    checks = {"account.yaml": cfn_lint, "component.yaml": component_problems, "Dockerfile": recipe_problems, "ringmaster.def": recipe_problems,
              **{name: policy_problems for name in policies}}
    for name, check in checks.items():
        assert not check(texts[name]), f"{name}: {check(texts[name])}"
    print(f"{len(checks)} documents are good: {' '.join(checks)}")
    broken = [
        ("account.yaml", "BucketName:", "BucketNam:", "BucketNam"),
        ("account.yaml", "SSEAlgorithm: AES256", "SSEAlgorithm: AES255", "AES255"),
        ("account.yaml", "!Ref Bucket", "!Ref Bukket", "Bukket"),
        ("component.yaml", "action: ExecuteBash", "action: ExecuteBsh", "ExecuteBsh"),
        ("component.yaml", "onFailure: Abort", "onFailur: Abort", "onFailur"),
        ("component.yaml", "name: validate", "name: check", "check"),
        ("component.yaml", "source: s3://", "source: ", "schema"),
        ("component.yaml", "set -eu", "set -eu; echo $undefined", "SC2154"),
        ("Dockerfile", "/opt/ringmaster/ami/image.sh", "/bin/true", "image.sh is not called"),
        ("Dockerfile", "rm -rf /var", "if; rm -rf /var", "recipe"),
        ("ringmaster.def", "mkdir -p /opt/ringmaster", "if mkdir -p /opt/ringmaster", "recipe"),
        ("ringmaster-data.json", '"Effect": "Allow"', '"Effect": "Alow"', "Alow"),
        ("ringmaster-data.json", "s3:GetObject", "s3:GetObjekt", "getobjekt"),
        ("ringmaster-data.json", '"Sid": "Read",', '"Sid": "Read"', "json"),
        ("ringmaster-data.json", '"s3:GetObject"', '"s3:*"', "more than anything here needs"),
        ("ringmaster-image.json", '"s3:GetObject"', '"*"', "more than anything here needs"),
        ("operator-cluster.json", '],\n      "Resource": "*",\n      "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}',
         '],\n      "Resource": "*"', "ec2:TerminateInstances on everything"),
        ("operator-storage-and-roles.json", ',\n      "Condition": {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}',
         "", "iam:PassRole to any service"),
        ("operator-storage-and-roles.json", "123456789012:role/parallelcluster/*", "123456789012:role/*", "for every role"),
    ]
    for name, old, new, expected in broken:
        cloud.refused(checks[name](cloud.edited(texts[name], old, new)), expected, f"{name}: {old} -> {new}")
    print(f"{len(broken)} broken documents are refused")


if __name__ == "__main__":
    main()
