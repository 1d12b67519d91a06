import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AttachRolePolicyCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { SignJWT } from "jose";
import {
  assumeWithWebIdentity,
  callerIdentity,
  checkAccount,
  openAws,
  readOidcProviders,
  readRole,
  waitUntilAssumable,
} from "../../src/providers/aws/index.ts";
import { applyPlan, planOf, type Work } from "../../src/rules/plan/index.ts";
import { type AwsWorld, startAwsWorld } from "../support/aws-world.ts";
import { TestClock } from "../support/clock.ts";
import { breathe } from "../support/steps.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { podtrustChild } from "../support/cli.ts";
import { account } from "../support/sandbox.ts";

const roleArn = `arn:aws:iam::${account}:role/demo`;

function tokenOf(world: AwsWorld, sub = "system:serviceaccount:aws-test:demo"): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: world.key.alg, kid: world.key.kid })
    .setIssuer(world.issuer.issuer)
    .setSubject(sub)
    .setAudience(["sts.amazonaws.com"])
    .setIssuedAt()
    .setExpirationTime("10m")
    .sign(world.key.privateKey);
}

/** Where a server listens on loopback, and its end. */
async function listening(server: Server): Promise<{ url: string; close: () => void }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A stranger on loopback that takes every call, and answers what it is told to: nothing, or a part of an answer. */
async function falling(said: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    request.resume();
    if (said === "") return;
    response.writeHead(200, { "content-type": "text/xml", "content-length": "1000" });
    response.write(said);
  });
  return listening(server);
}

/** A stranger on loopback that answers every call with one error of AWS. */
async function answering(status: number, code: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(status, { "content-type": "text/xml" });
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>because</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
      );
    });
  });
  return listening(server);
}

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example" };

