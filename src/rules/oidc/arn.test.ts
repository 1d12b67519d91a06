import assert from "node:assert/strict";
import { test } from "node:test";
import { readArn } from "./arn.ts";

test("an ARN of IAM says its partition, account, path and name, and is not judged", () => {
  const account = "111122223333";
  const read = (resource: string) => readArn(`arn:aws:iam::${account}:${resource}`);
  assert.deepEqual(read("role/demo"), { partition: "aws", account, path: "/", name: "demo" });
  assert.deepEqual(read("role/shop/web/demo"), {
    partition: "aws",
    account,
    path: "/shop/web/",
    name: "demo",
  });
  assert.deepEqual(read("policy/shop/*"), { partition: "aws", account, path: "/shop/", name: "*" });
  assert.equal(readArn("arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess").account, "aws");
  assert.equal(readArn("arn:aws-cn:iam::aws:policy/AWSDenyAll").partition, "aws-cn");
  assert.equal(read("oidc-provider/oidc.example.com:8443/a").name, "a");
  assert.deepEqual(read("root"), { partition: "aws", account, path: "", name: "root" });
  assert.deepEqual(readArn("nothing"), { partition: "", account: "", path: "", name: "" });
});
