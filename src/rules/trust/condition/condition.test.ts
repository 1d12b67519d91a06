import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { RequestContext } from "../language/request.ts";
import type { PolicyVersion } from "../language/document.ts";
import { judgeCondition, type ConditionResult } from "./condition.ts";
import { contextKeys } from "./context.ts";
import { operators, parseOperator } from "./operator.ts";
import { ownTime } from "../../../../test/support/processor-time.ts";

const context: RequestContext = {
  "aws:username": "alice",
  "oidc.example.test:sub": "system:serviceaccount:shop:cart",
  "aws:MultiFactorAuthAge": "300",
  "aws:CurrentTime": "2026-11-25T12:00:00Z",
  "aws:SourceIp": "192.0.2.7",
  "aws:VpcSourceIp": "2001:db8::7",
  "aws:SourceArn": "arn:aws:sns:eu-central-1:111122223333:topic",
  "aws:SecureTransport": "true",
  "x:key": "QmluYXJ5",
  "aws:TagKeys": ["team", "tier"],
  "x:empty": "",
  "x:none": [],
  "x:word": "three",
};

interface Line {
  operator: string;
  key: string;
  values: string | readonly string[];
}

function judge(line: Line, version: PolicyVersion = "2012-10-17"): ConditionResult {
  const { operator, key, values } = line;
  return judgeCondition({ operator, key, values: [values].flat() }, { version, keys: contextKeys(context) });
}

function holds(operator: string, key: string, values: string | readonly string[]): boolean | undefined {
  return judge({ operator, key, values }).holds;
}

/** operator, key, values that hold, values that do not. */
const table: readonly [string, string, readonly string[], readonly string[]][] = [
  ["StringEquals", "aws:username", ["alice"], ["Alice", "ali*", ""]],
  ["StringNotEquals", "aws:username", ["bob"], ["alice"]],
  ["StringEqualsIgnoreCase", "aws:username", ["ALICE"], ["alic"]],
  ["StringNotEqualsIgnoreCase", "aws:username", ["bob"], ["ALICE"]],
  ["StringLike", "aws:username", ["a*", "?lice", "*"], ["A*", "alice?"]],
  ["StringNotLike", "aws:username", ["b*"], ["a*"]],
  ["NumericEquals", "aws:MultiFactorAuthAge", ["300", "300.0", "+300", " 300 "], ["301", "x", ""]],
  ["NumericNotEquals", "aws:MultiFactorAuthAge", ["301"], ["300"]],
  ["NumericLessThan", "aws:MultiFactorAuthAge", ["301"], ["300", "-1"]],
  ["NumericLessThanEquals", "aws:MultiFactorAuthAge", ["300"], ["299.9"]],
  ["NumericGreaterThan", "aws:MultiFactorAuthAge", ["299"], ["300"]],
  ["NumericGreaterThanEquals", "aws:MultiFactorAuthAge", ["300"], ["301"]],
  ["NumericLessThan", "x:word", [], ["5"]],
  ["NumericNotEquals", "x:word", ["5"], []],
  [
    "DateEquals",
    "aws:CurrentTime",
    ["2026-11-25T12:00:00Z", "2026-11-25T13:00:00+01:00", "1795608000"],
    ["2026"],
  ],
  ["DateNotEquals", "aws:CurrentTime", ["2026-11-25"], ["2026-11-25T12:00Z"]],
  [
    "DateLessThan",
    "aws:CurrentTime",
    ["2027", "2026-12"],
    ["2026-11-25T12:00:00Z", "tomorrow", "2026-13-45"],
  ],
  ["DateLessThanEquals", "aws:CurrentTime", ["2026-11-25T12:00:00.000Z"], ["2026-11-25T11:59:59Z"]],
  ["DateGreaterThan", "aws:CurrentTime", ["2026-11-25"], ["2026-11-26"]],
  ["DateGreaterThanEquals", "aws:CurrentTime", ["2026-11-25T12:00:00Z"], ["2026-11-25T12:00:01Z"]],
  ["Bool", "aws:SecureTransport", ["true", "TRUE"], ["false"]],
  ["BinaryEquals", "x:key", ["QmluYXJ5", "QmluYXJ5Q"], ["QmluYXJ6", "Qm!"]],
  [
    "IpAddress",
    "aws:SourceIp",
    ["192.0.2.7", "192.0.2.0/24", "0.0.0.0/0"],
    ["192.0.2.8", "::/0", "192.0.2.0/33", "here"],
  ],
  ["NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"], ["192.0.2.0/24"]],
  [
    "IpAddress",
    "aws:VpcSourceIp",
    ["2001:db8::/32", "2001:db8::7", "2001:DB8:0:0:0:0:0:7"],
    ["2001:db9::/32", "0.0.0.0/0"],
  ],
  ["ArnEquals", "aws:SourceArn", ["arn:aws:sns:*:111122223333:topic"], ["arn:aws:sns:*:topic"]],
  ["ArnLike", "aws:SourceArn", ["arn:aws:sns:*:*:t?pic"], ["arn:aws:sqs:*:*:*"]],
  ["ArnNotEquals", "aws:SourceArn", ["arn:aws:sqs:*:*:*"], ["arn:aws:sns:*:*:*"]],
  ["ArnNotLike", "aws:SourceArn", ["arn:aws:sqs:*:*:*"], ["arn:aws:sns:*:*:*"]],
  ["Null", "aws:username", ["false", "FALSE"], ["true"]],
  ["Null", "x:missing", ["true"], ["false"]],
];

