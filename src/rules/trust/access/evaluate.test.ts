import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { defined } from "../../../core/base/index.ts";
import type { NamedPolicy, PolicyDocument, Statement } from "../language/document.ts";
import { parsePolicy } from "../policy/parse.ts";
import { authorize, evaluate } from "./evaluate.ts";
import type { AccessRequest } from "../language/request.ts";

const resource = "arn:aws:ssm:eu-central-1:111122223333:parameter/shop/key";
const request: AccessRequest = { action: "ssm:GetParameter", resource, context: { "aws:username": "shop" } };

function policy(name: string, ...statements: object[]): NamedPolicy {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  return { name, document: parsePolicy(text, "identity") };
}
const allow = { Effect: "Allow", Action: "ssm:Get*", Resource: "*" };
const deny = { Effect: "Deny", Action: "*", Resource: "arn:aws:ssm:*:*:parameter/shop/*" };

describe("the policy evaluator", () => {
  test("a Deny wins, an Allow allows, and silence refuses", () => {
    assert.equal(evaluate([policy("a", allow)], request).effect, "allow");
    assert.equal(evaluate([policy("a", allow), policy("d", deny)], request).effect, "explicit-deny");
    assert.equal(evaluate([], request).effect, "implicit-deny");
    assert.equal(evaluate([policy("a", { ...allow, Action: "ssm:Put*" })], request).effect, "implicit-deny");
  });

  test("the trace says which statement decided, and why the others did not", () => {
    const answer = evaluate(
      [policy("a", { ...allow, Sid: "Read" }, { ...allow, Action: "s3:*" }), policy("d", deny)],
      request,
    );
    assert.deepEqual(answer.by, { policy: "d", statement: 1 });
    assert.deepEqual(
      answer.trace.map(({ policy: name, statement, sid, matched }) => [name, statement, sid, matched]),
      [
        ["a", 1, "Read", true],
        ["a", 2, undefined, false],
        ["d", 1, undefined, true],
      ],
    );
    assert.deepEqual(
      answer.trace[1]?.checks.map(({ because }) => because),
      ["its actions are s3:*, without ssm:GetParameter"],
    );
    assert.deepEqual(evaluate([policy("a", { ...allow, Sid: "Read" })], request).by, {
      policy: "a",
      statement: 1,
      sid: "Read",
    });
  });

  /** What a statement must have to match the request, and what makes it miss. */
  const cases: readonly [string, object, boolean, RegExp?][] = [
    ["actions do not know case", { Action: "SSM:getparameter" }, true],
    ["? in an action", { Action: "ssm:GetParamete?" }, true],
    ["* alone", { Action: "*" }, true],
    ["another action", { Action: ["ssm:PutParameter", "s3:*"] }, false, /without ssm:GetParameter/u],
    ["NotAction of another", { Action: undefined, NotAction: "iam:*" }, true],
    ["NotAction of this", { Action: undefined, NotAction: "ssm:*" }, false, /all actions but ssm:\*/u],
    ["this resource", { Resource: resource }, true],
    [
      "resources know case",
      { Resource: resource.toUpperCase().replace("ARN:AWS:SSM", "arn:aws:ssm") },
      false,
      /without arn/u,
    ],
    ["a variable in a resource", { Resource: "arn:aws:ssm:*:*:parameter/${aws:username}/*" }, true],
    ["a variable without value", { Resource: "arn:aws:ssm:*:*:parameter/${aws:nobody}*" }, false],
    ["a wildcard does not reach over a colon", { Resource: "arn:aws:ssm:*:parameter/shop/key:" }, false],
    ["a short pattern is compared whole", { Resource: "arn:aws:ssm:*" }, true],
    ["NotResource of another", { Resource: undefined, NotResource: "arn:aws:s3:::*" }, true],
    ["NotResource of this", { Resource: undefined, NotResource: resource }, false, /all resources but/u],
    ["a condition that holds", { Condition: { StringEquals: { "aws:username": "shop" } } }, true],
    [
      "a condition that does not",
      { Condition: { StringEquals: { "aws:username": "cart" } } },
      false,
      /"cart"/u,
    ],
    [
      "all lines must hold",
      { Condition: { StringLike: { "aws:username": "*", "x:no": "*" } } },
      false,
      /x:no/u,
    ],
  ];
  for (const [name, change, matched, why] of cases) {
    test(`a statement matches or does not: ${name}`, () => {
      const { trace, effect } = evaluate([policy("p", { ...allow, ...change })], request);
      assert.equal(effect, matched ? "allow" : "implicit-deny");
      assert.match(trace[0]?.checks.map(({ because }) => because).join(" ") ?? "", why ?? /.*/u);
    });
  }

  function trust(statement: Partial<Statement>): readonly NamedPolicy[] {
    const base: Statement = { effect: "Allow", actions: ["sts:AssumeRole"], conditions: [] };
    return [{ name: "trust", document: { version: "2012-10-17", statements: [{ ...base, ...statement }] } }];
  }

  const session = "arn:aws:sts::111122223333:assumed-role/app/one";
  const role = "arn:aws:iam::111122223333:role/app";
  const caller = { type: "AWS", ids: [session, role], account: "111122223333" } as const;
  const assume: AccessRequest = { action: "sts:AssumeRole", resource: "*", principal: caller, context: {} };

  test("principals match by ARN, by role, by account, by root or as any, and never by part of a name", () => {
    const effect = (AWS: string): string => evaluate(trust({ principals: { AWS: [AWS] } }), assume).effect;
    for (const value of [session, role, "111122223333", "arn:aws:iam::111122223333:root", "*"]) {
      assert.equal(effect(value), "allow", value);
    }
    for (const value of [
      "444455556666",
      "arn:aws:iam::444455556666:root",
      "arn:aws:iam::111122223333:role/*",
      `${role}2`,
    ]) {
      assert.equal(effect(value), "implicit-deny", value);
    }
  });

  test("principals of one kind are not those of another, and an unknown one matches none", () => {
    const federated = trust({ principals: { Federated: [role] } });
    assert.match(
      evaluate(federated, assume).trace[0]?.checks[0]?.because ?? "",
      /its principals are Federated/u,
    );
    const everybody = trust({ principals: { AWS: ["*"] } });
    const { principal: _, ...anonymous } = assume;
    assert.match(evaluate(everybody, anonymous).trace[0]?.checks[0]?.because ?? "", /no known principal/u);
    const withoutAccount = { ...assume, principal: { type: "AWS", ids: [] } } as const;
    assert.equal(
      evaluate(trust({ principals: { AWS: ["111122223333"] } }), withoutAccount).effect,
      "implicit-deny",
    );
  });

  test("* by itself is any principal of every kind, and still matches no unknown one", () => {
    const everybody = trust({ principals: { "*": ["*"] } });
    const user = { ...assume, principal: { type: "Federated", ids: ["oidc.example.com"] } } as const;
    assert.equal(evaluate(everybody, assume).effect, "allow");
    assert.equal(evaluate(everybody, user).effect, "allow");
    const { principal: _, ...anonymous } = assume;
    assert.match(
      evaluate(everybody, anonymous).trace[0]?.checks[0]?.because ?? "",
      /its principals are \*; the caller is no known principal/u,
    );
  });

  test("NotPrincipal is about every other principal", () => {
    const not = (AWS: string): string =>
      evaluate(trust({ effect: "Deny", notPrincipals: { AWS: [AWS] } }), assume).effect;
    assert.equal(not("444455556666"), "explicit-deny");
    assert.equal(not(role), "implicit-deny");
  });

  test("boundary and session policies take away and never give", () => {
    const identity = [policy("i", allow)];
    const narrow = policy("narrow", { ...allow, Resource: "arn:aws:s3:::*" });
    assert.equal(authorize({ identity }, request).effect, "allow");
    assert.deepEqual(authorize({ identity }, request).by, { policy: "i", statement: 1 });
    assert.equal(authorize({ identity, boundary: policy("b", allow), session: [] }, request).effect, "allow");
    const layer = (layers: Parameters<typeof authorize>[0]): unknown => {
      const { effect, layer: which } = authorize(layers, request);
      return [effect, which];
    };
    assert.deepEqual(layer({ identity, boundary: narrow }), ["implicit-deny", "boundary"]);
    assert.deepEqual(layer({ identity, session: [narrow] }), ["implicit-deny", "session"]);
    assert.deepEqual(layer({ identity: [], boundary: policy("b", allow), session: [policy("s", allow)] }), [
      "implicit-deny",
      "identity",
    ]);
    assert.deepEqual(layer({ identity: [narrow], session: [policy("s", deny)] }), [
      "explicit-deny",
      "session",
    ]);
    assert.equal(authorize({ identity, session: [narrow, policy("s", allow)] }, request).effect, "allow");
  });

  const words = fc.constantFrom("ssm:GetParameter", "ssm:*", "s3:GetObject", "*");
  const resources = fc.constantFrom(resource, "arn:aws:ssm:*:*:parameter/*", "arn:aws:s3:::b/*", "*");
  const conditions = fc.constantFrom(
    [],
    [{ operator: "StringEquals", key: "aws:username", values: ["shop"] }],
    [{ operator: "StringLike", key: "aws:nobody", values: ["*"] }],
  );
  const statements: fc.Arbitrary<Statement> = fc.record({
    effect: fc.constantFrom("Allow" as const, "Deny" as const),
    actions: fc.array(words, { minLength: 1, maxLength: 3 }),
    resources: fc.array(resources, { minLength: 1, maxLength: 3 }),
    conditions,
  });
  const documents: fc.Arbitrary<PolicyDocument> = fc.record({
    version: fc.constant("2012-10-17" as const),
    statements: fc.array(statements, { maxLength: 4 }),
  });
  const lists = fc.array(
    documents.map((document) => ({ name: "p", document })),
    { maxLength: 3 },
  );
  const total: NamedPolicy = policy("total", { Effect: "Deny", Action: "*", Resource: "*" });

  test("property: a Deny that matches wins, whatever else stands there and in whatever order", () => {
    fc.assert(
      fc.property(lists, lists, lists, (before, after, others) => {
        assert.equal(evaluate([...before, total, ...after], request).effect, "explicit-deny");
        assert.equal(
          authorize({ identity: before, boundary: total, session: others }, request).effect,
          "explicit-deny",
        );
        assert.equal(
          authorize({ identity: before, session: [...others, total] }, request).effect,
          "explicit-deny",
        );
      }),
    );
  });

  test("property: more Allow never takes away, more Deny never gives, order does not count", () => {
    const only = (list: readonly NamedPolicy[], effect: string): NamedPolicy[] =>
      list.map(({ name, document }) => ({
        name,
        document: { ...document, statements: document.statements.filter((one) => one.effect === effect) },
      }));
    fc.assert(
      fc.property(lists, lists, (list, extra) => {
        const { effect } = evaluate(list, request);
        if (effect === "allow")
          assert.equal(evaluate([...list, ...only(extra, "Allow")], request).effect, "allow");
        else assert.notEqual(evaluate([...list, ...only(extra, "Deny")], request).effect, "allow");
        assert.equal(evaluate(list.toReversed(), request).effect, effect);
      }),
    );
  });

  test("property: a boundary or a session never allows what identity alone does not", () => {
    fc.assert(
      fc.property(lists, lists, documents, (identity, limits, boundary) => {
        const limited = authorize(
          { identity, session: limits, boundary: { name: "b", document: boundary } },
          request,
        );
        if (limited.effect === "allow") assert.equal(authorize({ identity }, request).effect, "allow");
      }),
    );
  });

  test("a trace says which condition failed, with what was asked for and what was given", () => {
    const wanted = ["alice", "bob"];
    const list = [policy("p", { ...allow, Condition: { StringEquals: { "aws:username": wanted } } })];
    const [one] = evaluate(list, request).trace;
    const [check] = one?.checks ?? [];
    const { because: _, ...facts } = check ?? {};
    assert.deepEqual(facts, {
      element: "Condition",
      operator: "StringEquals",
      key: "aws:username",
      wanted,
      given: ["shop"],
      holds: false,
    });
  });

  test("an answer that depends on an unknown key is undecided, by the statement on which it depends", () => {
    const inside = { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } };
    const open = { ...request, unknownKeys: ["aws:SourceIp"] };
    const effect = (...all: readonly object[]): unknown => {
      const { effect: answer, by: statement } = evaluate([policy("p", ...all)], open);
      return [answer, statement?.statement];
    };
    assert.deepEqual(effect({ ...allow, Condition: inside }), ["undecided", 1]);
    assert.deepEqual(effect(allow, { ...allow, Condition: inside }), ["allow", 1]);
    assert.deepEqual(effect(allow, { ...deny, Condition: inside }), ["undecided", 2]);
    assert.deepEqual(effect({ ...deny, Condition: inside }), ["implicit-deny", undefined]);
    assert.deepEqual(effect(deny, { ...allow, Condition: inside }), ["explicit-deny", 1]);
    const identity = [policy("i", { ...allow, Condition: inside })];
    assert.equal(authorize({ identity }, open).effect, "undecided");
    assert.equal(authorize({ identity: [policy("i", allow)] }, open).effect, "allow");
  });

  test("property: what is decided without a key stays so whatever the key turns out to be", () => {
    const withIp: fc.Arbitrary<Statement> = fc.record({
      effect: fc.constantFrom("Allow" as const, "Deny" as const),
      actions: fc.constant(["*"]),
      resources: fc.constant(["*"]),
      conditions: fc.constantFrom(
        [],
        [{ operator: "StringEquals", key: "x:k", values: ["1", "2"] }],
        [{ operator: "StringNotEquals", key: "x:k", values: ["1"] }],
        [{ operator: "Null", key: "x:k", values: ["true"] }],
        [{ operator: "StringEquals", key: "aws:username", values: ["shop"] }],
      ),
    });
    const list = fc.array(withIp, { maxLength: 4 });
    fc.assert(
      fc.property(list, fc.constantFrom("1", "2", "3", undefined), (statementsOfPolicy, value) => {
        const all = [
          { name: "p", document: { version: "2012-10-17" as const, statements: statementsOfPolicy } },
        ];
        const { effect } = evaluate(all, { ...request, unknownKeys: ["x:k"] });
        const context = { ...request.context, ...defined({ "x:k": value }) };
        const known = evaluate(all, { ...request, context }).effect;
        if (effect === "allow") assert.equal(known, "allow");
        else if (effect !== "undecided") assert.notEqual(known, "allow");
      }),
    );
  });
});
