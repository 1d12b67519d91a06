/**
 * Over random roles, step by step: what takes rights away gives none between two steps. Rights are what a session may do by the
 * evaluator of the sandbox, not by what decides about steps.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { defined } from "../../core/base/index.ts";
import { grants } from "../../../test/support/bindings/tenant-history.ts";
import type { SeenRole } from "../../../test/support/bindings/pass-world.ts";
import {
  admin,
  arn,
  document,
  everything,
  type GrantSpec,
  isWithin,
  read,
  rightsOfGrant,
  rightsOfRole,
} from "../../../test/support/bindings/session-rights.ts";
import { account } from "../../../test/support/bindings/objects.ts";
import { runs } from "../../../test/support/runs.ts";
import type { RoleState } from "./role.ts";
import { type AllowedRights, closingOf, cutOf, type RoleStep, strippingOf, updateOf } from "./role-steps.ts";

const denyAll = "arn:aws:iam::aws:policy/AWSDenyAll";
const denied = (Action: string): object => ({ Effect: "Deny", Action, Resource: "*" });
const inline: Readonly<Record<string, string>> = {
  own: document(everything),
  deny: document(denied("iam:*")),
  hides: document(denied("ssm:*")),
  mixed: document(read("a", "b", "z"), denied("iam:*")),
  "mixed-2": document(everything, denied("ssm:*")),
  "mixed-3": document(read("x"), denied("ssm:GetParameter")),
};

const roles: fc.Arbitrary<RoleState> = fc
  .record({
    policies: fc.subarray([arn("/shop/a"), arn("/shop/b"), arn("/shop/team"), admin, denyAll]),
    names: fc.subarray(Object.keys(inline)),
    boundary: fc.constantFrom(undefined, arn("/wide"), arn("/narrow"), denyAll),
    team: fc.constantFrom(undefined, "x", "y", "z"),
    maxSession: fc.constantFrom(3600, 7200),
  })
  .map(({ policies, names, boundary, team, maxSession }) => ({
    arn: `arn:aws:iam::${account}:role/podtrust/web`,
    account,
    name: "web",
    id: "AROAWEB",
    path: "/podtrust/",
    description: "",
    trustPolicy: document({ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" }),
    created: 0,
    policies,
    inline: Object.fromEntries(names.map((name) => [name, inline[name] ?? ""])),
    boundary,
    tags: defined({ team }),
    maxSession,
  }));

/** What a grant allows of a role: as `allowedOf` has it. */
function allowedBy(grant: GrantSpec, role: RoleState): AllowedRights {
  const fits = (one: string): boolean =>
    grant.policies.some((pattern) =>
      pattern.endsWith("*") ? one.startsWith(pattern.slice(0, -1)) : one === pattern,
    );
  return {
    policies: role.policies.filter(fits),
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

const rights = (role: RoleState): ReadonlySet<string> => rightsOfRole(role as unknown as SeenRole);

/** Takes steps one after the other, each of which gives no more than there was, or than is `allowed`. */
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

const numRuns = runs(250);

describe("steps that change a role", () => {
  test("property: a cut gives nothing that a grant does not allow, whichever narrowing steps fail, and ends within it", () => {
    fc.assert(
      fc.property(roles, fc.constantFrom(...grants), fc.array(fc.boolean()), (role, grant, fails) => {
        const { narrowing, afterwards } = cutOf(role, allowedBy(grant, role));
        const done = narrowing.filter((_, index) => fails[index] !== true);
        walked(role, done);
        const limit = rightsOfGrant(grant, role as unknown as SeenRole);
        const end = walked(walked(role, narrowing), afterwards, limit);
        assert.ok(isWithin(rights(end), limit), `${[...rights(end)].join(", ")} is left`);
        assert.deepEqual(cutOf(end, allowedBy(grant, end)), { narrowing: [], afterwards: [] });
      }),
      { numRuns },
    );
  });

  test("property: a role that is closed, or stripped of its policies, has nothing more after any step", () => {
    fc.assert(
      fc.property(roles, (role) => {
        const { narrowing, afterwards } = closingOf(role, { trustPolicy: role.trustPolicy, now: 0 });
        const closed = walked(walked(role, narrowing), afterwards);
        assert.deepEqual([...rights(closed)], []);
        const stripped = walked(role, strippingOf(role));
        assert.deepEqual([stripped.policies, stripped.inline], [[], {}]);
      }),
      { numRuns },
    );
  });

  test("property: an update gives nothing that the role neither had nor shall have, and ends at what it shall have", () => {
    fc.assert(
      fc.property(roles, roles, fc.boolean(), (role, wanted, crosses) => {
        // Without `crosses` tags and boundary of one owner may meet for a moment.
        fc.pre(crosses || role.boundary === wanted.boundary || role.tags["team"] === wanted.tags["team"]);
        const either = new Set([...rights(role), ...rights(wanted)]);
        const end = walked(role, updateOf(role, wanted, { crosses }), either);
        assert.deepEqual(rights(end), rights(wanted));
        assert.deepEqual(end.inline, wanted.inline);
      }),
      { numRuns },
    );
  });
});
