import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSupported, isLoginShut, parseSystem, systemDifference, systemOwner } from "./state.ts";
import type { SystemSpec } from "./spec.ts";
import { stackOwner, stackMark } from "../../../../test/support/stack-owner.ts";

const spec: SystemSpec = { stack: "prod", identity: "3f2a91bc", isFresh: true, isRootUsed: false };
const mark = Buffer.from(`# ${stackMark()}\n`).toString("base64");

const said = (more: readonly string[] = []): ReturnType<typeof parseSystem> =>
  parseSystem(
    [
      "os ubuntu",
      "release 24.04",
      "apt yes",
      `mark ${mark}`,
      "permitrootlogin no",
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "unattended 1",
      "upgraded yes",
      "host-key SHA256:abc",
      ...more,
    ].join("\n"),
  );

test("a system that is as specified differs in nothing, and is its stack's", () => {
  assert.deepEqual(systemDifference(said(), spec), { kind: "none", fields: [] });
  assert.deepEqual(systemOwner(said(), stackOwner()), { kind: "ours" });
  assert.deepEqual(systemOwner(said(), stackOwner("dev")), { kind: "other-stack", stack: "prod" });
});

test("a mark without an identity is written, and is the one difference", () => {
  const former = { ...said(), mark: "# podtrust stack=prod format=1\n" };
  assert.deepEqual(systemOwner(former, stackOwner()), { kind: "ours", byName: true });
  assert.deepEqual(systemDifference(former, spec), {
    kind: "update",
    fields: [{ field: "mark", before: "# podtrust stack=prod format=1", after: `# ${stackMark()}` }],
  });
});

test("a package that an earlier machine lacks is a difference, whether or not it upgrades itself", () => {
  const fields = (lacks: string) => systemDifference(said([`lacks ${lacks}`]), spec).fields;
  assert.deepEqual(fields("curl libatomic1"), [
    { field: "needed packages", before: "without curl, libatomic1", after: "installed" },
  ]);
  assert.deepEqual(
    fields("unattended-upgrades").map(({ field }) => field),
    ["security upgrades"],
  );
});

test("a machine of which nothing is known yet is a creation with all that is done on a first boot", () => {
  const { kind, fields } = systemDifference(undefined, spec);
  assert.equal(kind, "create");
  assert.deepEqual(
    fields.map(({ field }) => field),
    ["login", "security upgrades", "host key", "packages"],
  );
});

test("an existing machine keeps its packages and its host key", () => {
  const fields = systemDifference(undefined, { ...spec, isFresh: false }).fields.map(({ field }) => field);
  assert.deepEqual(fields, ["login", "security upgrades"]);
});

const logins: readonly (readonly [
  root: string,
  password: string,
  keyboard: string,
  isRootUsed: boolean,
  shut: boolean,
])[] = [
  ["no", "no", "no", false, true],
  ["prohibit-password", "no", "no", false, false],
  ["without-password", "no", "no", true, true],
  ["yes", "no", "no", true, false],
  ["no", "yes", "no", false, false],
  ["no", "no", "yes", false, false],
  ["", "", "", false, false],
];
for (const [root, password, keyboard, isRootUsed, shut] of logins) {
  test(`a login with root ${root}, passwords ${password}, keyboard ${keyboard} counts as ${shut ? "shut" : "open"}, root ${isRootUsed ? "" : "un"}used`, () => {
    const state = { ...said(), rootLogin: root, passwordLogin: password, keyboardLogin: keyboard };
    assert.equal(isLoginShut(state, { ...spec, isRootUsed }), shut);
  });
}

test("a system without apt is refused by its name", () => {
  const state = parseSystem("os fedora\nrelease 44\n");
  assert.throws(() => checkSupported(state), {
    code: "host-unsupported",
    message: /fedora 44, which has no apt/u,
  });
});

test("security upgrades that are switched off count as by hand", () => {
  for (const line of ["unattended 0", "unattended "]) {
    assert.equal(said([line]).upgradesItself, false, line);
  }
});
