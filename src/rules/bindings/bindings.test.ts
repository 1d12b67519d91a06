import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  array,
  assert as check,
  constant,
  jsonValue,
  oneof,
  property,
  record,
  stringMatching,
} from "fast-check";
import { grantedBindings, ungrantedBindings } from "../../../test/support/bindings/grants.ts";
import { malformedBindings } from "../../../test/support/bindings/malformed-bindings.ts";
import { malformedTrusts } from "../../../test/support/bindings/malformed-trusts.ts";
import {
  account,
  bindingOf,
  boundary,
  goodBinding,
  ssm,
  trustOf,
  trustSpec,
  webRole,
  withManaged,
} from "../../../test/support/bindings/objects.ts";
import { reasons } from "../../core/reasons/index.ts";
import {
  type Binding,
  bindingMark,
  decide,
  type GrantDecision,
  isBindingMark,
  markedBinding,
  readBinding,
  readTrust,
  roleName,
  type Trust,
} from "./index.ts";

function bindingRead(value: unknown): Binding {
  const read = readBinding(value);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

function trustRead(value: unknown): Trust {
  const read = readTrust(value);
  assert.ok("object" in read, JSON.stringify(read));
  return read.object;
}

const grantOfShop = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] };
const decided = (value: unknown): GrantDecision => decide(bindingRead(value), trustRead(trustOf()));
const saidOf = (read: ReturnType<typeof readBinding> | ReturnType<typeof readTrust>): string[] =>
  "problems" in read ? read.problems.map(({ path, message }) => `${path} ${message}`) : [];

describe("the reader of bindings refuses", () => {
  for (const { name, object, ours } of malformedBindings) {
    test(`${name}, and says where`, () => {
      const said = saidOf(readBinding(object));
      assert.ok(
        said.some((line) => ours.test(line)),
        said.join("\n"),
      );
    });
  }

  test("another kind, another version and no metadata, all at once", () => {
    const said = saidOf(readBinding({ apiVersion: "v1", kind: "Pod" }));
    assert.equal(said.length, 5, said.join("\n"));
    assert.match(said.join("\n"), /^apiVersion is not podtrust\.dev\/v1alpha1$/mu);
    assert.match(said.join("\n"), /^kind is not AWSRoleBinding$/mu);
    assert.match(said.join("\n"), /^spec is missing$/mu);
  });

  test("fields that no binding has, each by name", () => {
    const said = saidOf(readBinding(bindingOf({ roles: [{ ...webRole, polices: [] }], thrust: "x" })));
    assert.deepEqual(said, [
      "spec.thrust is no field of this object",
      "spec.roles[0].polices is no field of this object",
    ]);
  });

  test("an inline policy that IAM would not take", () => {
    const inline = [{ name: "x", document: { Statement: [{ Effect: "Permit" }] } }];
    const [said] = saidOf(readBinding(bindingOf({ roles: [{ ...webRole, managed: { inline } }] })));
    assert.match(
      said ?? "",
      /^spec\.roles\[0\]\.managed\.inline\[0\]\.document is no policy that IAM takes/u,
    );
  });

  test("whatever else it is given, without throwing", () => {
    check(
      property(jsonValue(), (value) => {
        assert.ok("problems" in readBinding(value));
        readBinding(bindingOf(value as Record<string, unknown>));
        readTrust(trustOf(value as Record<string, unknown>));
        readTrust(trustOf({ ...trustSpec, grants: value }));
      }),
    );
  });
});

describe("the reader of trusts refuses", () => {
  for (const { name, object, ours } of malformedTrusts) {
    test(`${name}, and says where`, () => {
      const said = saidOf(readTrust(object));
      assert.ok(
        said.some((line) => ours.test(line)),
        said.join("\n"),
      );
    });
  }
});

describe("the decision about a binding refuses", () => {
  for (const { name, object, reason, message } of ungrantedBindings) {
    test(`${name}: ${reason}`, () => {
      const decision = decided(object);
      assert.equal(decision.kind, "refused");
      assert.ok(decision.kind === "refused");
      assert.deepEqual([...new Set(decision.refusals.map((one) => one.reason))], [reason]);
      assert.match(decision.refusals.map((one) => one.message).join("\n"), message);
      assert.ok(Object.hasOwn(reasons, reason));
    });
  }

  test("a binding of a trust that does not exist, which admission lets pass", () => {
    const decision = decide(bindingRead(bindingOf({ trust: "none", roles: [webRole] })), undefined);
    assert.deepEqual(decision, {
      kind: "refused",
      refusals: [{ reason: "TrustMissing", message: "there is no AWSTrust none" }],
    });
  });

  test("every policy where the grant names none", () => {
    const { policies: _, ...without } = grantOfShop;
    const decision = decide(
      bindingRead(goodBinding),
      trustRead(trustOf({ ...trustSpec, grants: [without] })),
    );
    assert.ok(decision.kind === "refused");
    assert.deepEqual(
      decision.refusals.map(({ reason }) => reason),
      ["PolicyNotGranted"],
    );
  });

  test("to be made by another trust than the one that the binding names", () => {
    const other = trustRead(trustOf(trustSpec, "staging"));
    assert.throws(() => decide(bindingRead(goodBinding), other), /AWSTrust staging was given for default/u);
  });

  test("everything where there is no grant", () => {
    const trust = trustRead(trustOf({ ...trustSpec, grants: [] }));
    for (const { object } of grantedBindings)
      assert.equal(decide(bindingRead(object), trust).kind, "refused");
  });

  test("with what the grant lacks that comes nearest, wherever that stands among them", () => {
    const far = { ...grantOfShop, name: "far", accounts: ["444455556666"], policies: undefined };
    const near = { ...grantOfShop, name: "near", policies: undefined };
    for (const grants of [
      [far, near],
      [near, far],
    ]) {
      const decision = decide(bindingRead(goodBinding), trustRead(trustOf({ ...trustSpec, grants })));
      assert.ok(decision.kind === "refused");
      assert.deepEqual(
        decision.refusals.map(({ message }) => message),
        [`profile default: grant near does not allow the policy ${ssm}`],
      );
    }
  });

  test("with every reason at once, of the grant that comes nearest", () => {
    const decision = decided(
      bindingOf({
        roles: [
          {
            profile: "default",
            account,
            managed: { policies: ["arn:aws:iam::aws:policy/AdministratorAccess"], maxSessionSeconds: 7200 },
          },
        ],
      }),
    );
    assert.ok(decision.kind === "refused");
    assert.deepEqual(
      decision.refusals.map(({ reason }) => reason),
      ["PolicyNotGranted", "SessionNotGranted"],
    );
  });
});

