import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { PolicyKind } from "../language/document.ts";
import { PolicyError } from "./error.ts";
import { parsePolicy } from "./parse.ts";
import { policyText } from "./text.ts";
import { runs } from "../../../../test/support/runs.ts";

const arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.test";
const trusted = {
  Effect: "Allow",
  Principal: { Federated: arn },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: { StringEquals: { "oidc.example.test:sub": "s" } },
};
const granted = { Effect: "Allow", Action: "ssm:GetParameter", Resource: "*" };

function text(statement: unknown, change: object = {}): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statement, ...change });
}

function refusal(policy: string, kind: PolicyKind): PolicyError {
  try {
    parsePolicy(policy, kind);
  } catch (error) {
    assert.ok(error instanceof PolicyError);
    assert.equal(error.code, "policy-malformed");
    assert.equal(error.awsCode, "MalformedPolicyDocument");
    return error;
  }
  return assert.fail(`was accepted: ${policy}`);
}

const trustTexts: readonly [string, string, string][] = [
  ["no JSON", "{", "This policy contains invalid Json"],
  ["a list", "[]", "This policy contains invalid Json"],
  ["longer than the API takes", " ".repeat(131_073), "This policy contains invalid Json"],
  [
    "an unknown version",
    text(trusted, { Version: "2020-01-01" }),
    "The policy must contain a valid version string",
  ],
  [
    "a version that is a number",
    text(trusted, { Version: 1 }),
    "The policy must contain a valid version string",
  ],
  ["no statement", text(undefined), "Could not parse the policy: Statement is empty!"],
  ["an empty list of statements", text([]), "Could not parse the policy: Statement is empty!"],
  ["a statement that is a text", text("allow"), "Syntax error in policy."],
  ["an unknown member", text(trusted, { Comment: "x" }), "Syntax error in policy."],
  ["an unknown member of a statement", text({ ...trusted, Comment: "x" }), "Syntax error in policy."],
  ["an Id that is a number", text(trusted, { Id: 1 }), "Syntax error in policy."],
  [
    "a Sid twice",
    text([
      { ...trusted, Sid: "a" },
      { ...trusted, Sid: "a" },
    ]),
    "The Statement Ids in the policy are not unique",
  ],
  ["a Sid that is a number", text({ ...trusted, Sid: 1 }), "Syntax error in policy."],
  ["no effect", text({ ...trusted, Effect: undefined }), "Missing required field Effect"],
  ["an effect in lower case", text({ ...trusted, Effect: "allow" }), "Invalid effect: allow"],
  ["an effect that is a number", text({ ...trusted, Effect: 1 }), "Syntax error in policy."],
  ["no principal", text({ ...trusted, Principal: undefined }), "Missing required field Principal"],
  [
    "an empty principal",
    text({ ...trusted, Principal: {} }),
    "Missing required field Principal cannot be empty!",
  ],
  [
    "an empty list of principals",
    text({ ...trusted, Principal: { AWS: [] } }),
    "Missing required field Principal cannot be empty!",
  ],
  ["a principal that is a text", text({ ...trusted, Principal: arn }), "Principal must be a JSON object."],
  ["a principal that is a list", text({ ...trusted, Principal: [arn] }), "Syntax error in policy."],
  ["a principal that is a number", text({ ...trusted, Principal: { AWS: 1 } }), "Syntax error in policy."],
  [
    "an unknown kind of principal",
    text({ ...trusted, Principal: { Nobody: "x" } }),
    'Invalid principal in policy: "Nobody"',
  ],
  [
    "a canonical user",
    text({ ...trusted, Principal: { CanonicalUser: "x" } }),
    'Invalid principal in policy: "CanonicalUser"',
  ],
  [
    "an AWS principal that is none",
    text({ ...trusted, Principal: { AWS: "root" } }),
    'Invalid principal in policy: "AWS":"root"',
  ],
  [
    "a service that is none",
    text({ ...trusted, Principal: { Service: "EC2" } }),
    'Invalid principal in policy: "SERVICE":"EC2"',
  ],
  [
    "a URL as provider",
    text({ ...trusted, Principal: { Federated: "https://oidc.example.test" } }),
    "Federated principals must be valid domain names or SAML metadata ARNs",
  ],
  [
    "Allow with NotPrincipal",
    text({ ...trusted, NotPrincipal: { AWS: "*" } }),
    "Allow with NotPrincipal is not allowed.",
  ],
  [
    "Deny with NotPrincipal",
    text({ ...trusted, Effect: "Deny", NotPrincipal: { AWS: "*" } }),
    "AssumeRole policy must not contain NotPrincipal field.",
  ],
  ["no action", text({ ...trusted, Action: undefined }), "Missing required field Action"],
  ["an empty list of actions", text({ ...trusted, Action: [] }), "Missing required field Action"],
  ["Action and NotAction", text({ ...trusted, NotAction: "sts:AssumeRole" }), "Syntax error in policy."],
  [
    "an action of another service",
    text({ ...trusted, Action: ["sts:AssumeRole", "s3:*"] }),
    "AssumeRole policy may only specify STS AssumeRole actions.",
  ],
  [
    "all actions",
    text({ ...trusted, Action: "*" }),
    "AssumeRole policy may only specify STS AssumeRole actions.",
  ],
  [
    "an action that STS does not have",
    text({ ...trusted, Action: ["sts:AssumeRole", "sts:TagSessions"] }),
    "AssumeRole policy may only specify STS AssumeRole actions.",
  ],
  [
    "a pattern that fits no action of STS",
    text({ ...trusted, Action: "sts:BadAssume*" }),
    "AssumeRole policy may only specify STS AssumeRole actions.",
  ],
  ["a resource", text({ ...trusted, Resource: "*" }), "Has prohibited field Resource"],
  ["NotResource", text({ ...trusted, NotResource: "*" }), "AssumeRole policy must not contain resources."],
  [
    "an unknown operator",
    text({ ...trusted, Condition: { StringMatches: { a: "b" } } }),
    "Syntax error in policy.",
  ],
  ["a condition that is a list", text({ ...trusted, Condition: [] }), "Syntax error in policy."],
  [
    "a condition without key",
    text({ ...trusted, Condition: { StringEquals: "a" } }),
    "Syntax error in policy.",
  ],
  [
    "a condition with an object as value",
    text({ ...trusted, Condition: { StringEquals: { a: {} } } }),
    "Syntax error in policy.",
  ],
  [
    "Cognito without a condition",
    text({ ...trusted, Principal: { Federated: "cognito-identity.amazonaws.com" }, Condition: undefined }),
    "A condition block must be present for the Cognito provider",
  ],
];
describe("parsing a policy", () => {
  for (const [name, policy, message] of trustTexts) {
    test(`refuses a trust policy with ${name}`, () =>
      assert.equal(refusal(policy, "trust").awsMessage, message));
  }

  const identityTexts: readonly [string, string, string][] = [
    ["no JSON", "allow", "Syntax errors in policy."],
    [
      "no version",
      text(granted, { Version: undefined }),
      "Policy document must be version 2012-10-17 or greater.",
    ],
    [
      "the old version",
      text(granted, { Version: "2008-10-17" }),
      "Policy document must be version 2012-10-17 or greater.",
    ],
    ["no statement", text([]), "Syntax errors in policy."],
    ["a principal", text({ ...granted, Principal: "*" }), "Policy document should not specify a principal."],
    [
      "NotPrincipal",
      text({ ...granted, NotPrincipal: "*" }),
      "Policy document should not specify a principal.",
    ],
    ["no effect", text({ ...granted, Effect: undefined }), "Syntax errors in policy."],
    ["no action", text({ ...granted, Action: undefined }), "Policy statement must contain actions."],
    ["no resource", text({ ...granted, Resource: [] }), "Policy statement must contain resources."],
    ["Resource and NotResource", text({ ...granted, NotResource: "*" }), "Syntax errors in policy."],
    [
      "an action without service",
      text({ ...granted, Action: "GetParameter" }),
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ],
    [
      "an action with two colons",
      text({ ...granted, Action: "a:b:c" }),
      "Actions/Condition can contain only one colon.",
    ],
    ["an action of a strange service", text({ ...granted, Action: "s 3:Get" }), "Vendor s 3 is not valid"],
    ["an action of no service", text({ ...granted, Action: ":Get" }), "Vendor  is not valid"],
    [
      "a resource that is no ARN",
      text({ ...granted, Resource: "bucket" }),
      'Resource bucket must be in ARN format or "*".',
    ],
    ["arn alone", text({ ...granted, Resource: "arn" }), 'Resource arn must be in ARN format or "*".'],
    [
      "an unknown partition",
      text({ ...granted, Resource: "arn:gcp:s3:::b" }),
      'Partition "gcp" is not valid for resource "arn:gcp:s3:::b".',
    ],
    [
      "a pattern as service",
      text({ ...granted, Resource: "arn:aws:s?:::b" }),
      "Resource vendor must be fully qualified and cannot contain regexes.",
    ],
    [
      "no service in a resource",
      text({ ...granted, Resource: "arn:aws" }),
      "Resource vendor must be fully qualified and cannot contain regexes.",
    ],
    [
      "an ARN that is cut off",
      text({ ...granted, Resource: "arn:aws:s3::b" }),
      "The policy failed legacy parsing",
    ],
    [
      "a Sid with a space",
      text({ ...granted, Sid: "a b" }),
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    ],
    [
      "a Sid twice",
      text([
        { ...granted, Sid: "a" },
        { ...granted, Sid: "a" },
      ]),
      "Statement IDs (SID) in a single policy must be unique.",
    ],
  ];
  for (const kind of ["identity", "boundary"] as const) {
    for (const [name, policy, message] of identityTexts) {
      test(`refuses a policy (${kind}) with ${name}`, () =>
        assert.equal(refusal(policy, kind).awsMessage, message));
    }
  }

  test("says in the error where it is", () => {
    const { message, detail } = refusal(text([granted, { ...granted, Action: [] }]), "identity");
    assert.equal(message, "identity policy, statement 2: Policy statement must contain actions.");
    assert.deepEqual(detail, {
      kind: "identity",
      at: "statement 2",
      awsMessage: "Policy statement must contain actions.",
    });
    assert.equal(refusal("{", "trust").message, "trust policy: This policy contains invalid Json");
  });

  test("reads every legal form", () => {
    assert.deepEqual(parsePolicy(text(trusted), "trust"), {
      version: "2012-10-17",
      statements: [
        {
          effect: "Allow",
          principals: { Federated: [arn] },
          actions: ["sts:AssumeRoleWithWebIdentity"],
          conditions: [{ operator: "StringEquals", key: "oidc.example.test:sub", values: ["s"] }],
        },
      ],
    });
    const rich = {
      Sid: "Rich",
      Effect: "Deny",
      NotAction: ["iam:*", "*"],
      NotResource: ["arn:aws:s3:::b", "arn:*:s3:::*", "arn:aws:s3*", "*"].filter(
        (one) => one !== "arn:aws:s3*",
      ),
      Condition: { NumericLessThan: { "x:n": [1, "2"] }, Bool: { "x:b": true } },
    };
    const [statement] = parsePolicy(text([rich], { Id: "mine" }), "identity").statements;
    assert.deepEqual(statement?.conditions, [
      { operator: "NumericLessThan", key: "x:n", values: ["1", "2"] },
      { operator: "Bool", key: "x:b", values: ["true"] },
    ]);
    assert.deepEqual([statement?.sid, statement?.notActions], ["Rich", ["iam:*", "*"]]);
  });

  test("trust and session policies may be of the older language, which is also the one without Version", () => {
    assert.equal(parsePolicy(text(trusted, { Version: undefined }), "trust").version, "2008-10-17");
    assert.equal(parsePolicy(text(granted, { Version: "2008-10-17" }), "session").version, "2008-10-17");
  });

  test("lets a trust policy name every action of STS, in any letters, and patterns that fit one", () => {
    const actions = [
      "sts:AssumeRole",
      "sts:assumerolewithwebidentity",
      "sts:SetContext",
      "sts:*",
      "STS:Tag?ession",
    ];
    assert.deepEqual(
      parsePolicy(text({ ...trusted, Action: actions }), "trust").statements[0]?.actions,
      actions,
    );
  });

  test("reads all kinds of principals of a trust policy", () => {
    const principals = {
      AWS: ["*", "111122223333", "arn:aws:iam::111122223333:role/a", "AROAEXAMPLEEXAMPLE123"],
      Federated: ["cognito-identity.amazonaws.com", "arn:aws:iam::111122223333:saml-provider/x"],
      Service: "ec2.amazonaws.com",
    };
    const read = parsePolicy(
      text({
        ...trusted,
        Principal: principals,
        Sid: "with space",
        NotAction: "sts:TagSession",
        Action: undefined,
      }),
      "trust",
    );
    assert.deepEqual(read.statements[0]?.principals, { ...principals, Service: ["ec2.amazonaws.com"] });
    assert.deepEqual(
      parsePolicy(text({ ...trusted, Principal: "*", Sid: "" }), "trust").statements[0]?.principals,
      { "*": ["*"] },
    );
    const everybody = parsePolicy(text({ ...trusted, Principal: "*" }), "trust");
    assert.match(policyText(everybody), /"Principal":"\*"/u);
    assert.deepEqual(parsePolicy(policyText(everybody), "trust"), everybody);
    for (const one of ["**", "arn:aws:iam::111122223333:root", { "*": "*" }])
      refusal(text({ ...trusted, Principal: one }), "trust");
  });

  const kinds = fc.constantFrom<PolicyKind>("trust", "identity", "session", "boundary");
  const members = fc.constantFrom(
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "AWS",
    "Federated",
    "StringEquals",
    "Null",
    "__proto__",
    "constructor",
  );
  const scalars = fc.oneof(
    fc.constantFrom("Allow", "Deny", "*", "sts:AssumeRole", arn, "2012-10-17", "ssm:Get*"),
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      scalars,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(members, tie("tree"), { maxKeys: 6 }),
    ),
  }));

  test("property: the parser throws PolicyError and nothing else", () => {
    const onlyPolicyError = (policy: string, kind: PolicyKind): void => {
      try {
        parsePolicy(policy, kind);
      } catch (error) {
        assert.ok(error instanceof PolicyError, String(error));
      }
    };
    fc.assert(fc.property(fc.string(), kinds, onlyPolicyError));
    fc.assert(fc.property(fc.json(), kinds, onlyPolicyError));
    fc.assert(
      fc.property(fc.dictionary(members, tree, { maxKeys: 4 }), tree, kinds, (document, statement, kind) => {
        onlyPolicyError(JSON.stringify(document), kind);
        onlyPolicyError(text([statement]), kind);
        onlyPolicyError(text({ ...(kind === "trust" ? trusted : granted), ...(statement as object) }), kind);
      }),
      { numRuns: runs(1000) },
    );
    onlyPolicyError("[".repeat(131_000), "trust");
    onlyPolicyError(`{"Statement":${"[".repeat(60_000)}${"]".repeat(60_000)}}`, "identity");
  });
});
