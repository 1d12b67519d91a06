/**
 * Over random roles, step by step: what takes rights away gives none between two steps. Rights are what a session may
 * do by the evaluator of the sandbox, not by the code that decides about steps.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { defined } from "../../core/base/index.ts";
import { grants } from "../../../test/support/bindings/tenant-history.ts";
import type { StoredRole } from "../../../test/support/bindings/pass-world.ts";
import {
  admin,
  arn,
  document,
  everything,
  type GrantSpec,
  isNamed,
  isWithin,
  read,
  rightsOfGrant,
  rightsOfRole,
} from "../../../test/support/bindings/session-rights.ts";
import { account } from "../../../test/support/bindings/objects.ts";
import { runs } from "../../../test/support/runs.ts";
import type { RoleState } from "./role.ts";
import { type AllowedRights, closingOf, cutOf } from "./role-cut.ts";
import { type RoleStep, strippingOf } from "./role-steps.ts";
import { updateOf } from "./role-update.ts";

const denyAll = "arn:aws:iam::aws:policy/AWSDenyAll";
const denied = (Action: string): object => ({ Effect: "Deny", Action, Resource: "*" });
const texts = [
  document(everything),
  document(read("x")),
  document(denied("iam:*")),
  document(denied("ssm:*")),
  document(read("a", "b", "z"), denied("iam:*")),
  document(everything, denied("ssm:*")),
  document(read("x"), denied("ssm:GetParameter")),
];
const letsIn = (Principal: object): string =>
  document({ Effect: "Allow", Principal, Action: "sts:AssumeRole" });

const roles: fc.Arbitrary<RoleState> = fc
  .record({
    policies: fc.subarray([arn("/shop/a"), arn("/shop/b"), arn("/shop/team"), admin, denyAll]),
    inline: fc.dictionary(fc.constantFrom("m", "n", "o", "p"), fc.constantFrom(...texts), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    boundary: fc.constantFrom(undefined, arn("/wide"), arn("/narrow"), denyAll),
    team: fc.constantFrom(undefined, "x", "y", "z"),
    maxSession: fc.constantFrom(3600, 7200),
    trustPolicy: fc.constantFrom(letsIn({ AWS: account }), letsIn({ Service: "ec2.amazonaws.com" })),
  })
  .map(({ team, ...more }) => ({
    arn: `arn:aws:iam::${account}:role/podtrust/web`,
    account,
    name: "web",
    id: "AROAWEB",
    path: "/podtrust/",
    description: "",
    created: 0,
    tags: defined({ team }),
    ...more,
  }));

/** What a grant allows of a role: as `allowedOf` has it. */
function allowedBy(grant: GrantSpec, role: RoleState): AllowedRights {
  return {
    policies: role.policies.filter((one) => isNamed(grant, one)),
    inline: grant.inline === true ? Object.keys(role.inline) : [],
    boundary: grant.boundary,
    tags: Object.fromEntries((grant.tags ?? []).map(({ key, value }) => [key, value])),
    maxSession: grant.maxSessionSeconds ?? 3600,
  };
}

const without = (record: Readonly<Record<string, string>>, key: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));

/** A role after a step, as IAM has it then. */
function after(role: RoleState, step: RoleStep): RoleState {
  switch (step.kind) {
    case "attach":
      return { ...role, policies: [...role.policies, step.policy] };
    case "detach":
      return { ...role, policies: role.policies.filter((one) => one !== step.policy) };
    case "put-inline":
    case "reduce-inline":
      return { ...role, inline: { ...role.inline, [step.name]: step.document } };
    case "delete-inline":
      return { ...role, inline: without(role.inline, step.name) };
    case "set-boundary":
    case "shut":
      return { ...role, boundary: step.boundary };
    case "remove-boundary":
      return { ...role, boundary: undefined };
    case "tag":
      return { ...role, tags: { ...role.tags, ...step.tags } };
    case "untag":
      return { ...role, tags: step.keys.reduce(without, role.tags) };
    case "set-session":
      return { ...role, maxSession: step.maxSession };
    case "set-trust":
      return { ...role, trustPolicy: step.document };
  }
}

const rights = (role: RoleState): ReadonlySet<string> => rightsOfRole(role as unknown as StoredRole);

/** Takes steps one after the other, each of which gives no more than before, or than is `allowed`. */
function walked(
  from: RoleState,
  steps: readonly RoleStep[],
  allowed: ReadonlySet<string> = new Set(),
): RoleState {
  return steps.reduce((role, step) => {
    const next = after(role, step);
    const [was, is] = [rights(role), rights(next)];
    assert.ok(
      isWithin(is, was) || isWithin(is, allowed),
      `${JSON.stringify(step)} gives ${[...is].filter((one) => !was.has(one)).join(", ")}`,
    );
    return next;
  }, from);
}

/** The same where IAM refuses each optional step: nothing of it is done, or it is deleted. */
const refused = (role: RoleState, step: RoleStep): RoleState => {
  if (step.kind === "reduce-inline" && step.orDelete === true)
    return after(role, { kind: "delete-inline", name: step.name });
  return step.kind === "shut" || step.kind === "reduce-inline" ? role : after(role, step);
};

/** The same where there is no room for any: nothing of it is done. */
const withoutRoom = (role: RoleState, step: RoleStep): RoleState =>
  step.kind === "shut" || step.kind === "reduce-inline" ? role : after(role, step);

/** A cut that ends before one of its steps, or because one of them fails. */
function cutOff(role: RoleState, allowed: AllowedRights, at: number): RoleState {
  const { narrowing, afterwards } = cutOf(role, allowed);
  return [...narrowing, ...afterwards].slice(0, at).reduce(after, role);
}

