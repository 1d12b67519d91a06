/** Old defects of the order in which roles are changed, planted again: the invariant finds each of them. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { describe, test } from "node:test";
import { type Event, TenantHistory } from "../../support/bindings/tenant-history.ts";
import { type OperatorCode, startTurnWorld } from "../../support/bindings/turn-world.ts";

/** A defect: in a file of src/, `from`, which stands there once, becomes `to`. */
interface Planted {
  readonly defect: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** A history in which it matters. */
  readonly events: readonly Event[];
}

const source = new URL("../../../src/", import.meta.url).href;
const planted: Planted[] = [];
const copied = ["aws/", "bindings/", "stack/"].map((folder) => `${source}${folder}`);
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
    return { ...loaded, source: parts.join(one.to) };
  },
});

async function withPlanted(one: Planted): Promise<OperatorCode> {
  planted.push(one);
  return (await import(`${source}stack/index.ts?planted=${planted.length - 1}`)) as OperatorCode;
}

async function run(events: readonly Event[], code?: OperatorCode): Promise<void> {
  const world = await startTurnWorld(code);
  try {
    const history = new TenantHistory(world);
    await history.begin();
    for (const event of events) await history.run(event);
  } finally {
    await world.stop();
  }
}

const turn: Event = { kind: "turn", stale: false, mishaps: [], always: "" };
const grants = (...of: readonly number[]): Event => ({ kind: "grants", of });
const bind = (wish: number): Event => ({ kind: "bind", wish });

const cut = "const cut = await cutRoles(";
const nothing = "{ grants: new Map<string, string>(), changes: [] }";
const marking = '...where(adopts, [{ kind: "tag", tags: marks }]),';

const defects: readonly Planted[] = [
  {
    defect: "an invalid binding keeps what it had (H6a)",
    file: "stack/bindings/reconcile.ts",
    from: cut,
    to: cut.replace("await", `!("roles" in one) ? ${nothing} : await`),
    events: [grants(2), bind(5), turn, turn, bind(6), turn, grants(0), turn],
  },
  {
    defect: "what keeps a turn from being planned keeps what was taken away (H6b, H6c)",
    file: "stack/bindings/reconcile.ts",
    from: cut,
    to: cut.replace("await", `granted.length >= 0 ? ${nothing} : await`),
    events: [grants(2), bind(5), turn, turn, bind(3), grants(1), turn],
  },
  {
    defect: "a boundary goes before what it limits (H2a)",
    file: "aws/role-steps.ts",
    from: marking,
    to: `${marking}\n...where(isBounded && !isToBeBounded, [{ kind: "remove-boundary" }]),`,
    events: [grants(0, 2), bind(5), turn, turn, bind(0), turn],
  },
  {
    defect: "an adopted role is opened before it is cut (H2b)",
    file: "aws/role-steps.ts",
    from: marking,
    to: `${marking}\n...where(opens, [{ kind: "set-trust", document: wanted.trustPolicy }]),`,
    events: [grants(1), { kind: "legacy" }, bind(8), turn],
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
