/** Causes that stand in AWS: each fault in the sandbox's IAM, which answers and refuses as IAM and STS do. */
import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { pipeline } from "node:stream/promises";
import { describe, test } from "node:test";
import { reasons } from "../../../src/core/reasons/index.ts";
import { judgeChain } from "../../../src/doctor/chain/index.ts";
import { type AwsAccess, type AwsSession, openAws } from "../../../src/providers/aws/index.ts";
import { serveByAcme } from "../../support/acme-publisher.ts";
import { testAuthority } from "../../support/certificates.ts";
import { startIssuer } from "../../support/issuer-server.ts";
import { until } from "../../support/until.ts";
import { madeNow, pin, providerFaults, type StackFault, trustFaults } from "./aws-faults.ts";
import { recorded } from "./record.ts";
import { assertSound } from "./sound.ts";
import { newStack } from "./world.ts";

const faults: Readonly<Record<string, StackFault>> = { ...providerFaults, ...trustFaults };

describe("a fault in AWS", () => {
  for (const cause of Object.keys(faults) as (keyof typeof providerFaults | keyof typeof trustFaults)[]) {
    test(`named ${cause} is found by doctor as what it is, with proof and fix`, async () => {
      await using world = await newStack();
      const options = (await faults[cause]?.(world)) ?? {};
      const facts = recorded(cause, await world.gather(options));
      const report = judgeChain(facts);
      assertSound(report, facts, cause);
      assert.equal(report.broken?.reason, reasons[cause].outcome === "broken" ? cause : undefined);
    });
  }

  test("is not found where up made the stack: every link that was seen holds with its proof", async () => {
    await using world = await newStack();
    const report = judgeChain(await world.gather());
    assert.deepEqual(
      report.findings.filter(({ verdict }) => verdict !== "unseen"),
      [],
    );
    assert.ok(report.excluded.some(({ link, seen }) => link === "sts" && seen !== ""));
  });

  test("a role that was made seconds ago is propagating, and an older one that STS refuses all the same is not to be seen from here", async () => {
    await using world = await newStack({ propagationMs: 3_600_000, isUp: false });
    await madeNow(world);
    const young = recorded("RolePropagating", await world.gather());
    const report = judgeChain(young);
    assertSound(report, young, "RolePropagating");
    assert.equal(report.verdict, "propagating");
    const facts = recorded("OrganisationDenies", { ...young, now: young.now + 3_600_000 });
    const old = judgeChain(facts);
    assert.equal(old.broken, undefined);
    assertSound(old, facts, "OrganisationDenies");
  });

  test("thumbprints that are not of the chain are the cause where no public root vouches for it, and excluded with their proof elsewhere", async () => {
    await using world = await newStack({ privateCa: true });
    await pin(world, ["a".repeat(40)]);
    const facts = recorded("ThumbprintMismatch", await world.gather());
    const report = judgeChain(facts);
    assertSound(report, facts, "ThumbprintMismatch");
    const [chain = []] = facts.published?.chains ?? [];
    await pin(world, chain.map(({ sha1 }) => sha1).slice(0, 1));
    const good = await world.gather();
    assert.equal(judgeChain(good).broken, undefined, JSON.stringify(judgeChain(good).findings));
    const [end = 0] = (good.published?.chains[0] ?? []).map(({ notAfter }) => notAfter);
    const late = recorded("ThumbprintExpiring", { ...good, now: end - 86_400_000 });
    assertSound(judgeChain(late), late, "ThumbprintExpiring");
    const isPublic = judgeChain({
      ...facts,
      published: { kids: [], isPrivate: false, chains: facts.published?.chains ?? [] },
    });
    assert.ok(isPublic.excluded.some(({ cause }) => cause === "ThumbprintMismatch"));
    assert.ok(!isPublic.findings.some(({ reason }) => reason.startsWith("Thumbprint")));
  });

  test("an issuer whose servers send two chains, of which one is registered, is named ThumbprintSometimes", async () => {
    await using world = await newStack({ privateCa: true });
    const { issuer, route } = world.chain;
    // Of another name, so that each chain leads to its own root.
    const authority = await testAuthority("Other Root");
    const other = await startIssuer(authority, { host: issuer.host });
    for (const [path, page] of issuer.pages) other.pages.set(path, page);
    const ports = [issuer, other].map(({ connectTo }) => connectTo[0]?.toPort ?? 0);
    let asked = 0;
    const balancer = createServer((socket) => {
      asked += 1;
      const upstream = connect(ports[asked % 2] ?? 0, "127.0.0.1");
      pipeline(socket, upstream, socket).catch(() => {});
    });
    await new Promise<void>((resolve) => balancer.listen(0, "127.0.0.1", resolve));
    try {
      const [leaf] = (await world.gather()).published?.chains[0] ?? [];
      await pin(world, [leaf?.sha1 ?? ""]);
      const { port } = balancer.address() as AddressInfo;
      const connectTo = [{ host: issuer.host, port: 443, address: "127.0.0.1", toPort: port }];
      const both = { ca: `${String(route.ca)}${authority.root}`, connectTo };
      const facts = recorded("ThumbprintSometimes", await world.gather({ route: both }));
      assertSound(judgeChain(facts), facts, "ThumbprintSometimes");
    } finally {
      balancer.close();
      await other.close();
    }
  });

  test("an error that its provider's own machines make, while every link holds, is an incident", async () => {
    await using world = await newStack();
    const failing = createHttpServer((_request, answer) => {
      answer.writeHead(503, { "content-type": "text/xml" });
      answer.end(
        "<ErrorResponse><Error><Code>ServiceUnavailable</Code><Message>unavailable</Message></Error></ErrorResponse>",
      );
    });
    await new Promise<void>((resolve) => failing.listen(0, "127.0.0.1", resolve));
    const { port } = failing.address() as AddressInfo;
    try {
      const endpoint = `http://127.0.0.1:${port}`;
      const { sandbox } = world.chain;
      const open = (access: AwsAccess): AwsSession =>
        openAws({ ...access, endpoint, credentials: sandbox.admin, attempts: 1 });
      const facts = await world.gather({ open });
      const report = judgeChain(recorded("StsIncident", facts));
      assert.equal(report.verdict, "incident", JSON.stringify(report.findings, undefined, 2));
      assertSound(report, facts, "StsIncident");
    } finally {
      failing.close();
    }
  });

  test("a control plane whose clock is ten minutes ahead is named ClockSkew, whatever STS says of its tokens", async () => {
    await using world = await newStack();
    world.chain.cluster.clock.advance(600_000);
    const facts = recorded("ClockSkew", await world.gather());
    const report = judgeChain(facts);
    assertSound(report, facts, "ClockSkew");
    assert.equal(report.broken?.reason, "ClockSkew");
  });
});

test("a publisher whose CA answers rateLimited, and that has no certificate yet, is named CertificateRateLimited", async (t) => {
  await using world = await newStack();
  const { start, ca, connectTo } = await serveByAcme(t, "http-01");
  ca.misbehave({ what: "rate-limit" });
  const serving = await start();
  t.after(() => serving.close(0));
  const failing = await until(
    "the CA's answer is known",
    () => serving.publisher.status().issuers[0]?.certificate?.failing,
  );
  const { message, next } = failing;
  const publisher = () => Promise.resolve({ distrusted: [], certificate: { message, next } });
  const facts = recorded("CertificateRateLimited", await world.gather({ publisher, route: { connectTo } }));
  const report = judgeChain(facts);
  assertSound(report, facts, "CertificateRateLimited");
  assert.equal(report.broken?.reason, "CertificateRateLimited", JSON.stringify(report.findings));
});
