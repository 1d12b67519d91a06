import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { lockdownWarning, lockRoles, reopenRoles } from "../../src/cli/rotate/lockdown.ts";
import { createContext } from "../../src/core/command-line/index.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { type AwsPart, awsPart, openStack, type RolesLocked } from "../../src/stack/index.ts";
import { type ChainWorld, demoAccount, demoRole, startChainWorld } from "../support/chain-world.ts";
import { podtrustHost } from "../support/cli.ts";
import { keysOf } from "../support/sandbox.ts";

const hour = 3_600_000;
const { signal } = new AbortController();

describe("the roles of a stack after the theft of a key", () => {
  let world: ChainWorld;
  const clients: { destroy(): void }[] = [];

  before(async () => {
    world = await startChainWorld(systemClock);
    await world.up();
  });
  afterEach(async () => {
    await lock(undefined);
  });
  after(async () => {
    for (const client of clients) client.destroy();
    await world.close();
  });

  const now = (): number => world.sandbox.clock.now();
  const account = () => world.config.aws[0] ?? assert.fail();

  async function withPart<T>(work: (part: AwsPart) => Promise<T>): Promise<T> {
    const { config, open, route, sandbox } = world;
    const part = awsPart({ config, env: {}, clock: sandbox.clock, open, route }, account());
    try {
      return await work(part);
    } finally {
      part.close();
    }
  }

  const lock = (lockdown: Parameters<AwsPart["lockRoles"]>[0]): Promise<RolesLocked> =>
    withPart((part) => part.lockRoles(lockdown, signal));

  /** A pod's token that lives for a day, since time goes on by hours here. */
  async function token(): Promise<string> {
    const [namespace = "", name = ""] = demoAccount.split("/");
    const asked = { audiences: ["sts.amazonaws.com"], expirationSeconds: 86_400 };
    return (await world.api.requestToken(namespace, name, asked, { signal })).token;
  }

  const enters = async (given: string): Promise<string> => {
    const [role] = account().roles;
    const answer = await withPart((part) => part.exchange(role ?? assert.fail(), given, signal));
    return answer.kind === "accepted" ? answer.kind : answer.code;
  };

  const client = <T extends { destroy(): void }>(one: T): T => {
    clients.push(one);
    return one;
  };
  const at = () => ({ endpoint: world.sandbox.url, region: "eu-central-1", maxAttempts: 1 });

  /** What a session that begins now may do later. */
  async function session(): Promise<() => Promise<string>> {
    const anonymous = { accessKeyId: "none", secretAccessKey: "none" };
    const sts = client(new STSClient({ ...at(), credentials: anonymous }));
    const RoleArn = `arn:aws:iam::${account().account}:role/${demoRole}`;
    const asked = { RoleArn, RoleSessionName: "pod", WebIdentityToken: await token() };
    const credentials = keysOf(await sts.send(new AssumeRoleWithWebIdentityCommand(asked)));
    const ssm = client(new SSMClient({ ...at(), credentials }));
    return async () => {
      try {
        await ssm.send(new DescribeParametersCommand({}));
        return "allowed";
      } catch (error) {
        return (error as Error).name;
      }
    };
  }

  /** Fields that `up` would change now. */
  async function planned(): Promise<readonly string[]> {
    const { config, open, route, sandbox } = world;
    const stack = await openStack({ config, env: {}, clock: sandbox.clock, signal, route, open });
    try {
      const { plan } = await stack.plan();
      return plan.changes.flatMap(({ fields }) => fields.map(({ field }) => field));
    } finally {
      stack.close();
    }
  }

  test("let no token in while they are closed, are left so by up, and open by themselves at their time", async () => {
    const pod = await token();
    assert.equal(await enters(pod), "accepted");
    const { roles, others } = await lock({ closedUntil: now() + hour });
    assert.deepEqual(roles, [{ role: demoRole, serviceAccounts: [demoAccount], outcome: "done" }]);
    assert.deepEqual(others, []);
    assert.equal(await enters(pod), "AccessDenied");
    assert.deepEqual(await planned(), []);
    world.sandbox.clock.advance(hour + 1000);
    assert.equal(await enters(pod), "accepted");
    assert.deepEqual(await planned(), ["trustPolicy"]);
  });

  test("deny everything to sessions that were there before, and nothing to those that begin later", async () => {
    const thief = await session();
    assert.equal(await thief(), "allowed");
    world.sandbox.clock.advance(2000);
    await lock({ revoked: { begunBefore: now(), until: now() + 12 * hour } });
    assert.match(await thief(), /AccessDenied/u);
    world.sandbox.clock.advance(1000);
    const pod = await session();
    assert.equal(await pod(), "allowed");
    assert.deepEqual(await planned(), []);
    world.sandbox.clock.advance(12 * hour);
    assert.deepEqual(await planned(), ["inline.PodtrustRevokedAfterTheft"]);
  });

  test("are as before when they are opened early, and closed for longer by another run", async () => {
    const pod = await token();
    await lock({ closedUntil: now() + hour, revoked: { begunBefore: now(), until: now() + hour } });
    await lock({ closedUntil: now() + 2 * hour });
    world.sandbox.clock.advance(hour + 1000);
    assert.equal(await enters(pod), "AccessDenied");
    const { roles } = await lock(undefined);
    assert.deepEqual(
      roles.map(({ outcome }) => outcome),
      ["done"],
    );
    assert.equal(await enters(pod), "accepted");
    assert.deepEqual(await planned(), []);
  });

  test("keep no policy that somebody else put there under the same name, nor one that ends in years", async () => {
    const iam = client(new IAMClient({ ...at(), credentials: world.sandbox.admin }));
    const RoleName = demoRole;
    const PolicyName = "PodtrustRevokedAfterTheft";
    const until = new Date(now() + hour).toISOString();
    const DateLessThan = { "aws:TokenIssueTime": until, "aws:CurrentTime": until };
    const statement = { Effect: "Allow", Action: "*", Resource: "*", Condition: { DateLessThan } };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
    assert.deepEqual(await planned(), [`inline.${PolicyName}`]);
    await world.up();
    await lock({ closedUntil: now() + 1000 * 24 * hour });
    assert.deepEqual(await planned(), ["trustPolicy"]);
  });

  test("of another stack, or that are not there, stay as they are and are named", async () => {
    const { config, open, sandbox } = world;
    const other = { ...config, stack: "other" };
    const part = awsPart({ config: other, env: {}, clock: sandbox.clock, open }, account());
    const { roles } = await part.lockRoles({ closedUntil: now() + hour }, signal);
    part.close();
    assert.deepEqual(
      roles.map(({ outcome }) => outcome),
      ["not-ours"],
    );
    const [role] = account().roles;
    const missing = { ...account(), roles: [{ ...(role ?? assert.fail()), name: "missing" }] };
    const second = awsPart({ config, env: {}, clock: sandbox.clock, open }, missing);
    const { roles: absent, others } = await second.lockRoles({ closedUntil: now() + hour }, signal);
    second.close();
    assert.deepEqual(
      absent.map(({ outcome }) => outcome),
      ["absent"],
    );
    assert.deepEqual(others, [demoRole]);
  });

  test("are named to whoever closes them, with the ServiceAccounts that break, and opened by the same command", async () => {
    let out = "";
    const host = {
      ...podtrustHost(),
      clock: world.sandbox.clock,
      stdout: { write: (text: string) => (out += text) },
    };
    const context = createContext(host, { json: false, verbose: false });
    const { config, route, open } = world;
    const place = { context, config, route, open };
    const both = { cut: true, endSessions: true };
    const until = now() + hour;
    const broken = new RegExp(`role ${demoRole} of account \\d+: ${demoAccount}`, "u");
    assert.match((await lockdownWarning(place, both, until)).join("\n"), broken);
    assert.match((await lockdownWarning(place, { endSessions: true }, until)).join("\n"), /--cut keeps him/u);
    const thief = await session();
    await lockRoles(place, both, until);
    assert.match(out, /gives no session to a token until .*, and denies everything to sessions begun/u);
    assert.match(await thief(), /AccessDenied/u);
    assert.deepEqual(await planned(), []);
    await reopenRoles(place);
    assert.equal(await thief(), "allowed");
    assert.match(out, new RegExp(`role ${demoRole} .* is open as before`, "u"));
    assert.equal(context.exitCode, 0);
    await lockRoles({ ...place, config: { ...config, stack: "other" } }, both, until);
    assert.match(out, /not done.* is not this stack's/u);
    assert.equal(context.exitCode, 1);
    const none = { ...config, aws: [] };
    await assert.rejects(lockRoles({ ...place, config: none }, both, until), { code: "usage" });
  });
});
