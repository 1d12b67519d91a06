/**
 * Causes of `podtrust doctor` by a fault in a real part: a real API server with pods, ServiceAccounts, webhooks and flags, and
 * the sandbox's IAM and STS. With PODTRUST_RECORD_FACTS=FILE what was seen is written there, a line for each cause, for
 * test/doctor/chain/recorded.test.ts, which judges it again without a cluster.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ChainCause, reasons } from "../../../src/core/reasons/index.ts";
import { type ChainFacts, judgeChain } from "../../../src/doctor/chain/index.ts";
import { publicJwk } from "../../../src/rules/keys/index.ts";
import { recorded } from "../../doctor/chain/record.ts";
import { assertSound } from "../../doctor/chain/sound.ts";
import { casesOf } from "../../support/runs.ts";
import { ecKey } from "../../support/sandbox.ts";
import { machinesLeftOut } from "../control-plane/machines.ts";
import { flagFaults, notInForce, withoutIssuer } from "./api-server-faults.ts";
import { clientFaults, type ClusterFault, workloadFaults } from "./pod-faults.ts";
import { place, pod } from "./pods.ts";
import { signedWithSha1, webhookFaults } from "./webhook-faults.ts";
import { type ClusterStack, startClusterStack } from "./world.ts";

const skip = machinesLeftOut();
const faults: Readonly<Partial<Record<ChainCause, ClusterFault>>> = {
  ...workloadFaults,
  ...clientFaults,
  ...webhookFaults,
  ...flagFaults,
};

function assertNamed(cause: ChainCause, seen: ChainFacts): void {
  const facts = recorded(cause, seen);
  const report = judgeChain(facts);
  assertSound(report, facts, cause);
  const { outcome } = reasons[cause];
  const shown = JSON.stringify(report.findings, undefined, 2);
  assert.equal(report.broken?.reason, outcome === "broken" ? cause : undefined, shown);
  assert.doesNotMatch(JSON.stringify(facts), /eyJ[\w-]{20}/u, "a token is in the facts");
}

describe("a fault on a real API server", { skip }, () => {
  let stack: ClusterStack;
  before(async () => {
    stack = await startClusterStack();
  });
  after(() => stack?.[Symbol.asyncDispose]());

  // The gate has one of four: the others' facts, as they were seen here, are judged by test/doctor/chain/recorded.test.ts.
  for (const [index, cause] of casesOf(Object.keys(faults) as ChainCause[], 4).entries()) {
    test(`named ${cause} is found by doctor as what it is, with proof and fix`, async () => {
      const namespace = `fault-${index}`;
      const broken = (await faults[cause]?.(stack, namespace)) ?? {};
      try {
        const facts = await stack.gather(namespace, broken.options);
        assertNamed(cause, { ...facts, now: facts.now + (broken.after ?? 0) });
      } finally {
        await broken.mend?.[Symbol.asyncDispose]();
      }
    });
  }

  test("of a webhook's certificate that was signed with SHA-1 is named, whatever the key's kind", async () => {
    const broken = await signedWithSha1(stack, "sha1");
    try {
      const facts = await stack.gather("sha1");
      const report = judgeChain(facts);
      const shown = JSON.stringify(report.findings, undefined, 2);
      assert.equal(report.broken?.reason, "WebhookCertificateRejected", shown);
      assert.match(report.broken.seen, /signature \S*SHA1/iu, shown);
      // The API server's words, by which a person's log is read as well.
      assert.match(JSON.stringify(facts.workloads[0]?.trial), /x509: .*insecure algorithm ECDSA-SHA1/u);
    } finally {
      await broken?.mend?.[Symbol.asyncDispose]();
    }
  });

  test("is not found where pods have what they need: nothing is broken, and each link that was seen has its proof", async () => {
    await place(stack, "healthy");
    await pod(stack, "healthy");
    const report = judgeChain(recorded("healthy", await stack.gather("healthy")));
    const findings = JSON.stringify(report.findings, undefined, 2);
    assert.deepEqual(
      report.findings.filter(({ verdict }) => verdict !== "unseen"),
      [],
      findings,
    );
    assert.ok(report.excluded.some(({ link }) => link === "injection"));
  });
});

type StackOptions = Parameters<typeof startClusterStack>[0];
type Prepare = (stack: ClusterStack) => Promise<unknown>;

describe("an API server", { skip }, () => {
  /** Starts one with these options, and judges what is seen of it. */
  async function seen(
    cause: ChainCause,
    options: StackOptions,
    prepare: Prepare = () => Promise.resolve(),
  ): Promise<void> {
    await using stack = await startClusterStack(options);
    await place(stack, "shop");
    await prepare(stack);
    assertNamed(cause, await stack.gather("shop"));
  }

  const standard = "https://kubernetes.default.svc.cluster.local";

  const withoutKeys = async (stack: ClusterStack): Promise<void> => {
    const other = ecKey("other");
    await stack.publish([publicJwk(other.privateKey, "other")]);
    await withoutIssuer(stack, "flags");
  };
  const grid: readonly (readonly [ChainCause, string, StackOptions, Prepare?])[] = [
    [
      "FlagsNotInForce",
      "with the issuer in its manifest alone",
      { issuer: standard },
      (stack) => notInForce(stack, "flags"),
    ],
    [
      "IssuerNotPassed",
      "with the standard issuer, and no key of it published,",
      { issuer: standard },
      withoutKeys,
    ],
    [
      "ApiAudiencesReplaced",
      "with the audience of STS alone",
      { extraArgs: ["--api-audiences=sts.amazonaws.com"] },
    ],
    [
      "IssuerPutBack",
      "with the standard issuer, and its keys published under the config's,",
      { issuer: standard },
    ],
    ["IssuerNotUrl", "whose issuer is no URL", { issuer: "k3s" }],
    ["IssuerHasPort", "whose issuer has a port", { issuer: "https://oidc.example.com:6443" }],
  ];
  // Each is a cluster of its own: in the gate one of them.
  for (const [cause, what, options, prepare] of casesOf(grid, 6))
    test(`${what} is named ${cause}`, () => seen(cause, options, prepare));

  test("that changed its keys and its issuer refuses tokens of before, each by its cause", async () => {
    await using stack = await startClusterStack();
    const { plane } = stack;
    await place(stack, "shop");
    const own = "https://oidc.example.com";
    const old = await plane.requestToken("shop", "web", own, 7200);
    await stack.make("/api/v1/namespaces/shop/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "held" },
    });
    const bound = await stack.make("/api/v1/namespaces/shop/serviceaccounts/web/token", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: [own],
        expirationSeconds: 7200,
        boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "held" },
      },
    });
    const { token: held } = bound["status"] as { token: string };
    const fresh = plane.createKey();
    await plane.useKeys({ signer: fresh, verifiers: [fresh] });
    await stack.publish();
    assertNamed("SigningKeyDropped", await stack.gather("shop", { token: old }));
    assertNamed("LegacyTokenRefused", await stack.gather("shop", { token: held }));
    const former = await plane.requestToken("shop", "web", own, 7200);
    await plane.servers[0]?.restart(plane.keys(), [
      "--service-account-issuer=https://new.example.com",
      "--service-account-jwks-uri=https://new.example.com/openid/v1/jwks",
    ]);
    const facts = recorded("IssuerReplaced", await stack.gather("shop", { token: former }));
    assertSound(judgeChain(facts), facts, "IssuerReplaced");
  });
});
