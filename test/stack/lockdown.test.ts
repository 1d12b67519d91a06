import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { checkClosable, reopenAll } from "../../src/cli/rotate/closing.ts";
import { lockdownWarning, lockRoles, reopenRoles } from "../../src/cli/rotate/lockdown.ts";
import { createContext } from "../../src/core/command-line/index.ts";
import { systemClock } from "../../src/core/base/index.ts";
import {
  type AwsPart,
  awsPart,
  openStack,
  proveClosed,
  type RoleChange,
  type RolesLocked,
  type Stack,
} from "../../src/stack/index.ts";
import { type ChainWorld, demoAccount, demoRole, startChainWorld } from "../support/chain-world.ts";
import { podtrustHost } from "../support/cli.ts";
import { keysOf } from "../support/sandbox.ts";
import { SwiftClock } from "../support/swift-clock.ts";

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
    await lock({ reopen: revoked() });
    await world.up();
    // Sessions of the next test begin after what was revoked.
    world.sandbox.clock.advance(2000);
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

  const lock = (change: RoleChange, ...only: string[]): Promise<RolesLocked> =>
    withPart((part) => part.lockRoles(change, signal, only.length === 0 ? undefined : only));
  const closed: RoleChange = { lockdown: { closed: true } };
  const revoked = () => ({ begunBefore: now(), until: now() + 12 * hour });

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

  async function ofPlan<T>(of: (plan: Awaited<ReturnType<Stack["plan"]>>) => T): Promise<T> {
    const { config, open, route, sandbox } = world;
    const stack = await openStack({ config, env: {}, clock: sandbox.clock, signal, route, open });
    try {
      return of(await stack.plan());
    } finally {
      stack.close();
    }
  }

  /** Fields that `up` would change now. */
  const planned = (): Promise<readonly string[]> =>
    ofPlan(({ plan }) => plan.changes.flatMap(({ fields }) => fields.map(({ field }) => field)));
  const warned = (): Promise<readonly string[]> => ofPlan(({ warnings }) => warnings);

  test("let no token in while they are closed, and stay so whatever time it is and whatever up does", async () => {
    const [pod, thief] = [await token(), await session()];
    assert.equal(await enters(pod), "accepted");
    assert.equal(await thief(), "allowed");
    const { roles, isWhole } = await lock(closed);
    assert.deepEqual(roles, [{ role: demoRole, serviceAccounts: [demoAccount], outcome: "done" }]);
    assert.equal(isWhole, true);
    assert.equal(await enters(pod), "AccessDenied");
    assert.match(await thief(), /AccessDenied/u);
    assert.deepEqual(await planned(), []);
    await world.up();
    world.sandbox.clock.advance(5 * hour);
    assert.equal(await enters(await token()), "AccessDenied");
    assert.deepEqual(await planned(), []);
    assert.match(
      (await warned()).join(),
      new RegExp(
        `role ${demoRole} is closed after the theft of a key, and stays so until podtrust rotate stolen KID --reopen ${demoRole}`,
        "u",
      ),
    );
  });

  test("stay closed where a run ended between the two marks, or where an earlier podtrust put a date there", async () => {
    const iam = client(new IAMClient({ ...at(), credentials: world.sandbox.admin }));
    const trust = async (change: (document: { Statement: object[] }) => void): Promise<void> => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: demoRole }));
      const text = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "");
      const document = JSON.parse(text) as { Statement: object[] };
      change(document);
      const PolicyDocument = JSON.stringify(document);
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: demoRole, PolicyDocument }));
    };
    await lock(closed);
    await trust((document) => void document.Statement.pop());
    assert.deepEqual(await planned(), ["trustPolicy"]);
    await world.up();
    assert.equal(await enters(await token()), "AccessDenied");
    await lock({ reopen: revoked() });
    await trust((document) => {
      document.Statement.push({
        Sid: "PodtrustClosedAfterTheft",
        Effect: "Deny",
        Principal: "*",
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { DateLessThan: { "aws:CurrentTime": new Date(now() + hour).toISOString() } },
      });
    });
    await world.up();
    world.sandbox.clock.advance(2 * hour);
    assert.equal(await enters(await token()), "AccessDenied");
  });

  test("deny everything to sessions that were there before, and nothing to those that begin later", async () => {
    const thief = await session();
    assert.equal(await thief(), "allowed");
    world.sandbox.clock.advance(2000);
    await lock({ lockdown: { revoked: revoked() } });
    assert.match(await thief(), /AccessDenied/u);
    world.sandbox.clock.advance(1000);
    const pod = await session();
    assert.equal(await pod(), "allowed");
    assert.deepEqual(await planned(), []);
    world.sandbox.clock.advance(12 * hour);
    assert.deepEqual(await planned(), ["inline.PodtrustRevokedAfterTheft"]);
  });

  test("are proved to be closed by a token that STS refuses, once IAM has spread it; what is not proved is open", async () => {
    const slow = await startChainWorld(systemClock, { propagationMs: 2500 });
    try {
      await slow.up();
      await slow.sandbox.spread();
      const { config, open, api, sandbox } = slow;
      const [aws = assert.fail()] = config.aws;
      const proved = (cluster: Pick<typeof api, "requestToken">, given = config, closes = false) =>
        Promise.all([
          proveClosed({ config: given, env: {}, clock: sandbox.clock, open }, cluster, signal),
          closes ? closeRoles() : undefined,
        ]).then(([[one = assert.fail(), ...more]]) => {
          assert.deepEqual(more, []);
          return one;
        });
      async function closeRoles(): Promise<void> {
        const part = awsPart({ config, env: {}, clock: sandbox.clock, open }, aws);
        await part.lockRoles(closed, signal);
        part.close();
      }
      const begun = systemClock.elapsed();
      const { outcome, text } = await proved(api, config, true);
      assert.equal(outcome, "done");
      assert.equal(
        text,
        `STS refuses a token of ${demoAccount} for role ${demoRole} of account ${aws.account}`,
      );
      assert.ok(systemClock.elapsed() - begun > 2500, "a role that is closed lets tokens in for a while");
      const none = await proved(api, { ...config, aws: [{ ...aws, roles: [] }] });
      assert.match(none.text, /is closed is not proved: the config names no role there/u);
      const silent = await proved({ requestToken: () => Promise.reject(new Error("no route to host")) });
      assert.deepEqual([none.outcome, silent.outcome], ["open", "open"]);
      assert.match(
        silent.text,
        /^that it is closed is not proved, there is not a token of .*: no route to host$/u,
      );
      const foreign = { token: "x.y.z", expiresAt: 0 } as unknown as Awaited<
        ReturnType<typeof api.requestToken>
      >;
      const other = await proved({ requestToken: () => Promise.resolve(foreign) });
      assert.match(
        other.text,
        /is not proved by .*: STS refuses it for another reason, InvalidIdentityToken/u,
      );
    } finally {
      await slow.close();
    }
  });

  test("that let tokens in are said to be open after a minute", async () => {
    const { config, open, api } = world;
    const clock = new SwiftClock();
    const lasting: typeof api.requestToken = (namespace, name, asked, ...more) =>
      api.requestToken(namespace, name, { ...asked, expirationSeconds: 86_400 }, ...more);
    const [{ outcome, text } = assert.fail()] = await proveClosed(
      { config, env: {}, clock, open },
      { requestToken: lasting },
      signal,
    );
    assert.equal(outcome, "open");
    assert.match(text, /is not proved by a token of .*: after 60 s STS accepts it$/u);
  });

  test("are opened by name, and sessions from before stay denied", async () => {
    const [pod, thief] = [await token(), await session()];
    await lock(closed);
    const none = await lock({ reopen: revoked() }, "another");
    assert.deepEqual(none.roles, []);
    assert.equal(await enters(pod), "AccessDenied");
    world.sandbox.clock.advance(1000);
    const { roles } = await lock({ reopen: revoked() }, demoRole);
    assert.deepEqual(
      roles.map(({ outcome }) => outcome),
      ["done"],
    );
    assert.equal(await enters(pod), "accepted");
    assert.match(await thief(), /AccessDenied/u);
    world.sandbox.clock.advance(1000);
    assert.equal(await (await session())(), "allowed");
    assert.deepEqual(await planned(), []);
  });

  test("are opened by the command once the key is seen from outside to be published no more, and not before", async () => {
    const host = {
      ...podtrustHost(),
      clock: world.sandbox.clock,
      stdout: { write: (_text: string) => true },
    };
    const place = {
      context: createContext(host, { json: false, verbose: false }),
      config: world.config,
      route: world.route,
      open: world.open,
    };
    const [{ kid } = assert.fail()] = world.cluster.keys.list();
    let asked = 0;
    const agree = (): Promise<void> => {
      asked += 1;
      return Promise.resolve();
    };
    const pod = await token();
    await lock(closed);
    await assert.rejects(reopenAll(place, { kid, agree }), {
      code: "theft-unproven",
      message: `${kid} is still published, as seen over IPv4`,
    });
    assert.deepEqual([await enters(pod), asked], ["AccessDenied", 0]);
    await reopenAll(place, { kid: "stolen", agree });
    assert.deepEqual([await enters(pod), asked], ["accepted", 1]);
  });

  test("keep no policy that somebody else put there under the same name, nor are closed by one", async () => {
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
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyDocument, PolicyName: "PodtrustClosedAfterTheft" }),
    );
    assert.deepEqual(await planned(), ["inline.PodtrustClosedAfterTheft"]);
    assert.equal(await enters(await token()), "accepted");
  });

  test("are closed whosever they are, by AWS's own list, and opened so; one that is not there is named", async () => {
    const { config, open, sandbox } = world;
    const [role] = account().roles;
    const pod = await token();
    const missing = { ...account(), roles: [{ ...(role ?? assert.fail()), name: "missing" }] };
    const part = awsPart(
      { config: { ...config, stack: "other" }, env: {}, clock: sandbox.clock, open },
      missing,
    );
    const { roles, isWhole } = await part.lockRoles(closed, signal);
    assert.deepEqual(
      roles.map((one) => [one.role, one.outcome]),
      [
        ["missing", "absent"],
        [demoRole, "done"],
      ],
    );
    assert.equal(isWhole, true);
    assert.equal(await enters(pod), "AccessDenied");
    await part.lockRoles({ reopen: revoked() }, signal);
    part.close();
    assert.equal(await enters(pod), "accepted");
  });

  test("of podtrust's own programs are closed first, since whoever signs for the issuer could open the others by them", async () => {
    const { config, open, sandbox } = world;
    const [role = assert.fail()] = account().roles;
    const named = (name: string, by: string) => ({ ...role, name, serviceAccounts: [by] });
    const roles = [named("web", "shop/web"), named("operator", "podtrust/podtrust-operator")];
    const part = awsPart({ config, env: {}, clock: sandbox.clock, open }, { ...account(), roles });
    const locked = await part.lockRoles(closed, signal, ["web", "operator"]);
    part.close();
    assert.deepEqual(
      locked.roles.map((one) => one.role),
      ["operator", "web"],
    );
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
    const broken = new RegExp(`role ${demoRole} of account \\d+: ${demoAccount}`, "u");
    assert.match((await lockdownWarning(place, both)).join("\n"), broken);
    assert.match((await lockdownWarning(place, { endSessions: true })).join("\n"), /--cut keeps him/u);
    const thief = await session();
    await lockRoles(place, both);
    assert.match(out, /lets no token in, and denies everything to its sessions, until it is opened/u);
    assert.match(await thief(), /AccessDenied/u);
    assert.deepEqual(await planned(), []);
    world.sandbox.clock.advance(1000);
    await reopenRoles(place);
    assert.match(await thief(), /AccessDenied/u);
    assert.match(out, new RegExp(`role ${demoRole} .* is open again, but for sessions begun before`, "u"));
    assert.equal(context.exitCode, 0);
    const none = { ...config, aws: [] };
    assert.throws(() => checkClosable({ config: none }, both), { code: "usage" });
    // An answer at once, for which nobody typed an option, has nothing to close there.
    assert.deepEqual(await lockRoles({ ...place, config: none }, both), []);
  });
});