describe("a session", () => {
  let world: AwsWorld;
  before(async () => {
    world = await startAwsWorld();
  });
  after(() => world.close());

  test("says who the caller is, and refuses another account before anything is done", async () => {
    const caller = await callerIdentity(world.session);
    assert.equal(caller.account, account);
    assert.deepEqual(await checkAccount(world.session, account), caller);
    await assert.rejects(checkAccount(world.session, "999988887777"), {
      code: "aws-wrong-account",
      message: /belong to account 111122223333 .* the config says 999988887777/u,
    });
  });

  test("reads roles and providers for explain, and tells absence from failure", async () => {
    await applyPlan(await planOf({ desired: [world.provider(), world.role()] }));
    const role = await readRole(world.session, roleArn);
    assert.deepEqual(
      [role?.arn, role?.account, role?.name, role?.maxSession],
      [roleArn, account, "demo", 3600],
    );
    assert.match(role?.trustPolicy ?? "", /sts:AssumeRoleWithWebIdentity/u);
    const [provider] = await readOidcProviders(world.session);
    assert.deepEqual([provider?.url, provider?.clientIds], ["oidc.example.test", ["sts.amazonaws.com"]]);
    assert.equal(await readRole(world.session, "absent"), undefined);
  });

  test("may work as a role that it assumes first", async () => {
    const iam = await world.session.iam();
    const trust = {
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "sts:AssumeRole",
      },
    };
    await iam.send(
      new CreateRoleCommand({ RoleName: "admin", AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    await iam.send(
      new AttachRolePolicyCommand({
        RoleName: "admin",
        PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
      }),
    );
    const session = openAws({
      region: "eu-central-1",
      endpoint: world.sandbox.url,
      credentials: world.sandbox.admin,
      assumeRole: `arn:aws:iam::${account}:role/admin`,
    });
    assert.equal((await callerIdentity(session)).arn, `arn:aws:sts::${account}:assumed-role/admin/podtrust`);
    session.close();
  });

  const mistakes: [string, number, string, string][] = [
    ["expired credentials", 403, "ExpiredToken", "aws-credentials-expired"],
    ["an unknown key", 403, "InvalidClientTokenId", "aws-no-credentials"],
    ["a bad signature", 403, "SignatureDoesNotMatch", "aws-credentials-refused"],
    ["a missing right", 403, "AccessDenied", "aws-denied"],
    ["a wrong clock", 400, "RequestInTheFuture", "aws-clock"],
    ["a used-up quota", 409, "LimitExceeded", "aws-quota"],
    ["tags of one key", 400, "InvalidInput", "aws-invalid-input"],
    ["a policy that is none", 400, "MalformedPolicyDocument", "aws-invalid-input"],
    ["anything else", 400, "SomethingNew", "aws-refused"],
  ];
  for (const [what, status, awsCode, code] of mistakes) {
    test(`${what} is told as ${code}, with AWS's own code and text`, async () => {
      const stranger = await answering(status, awsCode);
      const session = openAws({ region: "eu-central-1", endpoint: stranger.url, credentials });
      await assert.rejects(callerIdentity(session), {
        code,
        message: new RegExp(`asking AWS who we are: ${awsCode}.*: because`, "u"),
      });
      session.close();
      stranger.close();
    });
  }

  test("throttling is told only after two minutes in which no call got through", async () => {
    const stranger = await answering(400, "Throttling");
    const clock = new SwiftClock();
    const [start, slowed] = [clock.elapsed(), [] as number[]];
    const session = openAws({
      region: "eu-central-1",
      endpoint: stranger.url,
      credentials,
      clock,
      onSlowDown: (_reason, deadline) => slowed.push(deadline - start),
    });
    await assert.rejects(readRole(session, "demo"), { code: "aws-throttled" });
    assert.ok(clock.elapsed() - start >= 120_000, String(clock.elapsed() - start));
    assert.deepEqual(slowed, [120_000]);
    session.close();
    stranger.close();
  });

  test("a profile that does not exist is told as missing credentials", async () => {
    const session = openAws({
      region: "eu-central-1",
      endpoint: "http://127.0.0.1:9",
      profile: "podtrust-no-such-profile",
    });
    await assert.rejects(callerIdentity(session), {
      code: "aws-no-credentials",
      message: /podtrust-no-such-profile/u,
    });
    session.close();
  });

  test("an AWS_PROFILE that does not exist is named, with advice that fits", async () => {
    process.env["AWS_PROFILE"] = "podtrust-no-such-profile";
    const session = openAws({ region: "eu-central-1", endpoint: "http://127.0.0.1:9" });
    try {
      await assert.rejects(callerIdentity(session), {
        code: "aws-no-credentials",
        message: /profile podtrust-no-such-profile of AWS_PROFILE gives no credentials/u,
        next: /aws configure list-profiles[^]*correct AWS_PROFILE/u,
      });
    } finally {
      delete process.env["AWS_PROFILE"];
      session.close();
    }
  });

  test("an endpoint that is not there is told as unreachable", async () => {
    const session = openAws({ region: "eu-central-1", endpoint: "http://127.0.0.1:9", credentials });
    await assert.rejects(callerIdentity(session), { code: "aws-unreachable", message: /ECONNREFUSED/u });
    session.close();
  });
});

describe("propagation", () => {
  test("a new role is waited for with a reason and a deadline, until STS knows it", async (t) => {
    // One clock for both sides: what passes on a busy machine does not count.
    const clock = new SwiftClock();
    const world = await startAwsWorld({ propagationMs: 3000, clock });
    t.after(() => world.close());
    const token = await tokenOf(world);
    const said: string[] = [];
    const role = world.role({
      untilUsable: async (arn, work) => {
        await assert.rejects(
          assumeWithWebIdentity(world.session, { roleArn: arn, sessionName: "probe", token }),
          { name: "AccessDenied" },
        );
        await waitUntilAssumable(world.session, { roleArn: arn, sessionName: "probe", token }, work);
        return true;
      },
    });
    const outcome = await applyPlan(await planOf({ desired: [world.provider(), role] }), {
      onEvent: (event) => {
        if (event.type !== "waiting") return;
        said.push(event.reason);
        assert.ok(event.deadline > clock.elapsed());
      },
    });
    assert.deepEqual(outcome.failed, []);
    assert.ok(said.includes("IAM propagation delay: STS does not know the change yet"));
    const { arn } = await assumeWithWebIdentity(world.session, { roleArn, sessionName: "job", token });
    assert.equal(arn, `arn:aws:sts::${account}:assumed-role/demo/job`);
  });

  test("a role that STS never hears of is given up at the deadline, with what it said last", async (t) => {
    const world = await startAwsWorld({ propagationMs: 3_600_000 });
    t.after(() => world.close());
    await applyPlan(await planOf({ desired: [world.provider(), world.role()] }));
    const clock = new TestClock();
    const { sandbox } = world;
    const session = openAws({
      region: "eu-central-1",
      endpoint: sandbox.url,
      credentials: sandbox.admin,
      clock,
    });
    const deadlines = new Set<number>();
    const work: Pick<Work, "signal" | "waiting"> = {
      signal: new AbortController().signal,
      waiting: (_reason, deadline) => deadlines.add(deadline),
    };
    const token = await tokenOf(world);
    const ended = new AbortController();
    const hopeless = waitUntilAssumable(session, { roleArn, sessionName: "probe", token }, work).finally(
      () => {
        ended.abort();
      },
    );
    const refused = assert.rejects(hopeless, {
      code: "aws-not-assumable",
      message: /after 36 s: Not authorized/u,
    });
    const start = clock.elapsed();
    // Each try is a real request: time moves on whenever the wait has begun to sleep.
    while (!ended.signal.aborted) await (clock.sleeping > 0 ? clock.advance(2000) : breathe(1));
    await refused;
    assert.deepEqual([...deadlines], [start + 36_000]);
    session.close();
  });

  test("any other refusal is final at once", async (t) => {
    const world = await startAwsWorld();
    t.after(() => world.close());
    await applyPlan(await planOf({ desired: [world.provider(), world.role()] }));
    const work: Pick<Work, "signal" | "waiting"> = {
      signal: new AbortController().signal,
      waiting: () => assert.fail("it waited"),
    };
    const bad = waitUntilAssumable(
      world.session,
      { roleArn, sessionName: "probe", token: "no.token.here" },
      work,
    );
    await assert.rejects(bad, { code: "aws-refused", message: /InvalidIdentityToken/u });
  });
});

describe("the demo job", () => {
  let world: AwsWorld;
  let folder = "";
  const env = (more: Record<string, string> = {}): Record<string, string> => ({
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ENDPOINT_URL: world.sandbox.url,
    AWS_REGION: "eu-central-1",
    AWS_ROLE_ARN: roleArn,
    AWS_ROLE_SESSION_NAME: "k3s-cluster",
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
    ...more,
  });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-job-"));
    world = await startAwsWorld();
    const deny = {
      Version: "2012-10-17",
      Statement: {
        Effect: "Deny",
        Action: "ssm:GetParameter*",
        Resource: "arn:aws:ssm:*:*:parameter/secret/*",
      },
    };
    await applyPlan(
      await planOf({ desired: [world.provider(), world.role({ inline: { deny: JSON.stringify(deny) } })] }),
    );
    const ssm = await world.session.ssm();
    for (const Name of ["/app/one", "/app/two", "/secret/key"]) {
      await ssm.send(new PutParameterCommand({ Name, Value: "do not print me", Type: "SecureString" }));
    }
  });
  after(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  test("with only its four variables it says who it is and which parameters it reads, never their values", async () => {
    await writeFile(join(folder, "token"), await tokenOf(world));
    const { code, out } = await podtrustChild(["job", "--json", "--path", "/app"], { env: env() });
    assert.equal(code, 0);
    const result = JSON.parse(out) as { identity: { arn: string }; parameters: string[] };
    assert.equal(result.identity.arn, `arn:aws:sts::${account}:assumed-role/demo/k3s-cluster`);
    assert.deepEqual(result.parameters, ["/app/one", "/app/two"]);
    assert.doesNotMatch(out, /do not print me/u);
    const text = await podtrustChild(["job", "--path", "/app"], { env: env() });
    assert.match(text.out, /^I am arn:aws:sts::.*\nI may read 2 parameters under \/app\n {2}\/app\/one\n/u);
  });

  test("one parameter by name is read, or refused with AWS's own code", async () => {
    await writeFile(join(folder, "token"), await tokenOf(world));
    const good = await podtrustChild(["job", "--json", "--read", "/app/one"], { env: env() });
    assert.deepEqual(
      [good.code, (JSON.parse(good.out) as { read: object }).read],
      [0, { name: "/app/one", type: "SecureString", version: 1 }],
    );
    const denied = await podtrustChild(["job", "--json", "--read", "/secret/key"], { env: env() });
    const { error } = JSON.parse(denied.out) as { error: { code: string; call: string } };
    assert.deepEqual([denied.code, error.code, error.call], [1, "AccessDeniedException", "GetParameter"]);
  });

  test("another ServiceAccount's token is refused with STS's code and text", async () => {
    await writeFile(join(folder, "token"), await tokenOf(world, "system:serviceaccount:aws-test:other"));
    const { code, out } = await podtrustChild(["job", "--json"], { env: env() });
    const { error } = JSON.parse(out) as { error: object };
    assert.deepEqual(
      [code, error],
      [
        1,
        {
          code: "AccessDenied",
          message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
          call: "GetCallerIdentity",
        },
      ],
    );
  });
});

describe("an AWS that takes calls and falls silent", () => {
  for (const [words, said] of [
    ["before it answers", ""],
    ["in the middle of its answer", "<ListOpenIDConnectProvidersResponse>"],
  ] as const) {
    test(`${words} is waited for as long as said, by IAM and by STS`, async () => {
      const silent = await falling(said);
      const access = { region: "eu-central-1", endpoint: silent.url, attempts: 1, answerWithinMs: 300 };
      const session = openAws({ ...access, credentials });
      try {
        await assert.rejects(readOidcProviders(session), { code: "aws-unreachable" });
        await assert.rejects(callerIdentity(session), { code: "aws-unreachable" });
      } finally {
        session.close();
        silent.close();
      }
    });
  }
});