const numRuns = runs(250);

describe("steps that change a role", () => {
  test("are one call where one policy changes, whatever it denies, and new before old where several only allow", () => {
    const [role] = fc.sample(roles, 1);
    assert.ok(role !== undefined);
    const [all, x, both] = [document(everything), document(read("x")), document(everything, denied("ssm:*"))];
    const [iam, ssm] = [document(denied("iam:*")), document(denied("ssm:*"))];
    const steps = (from: RoleState["inline"], to: RoleState["inline"]): readonly string[] =>
      updateOf({ ...role, inline: from }, { ...role, inline: to }).map(
        (step) => `${step.kind} ${"name" in step ? step.name : ""}`,
      );
    for (const [from, to] of [
      [both, all],
      [all, both],
      [iam, ssm],
      [iam, both],
      [all, x],
    ])
      assert.deepEqual(steps({ m: from ?? "" }, { m: to ?? "" }), ["put-inline m"]);
    assert.deepEqual(steps({ m: iam, n: x }, { m: ssm, o: all }), [
      "reduce-inline m",
      "put-inline o",
      "delete-inline n",
      "put-inline m",
    ]);
    // Of an older version nothing is read.
    const old = JSON.stringify({ Version: "2008-10-17", Statement: denied("iam:*") });
    assert.deepEqual(steps({ m: old, n: x }, { m: iam, n: x }), ["put-inline m"]);
    assert.deepEqual(steps({ m: old, n: x }, { m: ssm }), ["delete-inline n", "put-inline m"]);
  });

  test("leave a role that was closed as it is, until an update opens it", () => {
    const [role] = fc.sample(roles, 1);
    const [grant] = grants;
    assert.ok(role !== undefined && grant !== undefined);
    const { narrowing, afterwards } = closingOf(role, { trustPolicy: letsIn({ AWS: "*" }), now: 0 });
    const closed = { ...[...narrowing, ...afterwards].reduce(after, role), tags: { team: "x" } };
    const cut = cutOf(closed, { ...allowedBy(grant, closed), maxSession: 43_200 });
    assert.deepEqual(cut, { narrowing: [], afterwards: [] });
  });

  test("property: a cut gives nothing that a grant does not allow, whichever narrowing steps fail, and ends within it", () => {
    fc.assert(
      fc.property(roles, fc.constantFrom(...grants), fc.array(fc.boolean()), (role, grant, fails) => {
        const { narrowing, afterwards } = cutOf(role, allowedBy(grant, role));
        const done = narrowing.filter((_, index) => fails[index] !== true);
        walked(role, done);
        const limit = rightsOfGrant(grant, role as unknown as StoredRole);
        const end = walked(walked(role, narrowing), afterwards, limit);
        assert.ok(isWithin(rights(end), limit), `${[...rights(end)].join(", ")} is left`);
        assert.deepEqual(cutOf(end, allowedBy(grant, end)), { narrowing: [], afterwards: [] });
      }),
      { numRuns },
    );
  });

  test("property: a cut that is cut off anywhere ends with the next one, and leaves no boundary that the grant does not have", () => {
    fc.assert(
      fc.property(roles, fc.constantFrom(...grants), fc.nat(12), (role, grant, at) => {
        const begun = cutOff(role, allowedBy(grant, role), at);
        const end = cutOff(begun, allowedBy(grant, begun), Infinity);
        assert.ok(isWithin(rights(end), rightsOfGrant(grant, end as unknown as StoredRole)));
        assert.deepEqual(cutOf(end, allowedBy(grant, end)), { narrowing: [], afterwards: [] });
        if (grant.boundary === undefined) assert.notEqual(end.boundary, denyAll);
        else assert.equal(end.boundary, grant.boundary);
      }),
      { numRuns },
    );
  });

  test("property: a role that is closed, or stripped of its policies, has nothing more after any step", () => {
    fc.assert(
      fc.property(roles, (role) => {
        const { narrowing, afterwards } = closingOf(role, { trustPolicy: letsIn({ AWS: "*" }), now: 0 });
        const closed = walked(walked(role, narrowing), afterwards);
        assert.deepEqual([...rights(closed)], []);
        assert.deepEqual([closed.policies, Object.keys(closed.inline)], [[], ["AWSRevokeOlderSessions"]]);
        const stripped = walked(role, strippingOf(role));
        assert.deepEqual([stripped.policies, stripped.inline], [[], {}]);
      }),
      { numRuns },
    );
  });

  test("property: an update gives nothing that the role neither had nor is to have", () => {
    fc.assert(
      fc.property(roles, roles, fc.boolean(), (role, wanted, crosses) => {
        // Without `crosses` tags and boundary of one owner may meet for a moment.
        fc.pre(crosses || role.boundary === wanted.boundary || role.tags["team"] === wanted.tags["team"]);
        walked(role, updateOf(role, wanted, { crosses }), new Set([...rights(role), ...rights(wanted)]));
      }),
      { numRuns },
    );
  });

  test("property: an update ends at the desired role, also where IAM refuses each optional step", () => {
    fc.assert(
      fc.property(roles, roles, fc.boolean(), fc.boolean(), (role, wanted, crosses, adopts) => {
        const steps = updateOf(role, wanted, { crosses, adopts });
        for (const taken of [after, refused, withoutRoom]) {
          const end = steps.reduce(taken, role);
          assert.deepEqual(
            { ...end, policies: new Set(end.policies) },
            { ...wanted, policies: new Set(wanted.policies) },
          );
        }
      }),
      { numRuns },
    );
  });
});
