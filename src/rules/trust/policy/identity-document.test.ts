import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PolicyError } from "./error.ts";
import { parsePolicy } from "./parse.ts";

const bucket = "arn:aws:s3:::bucket";
const granted = { Effect: "Allow", Action: "s3:ListBucket", Resource: bucket };

function documentOf(statement: unknown, version: string | undefined = "2012-10-17"): string {
  return JSON.stringify({ Version: version, Statement: statement });
}

function refusalOf(document: string, partition = "aws"): string {
  try {
    parsePolicy(document, "identity", partition);
  } catch (error) {
    assert.ok(error instanceof PolicyError, String(error));
    return error.awsMessage;
  }
  return assert.fail(`was accepted: ${document}`);
}

const legacy = "The policy failed legacy parsing";
const syntax = "Syntax errors in policy.";
const oldVersion = "Policy document must be version 2012-10-17 or greater.";
const noVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const noActions = "Policy statement must contain actions.";
const sameSids = "Statement IDs (SID) in a single policy must be unique.";
const iamPath =
  'IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, ' +
  "mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.";
const noDate = { DateGreaterThan: { "aws:CurrentTime": "yesterday" } };

/** What is wrong, the document, and what AWS answered (each asked of AWS: getmoto/moto, pull request 2269). */
const cases: readonly (readonly [what: string, document: string, text: string])[] = [
  ["a version that does not exist", documentOf(granted, "2013-10-17"), syntax],
  ["a Sid that is an object", documentOf({ ...granted, Sid: {} }), syntax],
  ["an Effect in other letters", documentOf({ ...granted, Effect: "denY" }), legacy],
  ["an Effect that does not exist", documentOf({ ...granted, Effect: "invalid" }), syntax],
  ["a date condition that is no date", documentOf({ ...granted, Condition: noDate }), legacy],
  ["a service with an empty name", documentOf({ ...granted, Resource: "arn:aws::fdsasf" }), legacy],
  ["an ARN of empty parts", documentOf({ ...granted, Resource: "arn:aws::::bucket" }), legacy],
  ["an ARN with a part too few", documentOf({ ...granted, Resource: "arn:aws:s3::bucket" }), legacy],
  [
    "a NotResource with a part too few",
    documentOf({ ...granted, Resource: undefined, NotResource: "arn:aws:s3::bucket" }),
    legacy,
  ],
  [
    "a region in an ARN of IAM",
    documentOf({ ...granted, Resource: "arn:aws:iam:us-east-1::bucket" }),
    "IAM resource arn:aws:iam:us-east-1::bucket cannot contain region information.",
  ],
  [
    "a region in a bucket's ARN",
    documentOf({ ...granted, Resource: "arn:aws:s3:us-east-1::bucket" }),
    "Resource arn:aws:s3:us-east-1::bucket can not contain region information.",
  ],
  [
    "a kind of thing that IAM does not keep",
    documentOf({ ...granted, Resource: "arn:aws:iam:::x" }),
    iamPath,
  ],
  [
    "a pattern in place of what IAM keeps",
    documentOf({ ...granted, Resource: "arn:aws:iam::111122223333:*/cdk-*" }),
    iamPath,
  ],
  [
    "a partition that does not exist",
    documentOf({ ...granted, Resource: ["arn:error:s3:::bucket", "arn:error:s3::bucket"] }),
    'Partition "error" is not valid for resource "arn:error:s3:::bucket".',
  ],
  [
    "a partition in the place of a service",
    documentOf({ ...granted, Resource: "aws:s3:::bucket" }),
    'Partition "s3" is not valid for resource "arn:s3:::bucket:*".',
  ],
  [
    "a partition and nothing more",
    documentOf({ ...granted, Resource: "a:b" }),
    'Partition "b" is not valid for resource "arn:b:*:*:*:*".',
  ],
  [
    "more parts than an ARN has, in a partition that does not exist",
    documentOf({ ...granted, Resource: "a:b:c:d:e:f:g:h" }),
    'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".',
  ],
  ["an empty resource", documentOf({ ...granted, Resource: "" }), 'Resource  must be in ARN format or "*".'],
  ["an empty action", documentOf({ ...granted, Action: undefined, NotAction: "" }), noVendor],

  // Of several faults, the one that AWS reported.
  [
    "an empty version and a Sid twice",
    documentOf(
      [1, 2].map(() => ({ ...granted, Sid: "a" })),
      "",
    ),
    syntax,
  ],
  [
    "no version and an Effect in other letters",
    documentOf({ ...granted, Effect: "denY" }, "2008-10-17"),
    oldVersion,
  ],
  ["no version and no date", documentOf({ ...granted, Condition: noDate }, "2008-10-17"), oldVersion],
  [
    "an Effect in other letters and a Sid twice",
    documentOf([
      { ...granted, Sid: "a", Effect: "aLLow" },
      { ...granted, Sid: "a" },
    ]),
    legacy,
  ],
  [
    "an Effect in other letters and a region",
    documentOf({ Effect: "allow", Resource: "arn:aws:s3:us-east-1::bucket" }),
    legacy,
  ],
  [
    "no date and a partition that does not exist",
    documentOf({ ...granted, Resource: "arn:error:s3:::b", Condition: noDate }),
    legacy,
  ],
  [
    "no action and an ARN with a part too few",
    documentOf({ Effect: "Allow", Resource: "arn:aws:s3::b" }),
    legacy,
  ],
  [
    "no action and a condition without form",
    documentOf({ Effect: "Allow", Resource: bucket, Condition: { DateGreaterThan: { a: {} } } }),
    syntax,
  ],
  [
    "a Sid twice and no action",
    documentOf([
      { ...granted, Sid: "a" },
      { Effect: "Allow", Sid: "a" },
    ]),
    sameSids,
  ],
  ["no action in the first and all in the second", documentOf([{ Effect: "Deny" }, granted]), noActions],
  [
    "an action with two colons and a resource that is no ARN",
    documentOf({ ...granted, Action: "s:3:ListBucket", Resource: "sdfsadf" }),
    'Resource sdfsadf must be in ARN format or "*".',
  ],
  ["an action without service and no resource", documentOf({ Effect: "Allow", Action: "invalid" }), noVendor],
];