describe("a policy's condition", () => {
  for (const [operator, key, good, bad] of table) {
    test(`holds or not by ${operator} on ${key}`, () => {
      for (const value of good) assert.ok(holds(operator, key, value), `${value} should hold`);
      for (const value of bad) assert.ok(!holds(operator, key, value), `${value} should not hold`);
      if (good.length + bad.length > 1)
        assert.equal(holds(operator, key, [...bad, ...good]), !/Not/u.test(operator) && good.length > 0);
    });
  }

  test("the table has every operator", () => {
    assert.deepEqual(
      [...operators.keys(), "Null"].filter((name) => !table.some(([other]) => other === name)),
      [],
    );
  });

  test("a missing key: positive operators do not hold, negated ones do, IfExists does", () => {
    for (const [name, { negated }] of operators) {
      assert.equal(holds(name, "x:missing", "1"), negated, name);
      assert.ok(holds(`${name}IfExists`, "x:missing", "1"));
      assert.equal(holds(`ForAnyValue:${name}`, "x:missing", "1"), false, `ForAnyValue:${name}`);
      assert.ok(holds(`ForAllValues:${name}`, "x:missing", "1"));
      assert.ok(holds(`ForAnyValue:${name}IfExists`, "x:missing", "1"));
    }
  });

  test("an existing key makes IfExists nothing special", () => {
    assert.ok(!holds("StringEqualsIfExists", "aws:username", "bob"));
    assert.ok(holds("StringEqualsIfExists", "aws:username", "alice"));
  });

  test("with a set operator asks any or all values, an empty text as good as none", () => {
    assert.ok(holds("ForAnyValue:StringEquals", "aws:TagKeys", ["team", "other"]));
    assert.ok(!holds("ForAnyValue:StringEquals", "aws:TagKeys", "other"));
    assert.ok(holds("ForAllValues:StringEquals", "aws:TagKeys", ["team", "tier", "other"]));
    assert.ok(!holds("ForAllValues:StringEquals", "aws:TagKeys", "team"));
    assert.ok(holds("ForAnyValue:StringNotEquals", "aws:TagKeys", "team"));
    assert.ok(!holds("ForAllValues:StringNotEquals", "aws:TagKeys", "team"));
    assert.ok(holds("ForAllValues:StringNotLike", "aws:TagKeys", "x*"));
    for (const key of ["x:empty", "x:none"]) {
      assert.ok(holds("ForAllValues:StringEquals", key, "a"));
      assert.ok(!holds("ForAnyValue:StringLike", key, "*"));
    }
    assert.ok(holds("StringEquals", "x:empty", ""));
    assert.ok(!holds("StringEquals", "x:none", ""));
  });

  test("several values without a set operator: one that fits is enough, for Not… to fail as well", () => {
    assert.ok(holds("StringEquals", "aws:TagKeys", "team"));
    assert.ok(!holds("StringNotEquals", "aws:TagKeys", "team"));
  });

  test("keys are compared without regard to case, values are not", () => {
    assert.ok(holds("StringEquals", "AWS:UserName", "alice"));
    assert.ok(!holds("StringEquals", "AWS:UserName", "ALICE"));
  });

  test("variables are replaced in 2012-10-17, and stand for text without wildcards", () => {
    const line = {
      operator: "StringLike",
      key: "oidc.example.test:sub",
      values: "system:*:${aws:nothing, 'ca?'}",
    };
    assert.ok(!judge(line).holds, "a default's ? is no wildcard");
    assert.ok(judge({ ...line, values: "system:*:${aws:nothing, 'cart'}" }).holds);
    assert.ok(judge({ operator: "StringEquals", key: "aws:username", values: "${aws:USERNAME}" }).holds);
    assert.ok(
      !judge({ operator: "StringEquals", key: "aws:username", values: "${aws:username}" }, "2008-10-17")
        .holds,
    );
    assert.ok(!judge({ operator: "StringLike", key: "aws:username", values: "${*}" }).holds);
    assert.ok(!judge({ operator: "StringLike", key: "aws:username", values: "${?}${$}" }).holds);
    assert.ok(
      !judge({
        operator: "NumericEquals",
        key: "aws:MultiFactorAuthAge",
        values: "${aws:MultiFactorAuthAge}",
      }).holds,
    );
  });

  test("a variable without a value fits nothing; a list is no value", () => {
    assert.ok(!holds("StringLike", "aws:username", "${x:missing}*"));
    assert.ok(holds("StringNotLike", "aws:username", "${x:missing}*"));
    assert.ok(!holds("StringLike", "aws:username", "${aws:TagKeys}"));
    assert.ok(holds("StringEquals", "aws:username", ["${x:missing}", "alice"]));
  });

  test("white space around a variable's key does not count, and no amount of it takes long", async () => {
    assert.ok(holds("StringEquals", "aws:username", "${ aws:username }"));
    assert.ok(holds("StringEquals", "aws:username", "${ x:missing , 'alice' }"));
    const took = await ownTime(() => {
      assert.ok(!holds("StringEquals", "aws:username", `\${${" ".repeat(100_000)}`));
      assert.ok(!holds("StringEquals", "aws:username", "${a, '".repeat(20_000)));
    });
    assert.ok(took < 2000, `${took} ms`);
  });

  test("that looks right and does not hold gets its reason", () => {
    const why = (operator: string, key: string, values: string): string =>
      judge({ operator, key, values }).because;
    assert.match(why("StringEquals", "aws:username", "ALICE"), /upper and lower case/u);
    assert.match(why("StringEquals", "aws:username", "al*"), /StringLike/u);
    assert.match(why("StringEquals", "aws:usernam", "alice"), /it has aws:username/u);
    assert.match(
      why("StringEquals", `${"long.".repeat(20)}test:sub`, "x"),
      /it has oidc\.example\.test:sub/u,
    );
    assert.match(why("StringEquals", "nothing-like-it", "x"), /has no nothing-like-it$/u);
    assert.match(
      why("StringEquals", "aws:username", "bob"),
      /asks aws:username for "bob", and it is "alice"$/u,
    );
    assert.match(why("StringNotEquals", "x:missing", "bob"), /holds because/u);
    assert.match(
      judge({ operator: "StringEquals", key: "aws:username", values: [] }).because,
      /for nothing/u,
    );
    assert.match(why("Null", "aws:username", "true"), /absent, and it is there/u);
  });

  test("a condition that no parser lets through is the caller's fault", () => {
    assert.throws(() => holds("StringMatches", "a", "b"), TypeError);
    assert.throws(() => holds("String Equals", "a", "b"), TypeError);
  });

  test("operators are read as IAM reads them", () => {
    assert.deepEqual(parseOperator("ForAnyValue:StringLikeIfExists"), {
      set: "ForAnyValue",
      name: "StringLike",
      ifExists: true,
    });
    for (const bad of [
      "",
      "stringequals",
      "NullIfExists",
      "ForAnyValue:Null",
      "IfExists",
      "ForSome:Bool",
      "Bool ",
      "toString",
    ]) {
      assert.equal(parseOperator(bad), undefined, bad);
    }
  });

  test("an operator and its negation never agree on a key that is there", () => {
    const names = [...operators.keys()];
    const negations = names
      .filter((name) => name.includes("Not"))
      .map((name) => [name, name.replace("Not", "")] as const);
    fc.assert(
      fc.property(
        fc.constantFrom(...negations),
        fc.string(),
        fc.string(),
        ([not, positive], wanted, actual) => {
          const keys = contextKeys({ "x:k": actual });
          const ask = (operator: string): boolean | undefined =>
            judgeCondition({ operator, key: "x:k", values: [wanted] }, { version: "2008-10-17", keys }).holds;
          assert.notEqual(ask(not), ask(positive));
        },
      ),
    );
  });

  test("a condition on a key that is not known yet, or with a variable of one, neither holds nor fails", () => {
    const scope = {
      version: "2012-10-17" as const,
      keys: contextKeys({ "aws:SourceIp": "10.0.0.1", "x:k": "v" }, ["AWS:sourceip"]),
    };
    const ask = (operator: string, key: string, value: string): unknown => {
      const { holds: answer, dependsOn } = judgeCondition({ operator, key, values: [value] }, scope);
      return [answer, dependsOn];
    };
    const open = [undefined, ["aws:SourceIp"]];
    assert.deepEqual(ask("IpAddress", "aws:SourceIp", "10.0.0.0/8"), open);
    assert.deepEqual(ask("Null", "aws:SourceIp", "true"), open);
    assert.deepEqual(ask("StringNotEquals", "x:k", "${aws:SourceIp}"), [undefined, ["aws:SourceIp"]]);
    assert.deepEqual(ask("StringEquals", "x:k", "v"), [true, undefined]);
    const older = { ...scope, version: "2008-10-17" as const };
    const plain = judgeCondition(
      { operator: "StringEquals", key: "x:k", values: ["${aws:SourceIp}"] },
      older,
    );
    assert.equal(plain.holds, false, "before 2012-10-17 there are no variables");
  });
});
