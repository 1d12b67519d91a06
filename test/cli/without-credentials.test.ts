/** Who has no credential of a part still sees the others: that part is not looked at, which is no fault of the chain. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import type { DoctorReport } from "../../src/doctor/index.ts";
import { readIssuer, servedDocuments } from "../../src/issuer/index.ts";
import type { TrustMap } from "../../src/map/index.ts";
import type { StatusReport, TestReport } from "../../src/stack/index.ts";
import { demoAccount } from "../support/chain-world.ts";
import { type CloudsWorld, cloudsWorld } from "../support/clouds-world.ts";
import { type OpenBaoStandIn, startOpenBaoStandIn } from "../support/openbao-stand-in.ts";

const subject = `system:serviceaccount:${demoAccount.replace("/", ":")}`;

/** What each part says of itself at its first link. */
const notAsked = ["CredentialsMissing", "GoogleNotAsked", "AzureNotAsked", "OpenBaoNotAsked"];

describe("a part without its credential", () => {
  let world: CloudsWorld;
  let bao: OpenBaoStandIn;
  before(async () => {
    world = await cloudsWorld();
    const { issuer, route } = world;
    bao = await startOpenBaoStandIn({
      mount: "podtrust",
      description: "",
      issuer: issuer.issuer,
      roles: { web: { boundAudiences: ["openbao"], boundSubject: subject } },
      fetch: async () => servedDocuments(await readIssuer(issuer.issuer, { route })),
      now: () => systemClock.now() / 1000,
    });
  });
  beforeEach(() =>
    world.config({
      more: `openbao:
  - address: ${bao.address}
    mount: podtrust
    audience: openbao
    roles: [{name: web, serviceAccounts: [${demoAccount}], policies: [web]}]
`,
    }),
  );
  after(async () => {
    await bao.close();
    await world.close();
  });

  async function report<T>(
    command: string,
    credentials: "given" | "none",
  ): Promise<readonly [number | null, T]> {
    const { code, out, err } = await world.run([command], credentials);
    assert.ok(out.startsWith("{"), err);
    return [code, JSON.parse(out) as T];
  }

  test("is needed by no call of test: it passes by the tokens of the cluster alone", async () => {
    const [code, { ok, cases }] = await report<TestReport>("test", "none");
    assert.deepEqual([code, ok], [0, true], JSON.stringify(cases));
    const [, given] = await report<TestReport>("test", "given");
    assert.deepEqual(
      cases.map(({ name, verdict }) => [name, verdict]),
      given.cases.map(({ name, verdict }) => [name, verdict]),
    );
  });

  test("is not looked at by status, which ends with 0 as with all of them", async () => {
    const [code, { broken, links }] = await report<StatusReport>("status", "none");
    const provider = links.find(({ name }) => name === "provider");
    assert.deepEqual([code, broken], [0, undefined]);
    assert.deepEqual(
      provider?.findings.map(({ reason, outcome }) => [reason, outcome]),
      notAsked.map((reason) => [reason, "unseen"]),
    );
  });

  test("is not looked at by doctor, and neither a fault nor its exit code", async () => {
    const [code, { broken, findings, verdict }] = await report<DoctorReport>("doctor", "none");
    assert.deepEqual([code, broken, verdict], [0, undefined, "unseen"]);
    for (const link of ["provider", "trust"] as const)
      assert.ok(
        findings.filter((one) => one.link === link).every((one) => one.verdict === "unseen"),
        link,
      );
    assert.deepEqual(
      findings.filter(({ link }) => link === "provider").map(({ reason }) => reason),
      notAsked,
    );
  });

  test("is not looked at by map, which names it with what it lacks", async () => {
    const [code, { unseen, findings }] = await report<TrustMap>("map", "none");
    assert.deepEqual([code, findings], [0, []]);
    assert.deepEqual(
      unseen.map(({ what }) => what.split(/[ ,]/u, 1)[0]),
      ["account", "Google", "Azure", "OpenBao"],
    );
    for (const { what, next } of unseen) assert.notEqual(next, "", what);
  });

  test("of the cluster hides the cluster's links from doctor, and no others", async () => {
    await world.config({ kubeconfig: "none" });
    const [code, { broken, findings, excluded }] = await report<DoctorReport>("doctor", "given");
    assert.deepEqual([code, broken], [0, undefined]);
    assert.deepEqual(
      findings.map(({ reason }) => reason),
      // The keys that Google is given are the cluster's.
      ["ClusterCredentialsMissing", "GoogleNotAsked", "GoogleNotAsked"],
    );
    const held = new Set(excluded.map(({ link }) => link));
    assert.deepEqual([...held], ["discovery", "jwks", "dns", "tls", "reachability", "permission"]);
  });
});
