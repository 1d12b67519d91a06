/**
 * The kubelet renews a pod's token, and the AWS SDK in it goes on: nightly through the twelve minutes until both renew at
 * their own time; in the gate until a kubelet that begins anew, and has forgotten the old token, has sent another.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { putParameter } from "../../src/providers/aws/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { isAtLength } from "../support/runs.ts";
import { until } from "../support/until.ts";
import {
  type Cluster,
  podsLeftOut,
  startCluster,
  untilJobEnds,
  writePodtrustImages,
} from "./harness/index.ts";
import { type Exchange, type LongRun, longRunner, readLongRun } from "./pods/long-runner.ts";
import { publishIssuer } from "./pods/published-issuer.ts";
import { tokenJob } from "./pods/token-job.ts";
import { trustingAccount } from "./story/aws-account.ts";

const issuer = `https://${randomUUID()}.cluster.example`;
const serviceAccount = "demo-service-account";
const tokenSeconds = 600;
// The SDK's own renewal comes 600 seconds after its first exchange; the rest sees that it goes on.
const runSeconds = 680;
/** So often somebody makes a client in the pod, seconds. */
const everySeconds = isAtLength ? 20 : 5;

/** Has the kubelet forget the pod's token, and gives the pod's log as soon as a client has taken the new one. */
async function logUntilRenewed({ kubectl, node }: Cluster): Promise<string> {
  const logs = (): Promise<string> => kubectl(["logs", "job/soak"]).catch(() => "");
  const isTaken = (count: number) => async (): Promise<string | false> => {
    const log = await logs();
    const { exchanges, refusals } = readLongRun(log);
    assert.deepEqual(refusals, []);
    const fresh = exchanges.filter(({ client }) => client === "fresh");
    return new Set(fresh.map(({ iat }) => iat)).size === count && log;
  };
  await until("a client has taken the first token", isTaken(1), { detail: logs });
  await node.kubelet.restart();
  return until("a client has taken a new token", isTaken(2), { detail: logs });
}

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
    command: ["/usr/local/bin/node", "-e", longRunner(runSeconds, everySeconds)],
    environment: {
      AWS_REGION: "eu-central-1",
      AWS_ROLE_ARN: roleArn,
      AWS_ROLE_SESSION_NAME: "soak",
      AWS_ENDPOINT_URL: sandbox.url,
    },
  });
  await cluster.kubectl(["create", "-f", "-"], job);
  if (!isAtLength) return logUntilRenewed(cluster);
  const outcome = await untilJobEnds(cluster, "default", "soak", (runSeconds + 600) * 1000);
  const log = await cluster.kubectl(["logs", "job/soak"]);
  assert.equal(outcome, "Complete", log);
  return log;
}

/** Holds against what the kubelet and the SDK say of their own times. */
function checkRenewals(exchanges: readonly Exchange[], [first, second]: readonly [number, number]): void {
  // At 80 % of its life, up to ten seconds earlier by chance; then the kubelet's next look at the pod.
  const age = second - first;
  assert.ok(age >= tokenSeconds * 0.8 - 10 && age < tokenSeconds * 0.9, `renewed after ${age} s`);
  for (const client of ["sts", "ssm"] as const) {
    const own = exchanges.filter((exchange) => exchange.client === client);
    assert.deepEqual(
      own.map(({ iat }) => iat),
      [first, second],
      client,
    );
    // The first token had ended by then: a client that had kept it would have been refused.
    assert.ok((own[1]?.at ?? 0) >= first + tokenSeconds, client);
  }
}

/** Holds what the pod has said against what must be. */
function checkLongRun({ exchanges, refusals, answered }: LongRun): void {
  assert.deepEqual(refusals, []);
  const tokens = [...new Set(exchanges.map(({ iat }) => iat))];
  assert.equal(tokens.length, 2, `tokens issued at ${tokens.join(", ")}`);
  const [first = 0, second = 0] = tokens;
  const fresh = exchanges.filter(({ client }) => client === "fresh");
  const since = fresh.findIndex(({ iat }) => iat === second);
  assert.ok(since > 0, "no client was made with the new token");
  assert.ok(
    fresh.slice(since).every(({ iat }) => iat === second),
    "a client went back to the first token",
  );
  if (!isAtLength) return;
  // Two clients every two seconds and one every twenty; half of that on a busy machine.
  assert.ok(answered > runSeconds / 2, `only ${answered} questions answered`);
  assert.ok(fresh.length >= runSeconds / 40, `only ${fresh.length} clients made`);
  for (const { iat, at } of fresh)
    assert.ok(at < iat + tokenSeconds * 0.9, `a token of ${iat} was still in the file at ${at}`);
  checkRenewals(exchanges, [first, second]);
}

const skip = podsLeftOut();

test("the kubelet renews a pod's token, and the SDK in it takes the new one", { skip }, async (context) => {
  await using closing = new AsyncDisposableStack();
  const run = readLongRun(await logOfLongRun(closing));
  const tokens = new Set(run.exchanges.map(({ iat }) => iat));
  context.diagnostic(`tokens of ${[...tokens].join(", ")}; ${run.exchanges.length} exchanges`);
  checkLongRun(run);
});