describe("the decision about a binding grants", () => {
  for (const { name, object } of grantedBindings) {
    test(`${name} as one grant allows it`, () => {
      assert.equal(decided(object).kind, "granted", JSON.stringify(decided(object)));
    });
  }

  test("a role whose boundary and tags are the grant's, not the binding's to choose", () => {
    const decision = decided(bindingOf({ roles: [webRole] }, { namespace: "team-a", name: "api" }));
    assert.ok(decision.kind === "granted");
    const [role] = decision.roles;
    assert.equal(role?.managed?.boundary, boundary);
    assert.equal(role?.arn, `arn:aws:iam::${account}:role/podtrust/prod.team-a.api`);
    assert.deepEqual(role?.managed?.tags, {
      "kubernetes-namespace": "team-a",
      "kubernetes-service-account": "api",
    });
    const shop = decided(goodBinding);
    assert.ok(shop.kind === "granted");
    assert.equal(shop.roles[0]?.managed?.tags["team"], "shop");
  });

  test("a role that stays when its binding goes, marked as such, by a grant that lets it", () => {
    const grants = [
      { name: "keep", namespaces: ["shop"], accounts: [account], policies: [ssm], retain: true },
    ];
    const keeping = bindingOf(withManaged({ onDelete: "Retain", tags: [{ key: "cost", value: "42" }] }));
    const decision = decide(bindingRead(keeping), trustRead(trustOf({ ...trustSpec, grants })));
    assert.ok(decision.kind === "granted");
    assert.deepEqual(decision.roles[0]?.managed?.tags, {
      cost: "42",
      "kubernetes-namespace": "shop",
      "kubernetes-service-account": "web",
      "podtrust:on-delete": "Retain",
    });
  });

  test("a role without a named account in the only one of its trust", () => {
    const accounts = [{ id: account, region: "cn-north-1" }];
    const { account: _, ...unnamed } = webRole;
    const trust = trustRead(trustOf({ ...trustSpec, accounts, grants: [grantOfShop] }));
    const decision = decide(bindingRead(bindingOf({ roles: [unnamed] })), trust);
    assert.ok(decision.kind === "granted");
    assert.equal(decision.roles[0]?.arn, `arn:aws-cn:iam::${account}:role/podtrust/prod.shop.web`);
  });

  test("a role that is taken over under its own name and path", () => {
    const adopt = `arn:aws:iam::${account}:role/legacy-shop`;
    const decision = decided(
      bindingOf({ roles: [{ ...webRole, managed: { ...(webRole["managed"] as object), adopt } }] }),
    );
    assert.ok(decision.kind === "granted");
    const [role] = decision.roles;
    assert.equal(role?.arn, adopt);
    assert.equal(role?.managed?.path, "/");
    assert.equal(role?.managed?.name, "legacy-shop");
    assert.equal(role?.adopt, true);
  });
});

describe("names of roles and marks", () => {
  const label = stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/u);
  const subdomain = array(label, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
  const which = record({
    stack: label,
    namespace: label,
    name: subdomain,
    profile: oneof(constant("default"), label),
  });

  test("differ for bindings that differ, are at most 64 characters and such as IAM takes", () => {
    check(
      property(which, which, (a, b) => {
        const [one, other] = [roleName(a, a, a.profile), roleName(b, b, b.profile)];
        assert.match(one, /^[\w+=,.@-]{1,64}$/u);
        const same = JSON.stringify(a) === JSON.stringify(b);
        assert.equal(one === other, same);
        assert.equal(
          bindingMark(a, a) === bindingMark(b, b),
          [a.stack, a.namespace, a.name].join("/") === [b.stack, b.namespace, b.name].join("/"),
        );
      }),
    );
  });

  test("of a long ServiceAccount end in a digest of the whole", () => {
    const long = { namespace: "n".repeat(63), name: "s".repeat(63) };
    const name = roleName({ stack: "prod" }, long, "default");
    assert.equal(name.length, 64);
    assert.notEqual(name, roleName({ stack: "prod" }, { ...long, name: "s".repeat(62) }, "default"));
  });

  test("lead back to the binding of their own stack, and to no other", () => {
    const binding = { namespace: "shop", name: "web" };
    assert.deepEqual(markedBinding({ stack: "prod" }, bindingMark({ stack: "prod" }, binding)), binding);
    assert.deepEqual(
      [isBindingMark(bindingMark({ stack: "b" }, binding)), isBindingMark("prod")],
      [true, false],
    );
    for (const mark of ["prod", "dev/shop/web", "prod/shop", "prod/shop/web/x", ""])
      assert.equal(markedBinding({ stack: "prod" }, mark), undefined, mark);
  });
});
