/**
 * Somebody may write the ConfigMap of `podtrust operator --role-map`, and nothing else. It names roles for ServiceAccounts that
 * name none; which role a pod then gets is up to AWS's trust policies.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { Roles } from "../../../src/operator/roles.ts";
import { leastOwnTime } from "../../support/processor-time.ts";
import { runs } from "../../support/runs.ts";

const roleArn = "eks.amazonaws.com/role-arn";
const own = "arn:aws:iam::111122223333:role/own";
const his = "arn:aws:iam::444455556666:role/his";

/** An operator that follows the ConfigMap, and how its data is written. */
function followed(): { readonly roles: Roles; readonly write: (data: Record<string, string>) => void } {
  let tell: ((key: string, before: undefined, data: Record<string, string>) => void) | undefined;
  const roles = new Roles({
    subscribe: (listener) => {
      tell = listener as typeof tell;
      return () => {};
    },
  });
  return { roles, write: (data) => tell?.("podtrust/role-map", undefined, data) };
}

const accountOf = (annotations: Record<string, string> = {}) => ({
  metadata: { name: "web", namespace: "shop", annotations },
});

const key = fc.constantFrom(
  "shop/web",
  "shop/*",
  "*/web",
  "*/*",
  "__proto__",
  "shop/web\u0000",
  "../web",
  "shop",
);
const member = fc.constantFrom(
  "RoleARN",
  roleArn,
  "__proto__",
  "constructor",
  "podtrust.dev/profile-a",
  "audience",
  "x",
);
const value = fc.oneof(
  fc.constantFrom(his, "", "\u202e", "x".repeat(100_000)),
  fc.double(),
  fc.boolean(),
  fc.jsonValue(),
);
const entries = fc.dictionary(key, fc.oneof(value, fc.dictionary(member, value)));
const text = fc.oneof(
  entries.map((one) => JSON.stringify(one)),
  fc.constantFrom("", "{", "[".repeat(50_000), "null", "[]"),
);

describe("who may write the operator's role map", () => {
  test("whatever he writes for an hour, a ServiceAccount that names a role keeps it, and nothing of it is thrown or grows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ config: text, "container-credentials": text }), { maxLength: 60 }),
        (writes) => {
          const { roles, write } = followed();
          for (const data of writes) {
            write(data);
            const kept = accountOf({ [roleArn]: own });
            assert.deepEqual(roles.account(kept, "shop/web"), kept);
            const given = roles.account(accountOf(), "shop/web")["metadata"] as {
              annotations: Record<string, string>;
            };
            assert.equal(Object.getPrototypeOf(given.annotations), Object.prototype);
            assert.ok(roles.problems.length <= 21);
            assert.ok(roles.problems.every((one) => one.length <= 320));
          }
        },
      ),
      { numRuns: runs(30) },
    );
  });

  test("costs the operator no more than a moment by a mebibyte of patterns, and its status names twenty of a hundred thousand mistakes", async () => {
    const { roles, write } = followed();
    const patterns = Array.from({ length: 18_000 }, (_, index) => [`team-${index}-*/*`, his] as const);
    const mistakes = Array.from({ length: 100_000 }, (_, index) => [`x${index}`, 1] as const);
    const spent = await leastOwnTime(3, () => {
      write({ config: JSON.stringify(Object.fromEntries(patterns)) });
      for (let pods = 0; pods < 100; pods += 1) roles.account(accountOf(), "shop/web");
    });
    // Some 150 ms on one core.
    assert.ok(spent < 3000, `${spent} ms`);
    write({ config: JSON.stringify(Object.fromEntries(mistakes)) });
    assert.equal(roles.problems.length, 21);
    assert.match(roles.problems.at(-1) ?? "", /99980 more entries/u);
  });
});
