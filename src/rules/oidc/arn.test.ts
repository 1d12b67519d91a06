import assert from "node:assert/strict";
import { test } from "node:test";
import { readArn, roleArnForm } from "./arn.ts";

test("an ARN of IAM says its partition, account, kind, path and name, and is not judged", () => {
  const account = "111122223333";
  const read = (resource: string) => readArn(`arn:aws:iam::${account}:${resource}`);
  assert.deepEqual(read("role/demo"), { partition: "aws", account, kind: "role", path: "/", name: "demo" });
  assert.deepEqual(read("role/shop/web/demo"), {
    partition: "aws",
    account,
    kind: "role",
    path: "/shop/web/",
    name: "demo",
  });
  assert.deepEqual(read("policy/shop/*"), {
    partition: "aws",
    account,
    kind: "policy",
    path: "/shop/",
    name: "*",
  });
  assert.equal(readArn("arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess").account, "aws");
  assert.equal(readArn("arn:aws-cn:iam::aws:policy/AWSDenyAll").partition, "aws-cn");
  assert.equal(read("oidc-provider/oidc.example.com:8443/a").name, "a");
  assert.equal(read("oidc-provider/oidc.example.com:8443/a").kind, "oidc-provider");
  assert.deepEqual(read("root"), { partition: "aws", account, kind: "root", path: "", name: "root" });
  assert.deepEqual(readArn("nothing"), { partition: "", account: "", kind: "", path: "", name: "" });
});

test("a role's ARN is taken in every partition, with a path, and of no other kind, account or character", () => {
  const arns = (role: string): string => `arn:aws:iam::111122223333:role/${role}`;
  const taken = [
    arns("demo"),
    arns("shop/web/demo"),
    arns("a_B+c=d,e.f@g-h"),
    arns("x".repeat(576)),
    "arn:aws-cn:iam::111122223333:role/demo",
    "arn:aws-us-gov:iam::111122223333:role/demo",
  ];
  const refused = [
    arns(""),
    arns("x".repeat(577)),
    arns("de mo"),
    arns("demo\n"),
    arns("shop!/demo"),
    arns("$(id)"),
    "arn:aws2:iam::111122223333:role/demo",
    "arn:AWS:iam::111122223333:role/demo",
    "arn:other:iam::111122223333:role/demo",
    "arn:aws:sts::111122223333:role/demo",
    "arn:aws:iam:eu-central-1:111122223333:role/demo",
    "arn:aws:iam::11112222333:role/demo",
    "arn:aws:iam::aws:role/demo",
    "arn:aws:iam::111122223333:user/demo",
    ` ${arns("demo")}`,
    "demo",
    "",
  ];
  assert.deepEqual(
    taken.filter((arn) => !roleArnForm.test(arn)),
    [],
  );
  assert.deepEqual(
    refused.filter((arn) => roleArnForm.test(arn)),
    [],
  );
});
