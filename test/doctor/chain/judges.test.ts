/** What the judges make of facts that are like those of a fault and not the same: by one change each, the rule's other side. */
import type { DoctorReport } from "../../../src/doctor/index.ts";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Reason } from "../../../src/core/reasons/index.ts";
import { type ChainFacts, judgeChain } from "../../../src/doctor/chain/index.ts";
import { apiServerLooks } from "../../../src/doctor/chain/cluster.ts";
import { knownWords } from "../../../src/doctor/judge/index.ts";
import { type Recorded, recordedFaults } from "./recorded.ts";
import { assertSound } from "./sound.ts";

/** Values by the place where they go: `workloads.0.pods`; null takes away what stands there. */
type Change = Readonly<Record<string, unknown>>;

/** A change to what was recorded of a fault, and the reason that is given then, or no longer. */
interface Nearby {
  readonly name: string;
  readonly of: Recorded["cause"];
  readonly change: Change;
  readonly is?: Reason;
  readonly not?: Reason;
}

const nearby = JSON.parse(
  readFileSync(join(import.meta.dirname, "nearby.json"), "utf8"),
) as readonly Nearby[];
const recorded = new Map(recordedFaults().map((one) => [one.cause, one.facts]));

function put(facts: object, place: string, value: unknown): void {
  const names = place.split(".");
  const last = names.pop() ?? "";
  let inside = facts as Record<string, unknown>;
  for (const name of names) inside = inside[name] as Record<string, unknown>;
  assert.ok(inside, `${place} is in no facts`);
  if (value === null) delete inside[last];
  else inside[last] = value;
}

function judged(of: Recorded["cause"], change: Change): DoctorReport {
  const facts = structuredClone(recorded.get(of));
  assert.ok(facts, of);
  for (const [place, value] of Object.entries(change)) put(facts, place, value);
  const report = judgeChain(facts);
  assertSound(report, facts);
  return report;
}

describe("the judges of a stack", () => {
  for (const { name, of, change, is, not } of nearby) {
    test(`know that ${name}`, () => {
      const found = judged(of, change).findings.map(({ reason }) => reason);
      if (is !== undefined) assert.ok(found.includes(is), found.join(", "));
      if (not !== undefined) assert.ok(!found.includes(not), found.join(", "));
    });
  }

  test("say of an issuer that never arrived that its API servers were not looked at, and what has them looked at", () => {
    const apiServers = apiServerLooks([]);
    const { broken } = judged("IssuerNotPassed", { "cluster.apiServers": apiServers });
    assert.match(
      broken?.seen ?? "",
      /; its API servers were not looked at: .* With cluster\.servers podtrust doctor/u,
    );
  });

  test("say once what status says of a document at two links", () => {
    const told = { reason: "UnexpectedStatus", outcome: "broken", seen: "status 418" };
    const status = ["discovery", "reachability"].map((link) => ({ ...told, link }));
    const { findings } = judged("healthy", { status });
    assert.deepEqual(
      findings.map(({ link, reason }) => `${link} ${reason}`),
      ["discovery UnexpectedStatus"],
    );
  });

  test("say that nothing is broken where nothing could be seen", () => {
    const unseen = { unseen: "no right" };
    const healthy = recorded.get("healthy");
    assert.ok(healthy);
    const facts: ChainFacts = {
      ...healthy,
      status: [],
      webhooks: unseen,
      pendingCertificates: unseen,
      cluster: { fresh: unseen, kids: unseen, apiServers: unseen },
      accounts: healthy.accounts.map((one) => ({ ...one, provider: unseen, roles: unseen })),
      workloads: healthy.workloads.map((one) => ({
        ...one,
        account: unseen,
        pods: unseen,
        trial: unseen,
        egress: unseen,
      })),
    };
    const report = judgeChain(facts);
    assert.deepEqual([report.verdict, report.findings], ["holds", []]);
    assert.equal(report.unseen.length, 13);
  });

  test("name nothing that only times show if the machine itself was held up", () => {
    const slow = { reason: "ResponseSlow", outcome: "broken", seen: "4000 ms" };
    const status = [...(recorded.get("healthy")?.status ?? []), { ...slow, link: "reachability" }];
    const reasonsOf = (of: Recorded["cause"], change: Change): readonly Reason[] =>
      judged(of, change).findings.map(({ reason }) => reason);
    assert.deepEqual(reasonsOf("healthy", { status }), ["ResponseSlow"]);
    assert.deepEqual(reasonsOf("healthy", { status, lateMs: 2000 }), ["LookDelayed"]);
    assert.deepEqual(reasonsOf("healthy", { lateMs: 2000 }), []);
    const untried = { "workloads.0.trial": { unseen: "no right" }, lateMs: 2000 };
    assert.deepEqual(reasonsOf("healthy", untried), []);
    // How long a pod took says nothing then; that it came back without its token does.
    const waited = { lateMs: 2000 };
    assert.ok(!reasonsOf("WebhookUnreachable", waited).includes("WebhookUnreachable"));
    assert.ok(reasonsOf("WebhookUnreachable", waited).includes("LookDelayed"));
  });

  test("exclude thumbprints where a public root vouches for the chain, and say nothing where they are of it", () => {
    const isExcluded = (of: Recorded["cause"], change: Change): boolean =>
      judged(of, { "published.isPrivate": false, ...change }).excluded.some(
        ({ cause }) => cause === "ThumbprintMismatch",
      );
    assert.ok(isExcluded("ThumbprintMismatch", {}));
    assert.ok(!isExcluded("ThumbprintExpiring", {}));
    assert.ok(!isExcluded("ThumbprintMismatch", { "accounts.0.provider": { unseen: "no right" } }));
  });
});

test("of a log the words are kept that say something of the chain, and nothing that stands beside them", () => {
  const secret = "hunter2hunter2";
  for (const [line, words] of [
    ["WebIdentityErr: failed to retrieve credentials", "WebIdentityErr"],
    [`x=${secret} Request ARN is invalid ${secret}`, "Request ARN is invalid"],
    [`${secret} WebIdentityErr ${secret} WebIdentityErr`, "WebIdentityErr … WebIdentityErr"],
    ["GET /healthz 200", ""],
    ["db.internal: no such host", ""],
    [
      `Post https://sts.eu-west-1.amazonaws.com/?${secret}: no such host`,
      "sts.eu-west-1.amazonaws.com … no such host",
    ],
  ] as const)
    assert.equal(knownWords(line), words);
});

test("whatever a fault's lines say, their known words alone lead to the same causes", () => {
  let texts = 0;
  for (const [cause, facts] of recorded) {
    if (facts.texts.length === 0) continue;
    texts += 1;
    const kept = facts.texts.map((one) => ({ ...one, lines: one.lines.map(knownWords) }));
    const reasonsIn = (given: ChainFacts) => judgeChain(given).findings.map(({ reason }) => reason);
    assert.deepEqual(reasonsIn({ ...facts, texts: kept }), reasonsIn(facts), cause);
  }
  assert.ok(texts >= 15);
});
