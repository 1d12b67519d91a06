/** Old defects of the order in which roles are changed, planted again: the invariant finds each of them. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { describe, test } from "node:test";
import { type Event, TenantHistory } from "../../support/bindings/tenant-history.ts";
import { account, ssm } from "../../support/bindings/objects.ts";
import { type OperatorCode, startPassWorld, type PassWorld } from "../../support/bindings/pass-world.ts";

/** A defect: in a file of src/, `from`, which stands there once, becomes `to`. */
interface Planted {
  readonly defect: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** A history in which it matters, or what happens in a world. */
  readonly events: readonly Event[] | ((world: PassWorld) => Promise<void>);
}

const source = new URL("../../../src/", import.meta.url).href;
const planted: Planted[] = [];
/** Those whose file was loaded with the defect in it. */
const there = new Set<Planted>();
// Of core/base/ no more than what is planted in: errors that another part throws have to be of the same class.
const copied = [
  "providers/aws/",
  "rules/bindings/",
  "operator/bindings/",
  "stack/",
  "core/base/index.ts",
  "core/base/tag-key.ts",
].map((folder) => `${source}${folder}`);
const numberOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (new URL(url).searchParams.get("planted") ?? undefined);

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const number = numberOf(context.parentURL);
    const isCopied = copied.some((folder) => found.url.startsWith(folder));
    if (number === undefined || !isCopied) return found;
    return { ...found, url: `${found.url}?planted=${number}` };
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const one = planted[Number(numberOf(url) ?? -1)];
    if (one === undefined || url.split("?")[0] !== `${source}${one.file}`) return loaded;
    const parts = Buffer.from(loaded.source as Uint8Array)
      .toString()
      .split(one.from);
    assert.equal(parts.length, 2, `${one.file} has ${parts.length - 1} places with the text: ${one.from}`);
    there.add(one);
    return { ...loaded, source: parts.join(one.to) };
  },
});

async function withPlanted(one: Planted): Promise<OperatorCode> {
  planted.push(one);
  const code = (await import(
    `${source}operator/bindings/index.ts?planted=${planted.length - 1}`
  )) as OperatorCode;
  assert.ok(there.has(one), `no module of ${one.file} was loaded`);
  return code;
}

async function run(events: Planted["events"], code?: OperatorCode): Promise<void> {
  const world = await startPassWorld(code);
  try {
    if (typeof events === "function") return await events(world);
    const history = new TenantHistory(world);
    await history.begin();
    for (const event of events) await history.run(event);
  } finally {
    await world.stop();
  }
}

const pass: Event = { kind: "pass", stale: false, mishaps: [], always: "" };
const grants = (...of: readonly number[]): Event => ({ kind: "grants", of });
const bind = (spec: number): Event => ({ kind: "bind", spec });

/** A binding is made anew by its owner under the name of another trust: its role is nobody's, and goes. */
async function remade(world: PassWorld): Promise<void> {
  world.trust({
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] }],
  });
  const roles = [{ profile: "default", managed: { policies: [ssm] } }];
  world.bind({ roles });
  await world.pass();
  assert.deepEqual((await world.role("prod.shop.web"))?.policies, [ssm]);
  world.objects.delete("AWSRoleBinding shop/web");
  world.bind({ trust: "none", roles });
  for (const minutes of [1, 4, 4, 4]) {
    world.clock.move(minutes * 60_000);
    await world.pass();
    await world.trustPass();
  }
  const { policies = [] } = (await world.role("prod.shop.web")) ?? {};
  assert.deepEqual(policies, [], "a session of a role that is nobody's may do what it could");
}

const cut = "const cut = await cutRoles(";
const nothing = "{ grants: new Map<string, string>(), changes: [] }";
const marking = '...where(adopts, [{ kind: "tag", tags: marks }]),';

const defects: readonly Planted[] = [
  {
    defect: "an invalid binding keeps what it had (H6a)",
    file: "operator/bindings/reconcile.ts",
    from: cut,
    to: cut.replace("await", `!("roles" in one) ? ${nothing} : await`),
    events: [grants(2), bind(5), pass, pass, bind(6), pass, grants(0), pass],
  },
  {
    defect: "what keeps a pass from being planned keeps what was taken away (H6b, H6c)",
    file: "operator/bindings/reconcile.ts",
    from: cut,
    to: cut.replace("await", `granted.length >= 0 ? ${nothing} : await`),
    events: [grants(2), bind(5), pass, pass, bind(3), grants(1), pass],
  },
  {
    defect: "a boundary goes before what it limits (H2a)",
    file: "providers/aws/role-update.ts",
    from: marking,
    to: `${marking}\n...where(isBounded && !isToBeBounded, [{ kind: "remove-boundary" }]),`,
    events: [grants(0, 2), bind(5), pass, pass, bind(0), pass],
  },
  {
    defect: "an adopted role is opened before it is cut (H2b)",
    file: "providers/aws/role-update.ts",
    from: marking,
    to: `${marking}\n...where(opens, [{ kind: "set-trust", document: desired.trustPolicy }]),`,
    events: [grants(1), { kind: "legacy" }, bind(8), pass],
  },
  {
    defect: "tag keys that IAM takes for one are two (H1)",
    file: "core/base/tag-key.ts",
    from: "return key.toLowerCase();",
    to: "return key;",
    events: [grants(4), bind(1), pass, pass, bind(9), pass],
  },
  {
    defect: "a role whose binding names another trust now is nobody's to cut (H6d)",
    file: "operator/bindings/leftovers.ts",
    from: "if (binding === undefined) return false;",
    to: "return binding !== undefined;",
    events: remade,
  },
];

describe("a defect that was there, planted again", () => {
  for (const one of defects) {
    test(`is found: ${one.defect}`, async () => {
      await run(one.events);
      await assert.rejects(
        run(one.events, await withPlanted(one)),
        /a session of|deepStrictEqual|strictly deep-equal/u,
      );
    });
  }
});
