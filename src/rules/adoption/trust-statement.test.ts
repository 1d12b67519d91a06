import assert from "node:assert/strict";
import { test } from "node:test";
import { statementsToAdd } from "./index.ts";

const provider = (path: string): string => `arn:aws:iam::111122223333:oidc-provider/${path}`;
const old = { issuer: "https://s3.example.com/bucket", providerArn: provider("s3.example.com/bucket") };
const wanted = { issuer: "https://oidc.example.com", providerArn: provider("oidc.example.com") };
const add = (policy: unknown): readonly object[] => statementsToAdd(JSON.stringify(policy), old, wanted);

test("what lets the new issuer into a role is what lets the old one in, by the new provider's names", () => {
  const Action = "sts:AssumeRoleWithWebIdentity";
  const statement = {
    Sid: "Irsa",
    Effect: "Allow",
    Principal: { Federated: [old.providerArn, provider("third.example.com")] },
    Action,
    Condition: {
      StringEquals: {
        "S3.example.com/bucket:sub": "system:serviceaccount:shop:web",
        "s3.example.com/bucket:aud": "sts.amazonaws.com",
        "aws:RequestedRegion": "eu-central-1",
      },
      Odd: "kept",
    },
  };
  assert.deepEqual(add({ Version: "2012-10-17", Statement: [statement] }), [
    {
      Effect: "Allow",
      Principal: { Federated: wanted.providerArn },
      Action,
      Condition: {
        StringEquals: {
          "oidc.example.com:sub": "system:serviceaccount:shop:web",
          "oidc.example.com:aud": "sts.amazonaws.com",
          "aws:RequestedRegion": "eu-central-1",
        },
        Odd: "kept",
      },
    },
  ]);
});

test("one statement that stands alone, without a condition or with one that is none", () => {
  const statement = { Effect: "Allow", Principal: { Federated: old.providerArn } };
  const added = { Effect: "Allow", Principal: { Federated: wanted.providerArn } };
  assert.deepEqual(add({ Statement: statement }), [added]);
  assert.deepEqual(add({ Statement: [{ ...statement, Condition: "odd" }] }), [
    { ...added, Condition: "odd" },
  ]);
});

test("none of a statement that denies, of other principals, and of what is no policy", () => {
  const Principal = { Federated: old.providerArn };
  assert.deepEqual(
    add({
      Statement: [
        { Effect: "Deny", Principal },
        { Effect: "Allow", Principal: "*" },
      ],
    }),
    [],
  );
  assert.deepEqual(add({ Statement: [{ Effect: "Allow", Principal: { AWS: "*" } }, "odd"] }), []);
  assert.deepEqual(add([]), []);
  assert.deepEqual(statementsToAdd("{", old, wanted), []);
});
