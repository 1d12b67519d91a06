/**
 * Twelve minutes in the life of a pod: the kubelet renews its token at its own time, and the AWS SDK in it goes on
 * with the new one. It runs beside the other suites of its group.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { putParameter } from "../../src/providers/aws/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { podsLeftOut, startCluster, untilJobEnds, writePodtrustImages } from "./harness/index.ts";
import { type Exchange, type LongRun, longRunner, readLongRun } from "./pods/long-runner.ts";
import { publishIssuer } from "./pods/published-issuer.ts";
import { tokenJob } from "./pods/token-job.ts";
import { trustingAccount } from "./story/aws-account.ts";

const issuer = `https://${randomUUID()}.cluster.example`;
const serviceAccount = "demo-service-account";
const tokenSeconds = 600;
// The SDK's own renewal comes 600 seconds after its first exchange; the rest sees that it goes on.
const runSeconds = 680;

/** Starts cluster, issuer and AWS, lets the pod run to its end and gives its log. */
async function logOfLongRun(closing: AsyncDisposableStack): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-soak-"));
  closing.defer(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = closing.use(await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks` }));
  await cluster.node.importImage(writePodtrustImages(folder).file);
  await cluster.kubectl(["create", "serviceaccount", serviceAccount]);
  const published = await publishIssuer(cluster);
  closing.defer(() => published.close());
  const { connectTo, ca } = published;
  const sandbox = await startSandbox({ connectTo, ca, propagationMs: 0 });
  closing.defer(() => sandbox.close());
  const { session, roleArn } = await trustingAccount(sandbox, issuer, `default/${serviceAccount}`);
  closing.defer(() => session.close());
  await putParameter(session, { name: "/demo/greeting", value: "hello" });
  const job = tokenJob({
    name: "soak",
    serviceAccount,
    command: ["/usr/local/bin/node", "-e", longRunner(runSeconds)],
    environment: {
      AWS_REGION: "eu-central-1",
      AWS_ROLE_ARN: roleArn,
      AWS_ROLE_SESSION_NAME: "soak",
      AWS_ENDPOINT_URL: sandbox.url,
    },
  });
  await cluster.kubectl(["create", "-f", "-"], job);
  const outcome = await untilJobEnds(cluster, "default", "soak", (runSeconds + 120) * 1000);
  const log = await cluster.kubectl(["logs", "job/soak"]);
  assert.equal(outcome, "Complete", log);
  return log;
}

/** Holds what the pod has said against what must be. */
function checkLongRun({ exchanges, refusals, answered }: LongRun): void {
  assert.deepEqual(refusals, []);
  // Two clients every two seconds and one every twenty; half of that on a busy machine.
  assert.ok(answered > runSeconds / 2, `only ${answered} questions answered`);

  const tokens = [...new Set(exchanges.map(({ iat }) => iat))];
  assert.equal(tokens.length, 2, `tokens issued at ${tokens.join(", ")}`);
  const [first = 0, second = 0] = tokens;
  // At 80 % of its life, up to ten seconds earlier by chance; then the kubelet's next look at the pod.
  const age = second - first;
  assert.ok(age >= tokenSeconds * 0.8 - 10 && age < tokenSeconds * 0.9, `renewed after ${age} s`);

  const of = (client: Exchange["client"]): readonly Exchange[] =>
    exchanges.filter((exchange) => exchange.client === client);
  for (const client of ["sts", "ssm"] as const) {
    const own = of(client);
    assert.deepEqual(
      own.map(({ iat }) => iat),
      [first, second],
      client,
    );
    // The first token had ended by then: a client that had kept it would have been refused.
    assert.ok((own[1]?.at ?? 0) >= first + tokenSeconds, client);
  }

  const fresh = of("fresh");
  assert.ok(fresh.length >= runSeconds / 40, `only ${fresh.length} clients made`);
  for (const { iat, at } of fresh)
    assert.ok(at < iat + tokenSeconds * 0.9, `a token of ${iat} was still in the file at ${at}`);
  const since = fresh.findIndex(({ iat }) => iat === second);
  assert.ok(since > 0, "no client was made with the new token");
  assert.ok(
    fresh.slice(since).every(({ iat }) => iat === second),
    "a client went back to the first token",
  );
}

const skip = podsLeftOut();

test("the kubelet renews a pod's token, and the SDK in it takes the new one", { skip }, async (context) => {
  await using closing = new AsyncDisposableStack();
  const run = readLongRun(await logOfLongRun(closing));
  const tokens = new Set(run.exchanges.map(({ iat }) => iat));
  context.diagnostic(`tokens of ${[...tokens].join(", ")}; ${run.answered} questions answered`);
  checkLongRun(run);
});
