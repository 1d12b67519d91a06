import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { type Clock, defined, PodtrustError, systemClock } from "../../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import type { BindingFacts, BindingOutcome } from "../pass.ts";
import { reconcile } from "./reconcile.ts";
import type { BindingRow, Taken, TakingParts } from "./row.ts";

interface Right {
  readonly name: string;
}

/** A made-up party: a trust has a grant for each right that it allows. */
interface Types {
  readonly trust: { name: string; grants: readonly { name: string }[]; gone: readonly string[] };
  readonly binding: { namespace: string; name: string; trust: string; asks: string };
  readonly granted: { grant: string };
  readonly right: Right;
  readonly seen: undefined;
}

const broken = new PodtrustError("gcp-denied", "not now");
const object = (kind: string, name: string, more: object = {}): KubernetesObject => ({
  apiVersion: "podtrust.dev/v1alpha1",
  kind,
  metadata: { name, namespace: "shop", uid: "1", generation: 1, finalizers: ["podtrust.dev/gcp"] },
  ...more,
});

/** What was done, in order. */
let log: string[] = [];
let refused: ReadonlySet<string> = new Set();
/** Milliseconds until one may be written. */
let waits: ReadonlyMap<string, number> = new Map();
let own: string | undefined;
let bars: Finding | undefined;
/** Rights that let nobody in once they are taken, and still are there. */
let closing: ReadonlySet<string> = new Set();
/** Whether a deletion is never answered. */
let isSilent = false;
/** What a pass that made something finds. */
let tooEarly: { readonly finding: Finding; readonly againIn: number } | undefined;
/** One that is short of patience. */
const clock: Clock = {
  now: () => systemClock.now(),
  elapsed: () => systemClock.elapsed(),
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 100), signal),
};

const settled = finding("MembersMatch", { seen: "made", from: "test" });

