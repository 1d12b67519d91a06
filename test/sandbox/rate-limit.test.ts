import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  type Sandbox,
  type SandboxOptions,
  SandboxUsageError,
  startSandbox,
} from "../../src/sandbox/index.ts";
import { TestClock } from "../support/clock.ts";
import { refused } from "../support/iam.ts";

async function started(t: TestContext, options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  t.after(() => sandbox.close());
  return sandbox;
}

function iamOf(t: TestContext, sandbox: Sandbox, maxAttempts: number): IAMClient {
  const client = new IAMClient({
    endpoint: sandbox.url,
    region: "eu-central-1",
    credentials: sandbox.admin,
    maxAttempts,
  });
  t.after(() => client.destroy());
  return client;
}

/** How many of `count` calls, one after another, were taken; every other has to be AWS's own refusal. */
async function taken(client: IAMClient, count: number): Promise<number> {
  let good = 0;
  for (let call = 0; call < count; call += 1) {
    const asked = client.send(new ListRolesCommand({}));
    if (
      await asked.then(
        () => true,
        () => false,
      )
    )
      good += 1;
    else await refused(asked, "Throttling", "Rate exceeded", 400);
  }
  return good;
}

describe("IAM with a rate limit", () => {
  const iamRateLimit = { perSecond: 20, burst: 100 };

  test("takes the burst, refuses the next call as Throttling, and takes 20 calls more after a second", async (t) => {
    const clock = new TestClock(Date.now());
    const sandbox = await started(t, { clock, iamRateLimit });
    const client = iamOf(t, sandbox, 1);
    assert.equal(await taken(client, 110), 100);
    await clock.advance(1000);
    assert.equal(await taken(client, 25), 20);
    const last = sandbox.decisions().at(-1);
    assert.deepEqual(
      [last?.decision, last?.rule, last?.code, last?.message],
      ["deny", "rate-limit", "Throttling", "Rate exceeded"],
    );
  });

  test("takes no more than the burst after a long rest", async (t) => {
    const clock = new TestClock(Date.now());
    const sandbox = await started(t, { clock, iamRateLimit: { perSecond: 20, burst: 10 } });
    const client = iamOf(t, sandbox, 1);
    assert.equal(await taken(client, 12), 10);
    await clock.advance(10_000);
    assert.equal(await taken(client, 12), 10);
  });

  test("lets the AWS SDK through that repeats a throttled call", async (t) => {
    const clock = new TestClock(Date.now());
    let throttled = 0;
    const sandbox = await started(t, {
      clock,
      iamRateLimit: { perSecond: 1, burst: 1 },
      onDecision({ code }) {
        if (code !== "Throttling") return;
        throttled += 1;
        void clock.advance(1000);
      },
    });
    const client = iamOf(t, sandbox, 10);
    for (let call = 0; call < 3; call += 1) await client.send(new ListRolesCommand({}));
    assert.equal(throttled, 2);
  });

  test("counts no call whose signature is wrong, and none of STS", async (t) => {
    const clock = new TestClock(Date.now());
    const sandbox = await started(t, { clock, iamRateLimit: { perSecond: 1, burst: 1 } });
    const config = { endpoint: sandbox.url, region: "eu-central-1", maxAttempts: 1 };
    const forged = { ...sandbox.admin, secretAccessKey: "wrong" };
    const foreign = new IAMClient({ ...config, credentials: forged });
    const sts = new STSClient({ ...config, credentials: sandbox.admin });
    t.after(() => void [foreign, sts].map((client) => client.destroy()));
    await refused(foreign.send(new ListRolesCommand({})), "SignatureDoesNotMatch", /./u, 403);
    await sts.send(new GetCallerIdentityCommand({}));
    assert.equal(await taken(iamOf(t, sandbox, 1), 2), 1);
  });

  test("refuses to start with a limit that lets nothing through", async () => {
    for (const limit of [
      { perSecond: 0, burst: 1 },
      { perSecond: 1, burst: 0 },
      { perSecond: Number.NaN, burst: 1 },
    ]) {
      await assert.rejects(startSandbox({ iamRateLimit: limit }), SandboxUsageError);
    }
  });
});