describe("an identity policy", () => {
  for (const [what, document, text] of cases) {
    test(`with ${what} is refused in AWS's words`, () => assert.equal(refusalOf(document), text));
  }

  test("of an account names that account's partition alone", () => {
    const china = documentOf({ ...granted, Resource: "arn:aws-cn:s3:::bucket" });
    const text = 'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::bucket".';
    assert.equal(refusalOf(china), text);
    assert.equal(refusalOf(documentOf(granted), "aws-cn"), text.replaceAll("aws-cn", "aws"));
    parsePolicy(china, "identity", "aws-cn");
    // The account's partition is not always known.
    parsePolicy(china, "identity");
  });

  test("with an ARN that begins with another word is refused", () => {
    assert.equal(
      refusalOf(documentOf({ ...granted, Resource: "urn:aws:s3:::b" })),
      'Resource urn:aws:s3:::b must be in ARN format or "*".',
    );
  });

  for (const resource of [
    "arn:aws:fdsasf",
    "arn:aws:s33:::bucket",
    "arn:*:s3:::bucket",
    "arn:aws:s3:us-west-2:123456789012:accesspoint/one/object/*",
    "arn:aws:iam:::user/someone",
    "arn:aws:iam::*:user/${aws:username}",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:*",
    "arn:aws:invalid-service:us-east-1::x",
  ]) {
    test(`may name ${resource}, as AWS accepted it`, () => {
      const { statements } = parsePolicy(documentOf({ ...granted, Resource: resource }), "identity", "aws");
      assert.deepEqual(statements[0]?.resources, [resource]);
    });
  }

  test("may have an operator that does not exist where it has nothing to compare", () => {
    const { statements } = parsePolicy(
      documentOf({ ...granted, Condition: { x: {}, DateGreaterThan: {}, DateLessThan: { a: [] } } }),
      "identity",
    );
    assert.deepEqual(statements[0]?.conditions, [{ operator: "DateLessThan", key: "a", values: [] }]);
  });

  const dated = (value: string): string =>
    documentOf({ ...granted, Condition: { DateLessThanEquals: { a: value } } });
  for (const value of [
    "234-13",
    "2016-12-13t2:00:00.593194+1",
    "2016-12-13t2:00:00.1999999999+10:59",
    "9223372036854775808",
    "1".repeat(40),
    "2017-07-01T24:00:00Z",
    "2017-07-01T00:60:00Z",
    "2017-07-32",
    "1-2-3-4",
    "",
  ]) {
    test(`is refused for the date ${JSON.stringify(value)}`, () =>
      assert.equal(refusalOf(dated(value)), legacy));
  }
  for (const value of [
    "2017-07-01T00:00:00Z",
    "2016-12-13t2:00:00.593194+10:59",
    "2017",
    "01T",
    "-5-06",
    "1500000000",
    "9223372036854775807",
  ]) {
    test(`may compare with the date ${value}`, () => void parsePolicy(dated(value), "identity"));
  }

  test("a null in the list of resources is passed over, as IAM does, and anywhere else it is not", () => {
    const read = (change: object) =>
      parsePolicy(documentOf({ ...granted, ...change }), "identity").statements[0];
    assert.deepEqual(read({ Resource: [bucket, null] })?.resources, [bucket]);
    const not = { Resource: undefined, NotResource: [null, bucket] };
    assert.deepEqual(read(not)?.notResources, [bucket]);
    for (const change of [{ Resource: null }, { Action: ["s3:ListBucket", null] }, { Resource: [bucket, 7] }])
      assert.throws(() => read(change), { awsMessage: "Syntax errors in policy." });
  });
});
