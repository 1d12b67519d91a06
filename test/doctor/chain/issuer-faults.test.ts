/** A stack's issuer is looked at as by its URL: each fault of issuers, in a real part, with a config alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../../src/config/index.ts";
import { type Reason, reasons } from "../../../src/core/reasons/index.ts";
import {
  gatherChain,
  judgeChain,
  reportOfStackBundle,
  stackBundleOf,
  stackReportOf,
} from "../../../src/doctor/chain/index.ts";
import type { DoctorReport } from "../../../src/doctor/index.ts";
import { faults, type IssuerCause } from "../faults.ts";
import { lookOf, reportOf } from "../outputs.ts";
import { type DoctorWorld, host, newWorld } from "../world.ts";
import { recordedFaults } from "./recorded.ts";

/** That a token is the API server's is no fault of a stack: it is reviewed there. */
const ofStack = (Object.keys(faults) as IssuerCause[]).filter((cause) => cause !== "TokenForCluster");

/** What doctor says of a world with a config of its issuer, and with these sections beside it. */
async function lookedAt(world: DoctorWorld, sections = "", isMeasured = false): Promise<DoctorReport> {
  const { issuer, token, ...options } = world.options();
  const config = await parseConfig(`stack: prod\nissuer: ${issuer}\n${sections}`, "podtrust.yaml", {});
  const facts = await gatherChain({ ...options, config, env: {}, ...(token && { token: token.text }) });
  // That the machine of the tests is busy is no fault but that one.
  const seen = isMeasured ? facts : { ...facts, lateMs: 0 };
  const report = stackReportOf(seen);
  const bundle = JSON.stringify(stackBundleOf(seen));
  assert.deepEqual(reportOfStackBundle(bundle), report);
  for (const secret of world.secrets) assert.ok(!bundle.includes(secret), bundle);
  return report;
}

async function withConfig(cause: IssuerCause): Promise<DoctorReport> {
  await using world = await newWorld();
  await faults[cause](world);
  return await lookedAt(world, "", cause === "LookDelayed");
}

/** An issuer whose name leads to an address of an inner network. */
async function innerIssuer(): Promise<DoctorWorld> {
  const world = await newWorld();
  await world.dns({ [`A ${host}`]: ["10.1.2.3"] });
  await world.start({}, "10.1.2.3");
  return world;
}

/** What says that a config of an issuer alone has nothing else to look at. */
const elsewhere: ReadonlySet<Reason> = new Set([
  "NotSeenFromOutside",
  "ClusterNotConfigured",
  "AwsNotConfigured",
  "NoServiceAccount",
]);

/** What a report says of the issuer. */
function reasonsOf({ findings }: DoctorReport): readonly string[] {
  return findings
    .filter(({ reason }) => !elsewhere.has(reason))
    .map(({ reason, link }) => `${link} ${reason}`)
    .sort();
}

describe("a fault of an issuer", () => {
  test("that status names in the same words has its publisher's advice", async () => {
    const { facts: outside } = await lookOf("TlsFailed");
    const healthy = recordedFaults().find(({ cause }) => cause === "healthy")?.facts;
    assert.ok(healthy);
    const told = {
      reason: "TlsFailed",
      outcome: "broken",
      seen: "its publisher says",
      next: "Wait.",
    } as const;
    const { findings } = judgeChain({ ...healthy, outside, status: [{ link: "tls", ...told }] });
    const found = findings.filter(({ reason }) => reason === "TlsFailed");
    assert.deepEqual(
      found.map(({ next }) => next),
      ["Wait."],
    );
  });

  for (const cause of ofStack) {
    test(`named ${cause} is named with a config as with the URL, and once`, async () => {
      const report = await withConfig(cause);
      const { outcome } = reasons[cause];
      assert.equal(report.broken?.reason, outcome === "broken" ? cause : undefined, JSON.stringify(report));
      assert.deepEqual(reasonsOf(report), reasonsOf(await reportOf(cause)));
    });
  }
});

describe("an issuer of one's own at a private address", () => {
  const bao =
    "openbao: [{address: 'https://127.0.0.1:1', mount: podtrust, roles: [{name: web, serviceAccounts: [shop/web], policies: [web]}]}]\n";

  test("is read there, and named where AWS is to read it", async () => {
    await using world = await innerIssuer();
    const report = await lookedAt(world);
    assert.equal(report.broken?.reason, "EveryAddressPrivate");
    assert.ok(report.excluded.some(({ link }) => link === "jwks"));
  });

  test("is no fault where STS has read it, by another view of its name", async () => {
    const { facts: outside } = await lookOf("EveryAddressPrivate");
    const healthy = recordedFaults().find(({ cause }) => cause === "healthy")?.facts;
    assert.equal(healthy?.workloads[0]?.exchange?.kind, "accepted");
    assert.equal(judgeChain({ ...healthy, outside }).broken, undefined);
    const unasked = { ...healthy, workloads: [], outside };
    assert.equal(judgeChain(unasked).broken?.reason, "EveryAddressPrivate");
  });

  test("is no fault where a relying party in the same network alone reads it", async () => {
    await using world = await innerIssuer();
    const { broken, excluded } = await lookedAt(world, bao);
    assert.equal(broken, undefined);
    assert.ok(excluded.some(({ link }) => link === "jwks"));
  });
});