const row: BindingRow<Types> = {
  rules: {
    party: "gcp",
    readTrust: (value) => {
      const { grants, gone = [] } = (value as { spec: { grants: string[]; gone?: string[] } }).spec;
      return { object: { name: "default", grants: grants.map((name) => ({ name })), gone } };
    },
    readBinding: (value) => {
      const { asks } = (value as { spec: { asks?: string } }).spec;
      if (asks === undefined) return { problems: [{ path: "spec.asks", message: "is missing" }] };
      return { object: { namespace: "shop", name: "web", trust: "default", asks } };
    },
    decide: ({ asks }, trust) =>
      trust?.grants.some(({ name }) => name === asks) === true
        ? { granted: { grant: asks } }
        : { refusals: [{ reason: "EmailNotGranted", message: "no" }] },
    counting: "none",
    grantsOf: ({ grant }) => [grant],
    placesOf: () => [{ id: "scope" }],
  },
  rights: {
    read: ({ status }) => ((status as { has?: string[] } | undefined)?.has ?? []).map((name) => ({ name })),
    written: (rights) => ({ has: rights.map(({ name }) => name) }),
    known: "by the status",
    asked: ({ binding: { asks } }) => [{ name: asks }],
    isMade: () => true,
    isSame: (one, other) => one.name === other.name,
    isOpen: ({ name }) => !name.startsWith("closed "),
    reserved: ({ name }, of) => (name === of ? { reason: "EmailNotGranted", message: "our own" } : undefined),
    scopeId: ({ name }) => `scope of ${name}`,
    kept: ({ name }, why) => `${name}: ${why}`,
  },
  vendor: "Test",
  from: () => "Test",
  isVendors: (error): error is PodtrustError => error === broken,
  trouble: ({ message }, from) => finding("GoogleNotAsked", { seen: message, from }),
  late: () => broken,
  open: () =>
    Promise.resolve({
      own,
      taking: {
        mayStand: ({ grants }, _whose, right) => grants.some(({ name }) => name === right.name),
        take: ({ name }, { assertHeld }): Promise<Taken<Right>> => {
          assertHeld();
          log.push(`take ${name}`);
          if (refused.has(name)) return Promise.reject(broken);
          const left = closing.has(name) ? { name: `closed ${name}` } : undefined;
          const changes = [{ kind: "update", fields: [{ field: name, before: 1, after: 2 }] } as const];
          return Promise.resolve({ changes, wait: waits.get(name) ?? 0, ...defined({ left }) });
        },
        remove({ name }, { signal }) {
          log.push(`delete ${name}`);
          if (!isSilent) return Promise.resolve(undefined);
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
      },
      making: {
        bars: () => Promise.resolve(bars),
        make({ binding: { asks: name } }, had, { assertHeld }) {
          assertHeld();
          log.push(`make ${name}`);
          const changes = had.rights.length === 0 ? [{ kind: "create", fields: [] } as const] : [];
          return Promise.resolve({ finding: settled, rights: [{ name }], changes, wait: 0 });
        },
      },
      proving: {
        audience: () => "audience",
        early: (_bound, { widened }) => (widened ? tooEarly : undefined),
        ask() {
          log.push("ask");
          return Promise.resolve(finding("GoogleAccepted", { seen: "in", from: "Test" }));
        },
      },
    }),
  annotations: () => ({
    party: "gcp",
    annotations: { key: "value" },
    isOurs: () => false,
    conflict: () => undefined,
    does: "names it",
  }),
  annotation: "key",
  inSync: "MemberInSync",
  pending: settled,
  waiting: settled,
  drift: "MembersDrift",
  keptReason: "MemberKept",
  interval: 60_000,
  proof: { accepted: "GoogleAccepted", settling: "MemberSettling", every: 1000, untilLook: () => 60_000 },
  second: "none",
  maxTurn: 0,
  memory: {
    isOf: (_trust, { name }) => name !== "elsewhere",
    with: (_status, left) => ({ left: left.map(({ name }) => name) }),
  },
};

const namesOf = (of: readonly { readonly name: string }[]): string => of.map(({ name }) => name).join();

/** The writer of rights that have parts. */
const inParts: TakingParts<Types> = {
  cut({ trust: { grants }, granted, since }, rights) {
    log.push(
      `cut ${namesOf(rights)} to ${namesOf(grants)}, granted ${granted?.grant ?? "nothing"}, ${since}`,
    );
    return Promise.resolve({ changes: [], failures: refused.size > 0 ? [broken] : [] });
  },
  drop(left) {
    log.push(`drop ${left.name}`);
    return Promise.resolve({ left, changes: [], wait: 0 });
  },
  end(rights, { deletedFor }) {
    log.push(`end ${namesOf(rights)} after ${deletedFor}`);
    return Promise.resolve({ left: [], closed: [], changes: [], wait: 0 });
  },
};

/** The same party with rights that have parts. */
const ofParts: BindingRow<Types> = {
  ...row,
  rights: { ...row.rights, known: "by their mark", isMade: ({ name }) => name !== "existing" },
  async open(...of) {
    const opened = await row.open(...of);
    return opened && { ...opened, taking: inParts };
  },
};

const cluster: Pick<KubernetesApi, "apply" | "read" | "removeFinalizer" | "requestToken" | "server"> = {
  server: "https://cluster.example.com",
  apply(written: KubernetesObject, { subresource }: { readonly subresource?: string }) {
    const { has, left } = (written as { status?: { has?: string[]; left?: string[] } }).status ?? {};
    if (written.kind === "ServiceAccount") log.push("annotate");
    else if (subresource === "status" && written.kind === "GCPTrust")
      log.push(left === undefined ? "the trust remembers the scope" : `the trust remembers ${left.join()}`);
    else if (subresource === "status") log.push(`status has ${has?.join() ?? ""}`);
    return Promise.resolve(written);
  },
  read: ({ kind, name }: { readonly kind: string; readonly name: string }) =>
    Promise.resolve(kind === "GCPTrust" ? trustOf([]) : object(kind, name)),
  removeFinalizer(of: KubernetesObject) {
    log.push(`release ${of.kind}`);
    return Promise.resolve();
  },
  requestToken: () => Promise.resolve({ token: "token", expires: 0 }),
} as unknown as typeof cluster;

const trustOf = (grants: readonly string[], more: object = {}): KubernetesObject =>
  object("GCPTrust", "default", { spec: { grants, ...more } });

const boundTo = (asks: string | undefined, has: readonly string[]): KubernetesObject =>
  object("GCPServiceAccountBinding", "web", {
    spec: { trust: "default", ...defined({ asks }) },
    status: { has },
  });

async function pass(
  of: KubernetesObject,
  trust: KubernetesObject | undefined,
  { held = true, deletedFor = 0, of: party = row } = {},
): Promise<{ readonly outcome: BindingOutcome; readonly log: readonly string[] }> {
  const facts: BindingFacts = { object: of, trust, deletedFor };
  const assertHeld = (): void => assert.ok(held, "the lease is lost");
  const { signal } = new AbortController();
  const outcome = await reconcile(party, facts, { cluster, assertHeld }, { clock, signal });
  return { outcome, log };
}

function begin(): void {
  [log, refused, closing, waits] = [[], new Set(), new Set(), new Map()];
  [own, bars, tooEarly, isSilent] = [undefined, undefined, undefined, false];
}

describe("a pass of a binding", () => {
  beforeEach(() => {
    begin();
  });

  test("cuts by the trust, drops what is no longer asked for, announces, makes, annotates and proves, in this order", async () => {
    const { outcome } = await pass(boundTo("new", ["beyond", "former"]), trustOf(["new", "former"]));
    assert.deepEqual(log, [
      "take beyond",
      "take former",
      "the trust remembers the scope",
      "status has new",
      "make new",
      "annotate",
      "ask",
      "status has new",
    ]);
    assert.equal(outcome.conditions.find(({ type }) => type === "Ready")?.reason, "GoogleAccepted");
  });

  test("takes each right for itself, and makes nothing after one was refused", async () => {
    refused = new Set(["first"]);
    const { outcome } = await pass(boundTo("new", ["first", "second"]), trustOf(["new"]));
    assert.deepEqual(log, ["take first", "take second", "status has first"]);
    assert.equal(outcome.conditions.find(({ type }) => type === "Ready")?.reason, "GoogleNotAsked");
  });

  test("leaves an invalid binding what a grant allows, and takes the rest", async () => {
    await pass(boundTo(undefined, ["kept", "beyond"]), trustOf(["kept"]));
    assert.deepEqual(log, ["take beyond", "status has kept"]);
  });

  test("leaves all where there is no trust: that is no answer", async () => {
    await pass(boundTo("new", ["former"]), undefined);
    assert.deepEqual(log, ["status has former"]);
  });

  test("takes all where the trust is being deleted", async () => {
    const trust = trustOf(["kept"]);
    const ending = { ...trust, metadata: { ...trust.metadata, deletionTimestamp: "2026-12-01T00:00:00Z" } };
    await pass(boundTo("kept", ["kept"]), ending);
    assert.deepEqual(log, ["take kept", "status has "]);
  });

  test("neither gives nor leaves a workload what is podtrust's own", async () => {
    own = "operator";
    const { outcome } = await pass(boundTo("operator", ["operator"]), trustOf(["operator"]));
    assert.deepEqual(log, ["take operator", "status has "]);
    assert.equal(outcome.conditions.find(({ type }) => type === "Granted")?.message, "our own");
  });

  test("asks nobody in a place that a person says is gone", async () => {
    await pass(boundTo("new", ["beyond"]), trustOf([], { gone: ["scope of beyond"] }));
    assert.deepEqual(log, ["status has "]);
  });

  test("announces nothing where nothing can be made, and forgets nothing that stands", async () => {
    bars = finding("PoolProviderMissing", { seen: "no provider", from: "Test" });
    await pass(boundTo("new", ["new"]), trustOf(["new"]));
    assert.deepEqual(log, ["the trust remembers the scope", "annotate", "status has new"]);
  });

  test("announces what stands no second time", async () => {
    await pass(boundTo("new", ["new"]), trustOf(["new"]));
    assert.deepEqual(log, ["the trust remembers the scope", "make new", "annotate", "ask", "status has new"]);
  });

  test("waits for the relying party where something was made, and asks at once where only something was taken", async () => {
    const early = { finding: finding("MemberSettling", { seen: "soon", from: "Test" }), againIn: 1000 };
    tooEarly = early;
    const { outcome } = await pass(boundTo("new", []), trustOf(["new"]));
    assert.deepEqual([log.includes("ask"), outcome.againIn], [false, 1000]);
    begin();
    tooEarly = early;
    await pass(boundTo("new", ["new", "former"]), trustOf(["new", "former"]));
    assert.deepEqual([log[0], log.includes("ask")], ["take former", true]);
  });

  test("deletes what it made and asks for no longer, after the rest, and keeps what does not answer", async () => {
    closing = new Set(["former"]);
    const trust = trustOf(["new", "former"]);
    await pass(boundTo("new", ["former"]), trust);
    assert.deepEqual(log.slice(0, 5), [
      "take former",
      "the trust remembers the scope",
      "status has new,closed former",
      "make new",
      "delete closed former",
    ]);
    assert.equal(log.at(-1), "status has new");
    begin();
    [closing, isSilent] = [new Set(["former"]), true];
    await pass(boundTo("new", ["former"]), trust);
    assert.equal(log.at(-1), "status has new,closed former");
  });

  test("cuts rights that have parts by the trust as it was read, whatever becomes of the binding, and keeps them all", async () => {
    await pass(boundTo("new", ["new", "former"]), trustOf(["new"]), { of: ofParts });
    assert.equal(log[0], "cut new,former to new, granted new, changed");
    assert.deepEqual([log[1], log.at(-1)], ["drop former", "status has new,former"]);
    log = [];
    await pass(boundTo(undefined, ["former"]), trustOf(["new"]), { of: ofParts });
    assert.deepEqual(log, ["cut former to new, granted nothing, changed", "status has former"]);
    [log, refused] = [[], new Set(["new"])];
    await pass(boundTo("new", []), trustOf(["new"]), { of: ofParts });
    assert.deepEqual(log, ["cut  to new, granted new, new", "status has "]);
  });

  test("says of nothing that a cut has taken which is not complete that somebody else changed it", async () => {
    refused = new Set(["first"]);
    const of = boundTo("new", ["first", "second"]);
    const status = { has: ["first", "second"], observedGeneration: 1, observedTrust: "1/0" };
    const { outcome } = await pass({ ...of, status }, trustOf(["new"]));
    assert.deepEqual(
      [log[1], outcome.events.map(({ reason }) => reason)],
      ["take second", ["GoogleNotAsked"]],
    );
  });

  test("waits for its turn to take something, and makes nothing before that", async () => {
    waits = new Map([["beyond", 4000]]);
    const { outcome } = await pass(boundTo("new", ["beyond"]), trustOf(["new"]));
    assert.deepEqual([log, outcome.againIn], [["take beyond", "status has "], 4000]);
  });

  test("changes nothing without the lease", async () => {
    const without = pass(boundTo("new", ["beyond"]), trustOf(["new"]), { held: false });
    await assert.rejects(without, /the lease is lost/u);
    assert.deepEqual(log, []);
  });
});

describe("the last pass of a binding", () => {
  const deleted = (has: readonly string[]): KubernetesObject => {
    const of = boundTo("kept", has);
    return { ...of, metadata: { ...of.metadata, deletionTimestamp: "2026-12-01T00:00:00Z" } };
  };

  beforeEach(() => {
    begin();
  });

  test("takes all that it has, whatever grants allow, and lets it go", async () => {
    const { outcome } = await pass(deleted(["kept", "other"]), trustOf(["kept"]));
    assert.deepEqual(log, ["take kept", "take other", "release GCPServiceAccountBinding"]);
    assert.equal(outcome.againIn, undefined);
  });

  test("gives those that have parts to their writer, but for what podtrust did not make", async () => {
    await pass(deleted(["kept", "existing"]), trustOf(["kept"]), { of: ofParts, deletedFor: 5 });
    assert.deepEqual(log, ["end kept after 5", "release GCPServiceAccountBinding"]);
  });

  test("is had again while something is refused, for a minute", async () => {
    refused = new Set(["kept"]);
    const { outcome } = await pass(deleted(["kept", "other"]), trustOf(["kept"]));
    assert.deepEqual(log, ["take kept", "take other"]);
    assert.equal(outcome.againIn, 2000);
  });

  test("leaves to the trust what was refused for a minute, and says so", async () => {
    refused = new Set(["kept", "elsewhere"]);
    const has = ["kept", "elsewhere"];
    const { outcome } = await pass(deleted(has), trustOf(["kept"]), { deletedFor: 60_000 });
    const after = ["the trust remembers kept", "release GCPServiceAccountBinding"];
    assert.deepEqual(log, ["take kept", "take elsewhere", ...after]);
    const said = outcome.events.map(({ message }) => message);
    assert.deepEqual(said, ["kept: not now", "elsewhere: not now"]);
  });

  test("deletes what it made, and is had again where that is not answered in time", async () => {
    [closing, isSilent] = [new Set(["kept"]), true];
    const { outcome } = await pass(deleted(["kept"]), trustOf(["kept"]));
    assert.deepEqual([log, outcome.againIn], [["take kept", "delete closed kept"], 2000]);
  });
});
