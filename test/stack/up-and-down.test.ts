import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  GetRoleCommand,
  TagRoleCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { account } from "../support/sandbox.ts";
import { podtrustChild } from "../support/cli.ts";
import {
  configText,
  sandboxEnvironment,
  stackWorld,
  type StackWorld,
  typed,
} from "../support/stack-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const providerId = `aws/${account}/oidc-provider/oidc.example.test`;
const roleId = `aws/${account}/role/demo`;
const RoleName = "demo";

async function trustOf(world: StackWorld, name = RoleName): Promise<string> {
  const { Role } = await world.iam.send(new GetRoleCommand({ RoleName: name }));
  return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "");
}

async function planned(world: StackWorld, ...args: string[]): Promise<string[]> {
  const { result } = await world.json(["plan", ...args]);
  return result.changes.filter(({ kind }) => kind !== "none").map(({ id, kind }) => `${kind} ${id}`);
}

test("what is planned is done, once; and down leaves nothing of it", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer, "maxSession: 2h"));
  assert.deepEqual(await planned(world), [`create ${providerId}`, `create ${roleId}`]);
  assert.deepEqual(world.changes(), []);
  const up = await world.json(["up", "--yes"]);
  assert.deepEqual([up.code, up.result.failed], [0, []]);
  assert.deepEqual(
    up.result.done.map(({ id, kind }) => `${kind} ${id}`),
    [`create ${providerId}`, `create ${roleId}`],
  );
  assert.deepEqual(world.changes(), [
    "iam:CreateOpenIDConnectProvider",
    "iam:CreateRole",
    "iam:AttachRolePolicy",
  ]);
  const again = await world.podtrust(["up"]);
  assert.deepEqual([again.code, world.changes()], [0, []], "nothing to ask about, nothing changed");
  assert.match(again.out, /Nothing to do, 2 unchanged\./u);
  assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  assert.deepEqual(await planned(world, "--down"), [`delete ${roleId}`, `delete ${providerId}`]);
  const down = await world.json(["down", "--yes"]);
  assert.deepEqual([down.code, down.result.done.length, down.result.warnings], [0, 2, []]);
  assert.deepEqual(await planned(world, "--down"), []);
  assert.equal((await world.podtrust(["down"])).code, 0);
});

test("a plan is for people: a sign, a colour, what was and what shall be; and without colour in a pipe", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer, "maxSession: 2h"));
  const { out: plain } = await world.podtrust(["plan"]);
  assert.ok(!plain.includes("\u001B["));
  assert.match(plain, /^stack prod, issuer https:\/\/oidc\.example\.test$/mu);
  assert.match(
    plain,
    /^account 111122223333, eu-central-1, as arn:aws:iam::111122223333:user\/podtrust-admin$/mu,
  );
  assert.match(plain, /^\+ aws\/111122223333\/role\/demo {2}create$/mu);
  assert.match(plain, /^ {6}maxSession {14}7200$/mu);
  assert.match(plain, /^2 to create\.$/mu);
  await world.podtrust(["up", "--yes"]);
  await world.config(configText(world.issuer.issuer).replace("aws-test/demo", "aws-test/other"));
  const { out } = await world.podtrust(["plan"], { env: { FORCE_COLOR: "1" } });
  const painted = (color: number, words: string): string => `\u001B[${color}m${words}\u001B[39m`;
  assert.ok(out.includes(painted(33, `~ ${roleId}`)), out);
  assert.ok(
    out.includes(painted(31, '-           "oidc.example.test:sub": "system:serviceaccount:aws-test:demo"')),
    out,
  );
  assert.ok(
    out.includes(painted(32, '+           "oidc.example.test:sub": "system:serviceaccount:aws-test:other"')),
    out,
  );
  assert.match(out, /maxSession.*7200.* → .*3600/u);
});

test("drift is an exit code for pipelines, and is repaired; the role keeps its unique id", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  await world.podtrust(["up", "--yes"]);
  const before = (await world.iam.send(new GetRoleCommand({ RoleName }))).Role?.RoleId;
  await world.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 7200 }));
  await world.iam.send(
    new AttachRolePolicyCommand({ RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
  );
  const { code, result } = await world.json(["plan", "--check"]);
  assert.equal(code, 3);
  assert.deepEqual(
    result.changes.find(({ id }) => id === roleId)?.fields.map(({ field }) => field),
    ["maxSession", "policies"],
  );
  assert.equal((await world.podtrust(["plan"])).code, 0, "without --check a difference is no fault");
  assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
  assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  assert.equal((await world.iam.send(new GetRoleCommand({ RoleName }))).Role?.RoleId, before);
});

test("a terminal is asked, and only yes is yes", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  for (const answer of ["n\n", "\n", "yikes\n", ""]) {
    const no = typed(answer);
    assert.equal((await world.podtrust(["up"], no)).code, 1);
    assert.match(no.said.out, /2 to create\.[\s\S]*Nothing was done\.\n$/u);
    assert.match(no.said.err, /Do this\? \[y\/N\] $/u);
  }
  assert.deepEqual(world.changes(), []);
  const yes = typed("Y\n");
  assert.equal((await world.podtrust(["up"], yes)).code, 0);
  assert.equal(world.changes().length, 3);
  const down = typed("yes\n");
  assert.equal((await world.podtrust(["down"], down)).code, 0);
  assert.match(down.said.err, /Delete this\? \[y\/N\] /u);
});

test("without a terminal nothing is done unless --yes is said", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  for (const args of [["up"], ["up", "--json"]]) {
    const { code, out, err } = await world.podtrust(args);
    assert.equal(code, 2);
    assert.match(out + err, /there is no terminal to ask on/u);
  }
  assert.equal((await world.podtrust(["up", "--json"], typed("y\n"))).code, 2, "nobody saw a plan");
  assert.deepEqual(world.changes(), []);
});

test("a signal at the question ends the command with 130 and says that nothing was done", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  const ending = new AbortController();
  let letGo = false;
  const never = typed("");
  const stdin = {
    isTTY: true,
    unref: () => (letGo = true),
    async *[Symbol.asyncIterator]() {
      ending.abort();
      await new Promise(() => {});
      yield "";
    },
  };
  const { code } = await world.podtrust(["up"], { ...never, stdin, signal: ending.signal });
  assert.deepEqual([code, letGo, world.changes()], [130, true, []]);
  assert.match(
    never.said.err,
    /was ended at the question: nothing was done\n\S*next\S*: {2}Run the same command again to see [^]*code: {2}interrupted/u,
  );
});

test("what changed between showing and asking is not acted on, and nothing else of the plan is", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  const screen = typed("");
  const stdin = {
    isTTY: true,
    async *[Symbol.asyncIterator]() {
      const trust = {
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Principal: { Service: "ec2.amazonaws.com" },
          Action: "sts:AssumeRole",
        },
      };
      const AssumeRolePolicyDocument = JSON.stringify(trust);
      await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      world.changes();
      yield "yes\n";
    },
  };
  const { code } = await world.podtrust(["up"], { ...screen, stdin });
  assert.deepEqual([code, world.changes()], [1, []]);
  assert.match(screen.said.err, /role\/demo is no longer as the plan showed; nothing was done/u);
  assert.match(screen.said.err, /code: {2}plan-changed/u);
});

test("ended at any change, up and down run again end in the same place", async (t) => {
  let ending = new AbortController();
  let left = Number.POSITIVE_INFINITY;
  const world = await stackWorld(t, {
    onDecision({ action }) {
      if (/:(?:Get|List)/u.test(action)) return;
      left -= 1;
      if (left === 0) ending.abort();
    },
  });
  await world.config(
    configText(
      world.issuer.issuer,
      `inline: {deny: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "s3:*", Resource: "*"}}}`,
    ),
  );
  const cutOff = async (command: string, after: number): Promise<number | null> => {
    ending = new AbortController();
    left = after;
    const { code } = await world.podtrust([command, "--yes"], { signal: ending.signal });
    left = Number.POSITIVE_INFINITY;
    return code;
  };
  // Four calls make it all and four take it away; the last one's end is the end of the work itself.
  for (let after = 1; after <= 3; after += 1) {
    assert.equal(await cutOff("up", after), 130, `up, cut off after ${after}`);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
    assert.equal(await cutOff("down", after), 130, `down, cut off after ${after}`);
    assert.equal((await world.podtrust(["down", "--yes"])).code, 0);
    assert.deepEqual(await planned(world, "--down"), []);
  }
});

test("two at once do not corrupt each other", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  const both = await Promise.all([world.json(["up", "--yes"]), world.json(["up", "--yes"])]);
  const failures = both.flatMap(({ result }) => result.failed.map(({ error }) => error.code));
  assert.deepEqual(
    [...new Set(failures)].filter((one) => one !== "plan-changed"),
    [],
  );
  await world.podtrust(["up", "--yes"]);
  assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  await Promise.all([world.podtrust(["down", "--yes"]), world.podtrust(["down", "--yes"])]);
  assert.deepEqual(await planned(world, "--down"), []);
});

test("--only and --skip take links, names and ids; a name that means nothing is told the nearest", async (t) => {
  const world = await stackWorld(t);
  const second = `  - name: second\n    serviceAccounts: [aws-test/second]\n`.replaceAll(/^/gmu, "    ");
  await world.config(configText(world.issuer.issuer) + second);
  const secondId = roleId.replace("demo", "second");
  assert.deepEqual(await planned(world, "--only", "provider"), [`create ${providerId}`]);
  assert.deepEqual(await planned(world, "--only", "second"), [`create ${secondId}`]);
  assert.deepEqual(await planned(world, "--only", world.issuer.issuer), [`create ${providerId}`]);
  assert.deepEqual(await planned(world, "--skip", roleId), [`create ${providerId}`, `create ${secondId}`]);
  assert.deepEqual(await planned(world, "--skip", "trust"), [`create ${providerId}`]);
  assert.deepEqual(await planned(world, "--only", "trust", "--skip", "role/demo"), [`create ${secondId}`]);
  assert.deepEqual(await planned(world, "--only", `aws/${account}`, "--skip", "trust"), [
    `create ${providerId}`,
  ]);
  const { code, err } = await world.podtrust(["plan", "--only", "secnd"]);
  assert.equal(code, 2);
  assert.match(err, /nothing of this stack is called secnd\nnext: {2}Did you mean second\?/u);
});

test("what the config no longer names goes, unless this run deletes nothing; what is not selected stays", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  await world.podtrust(["up", "--yes"]);
  await world.config(configText(world.issuer.issuer).replace("name: demo", "name: other"));
  const otherId = roleId.replace("demo", "other");
  assert.deepEqual(await planned(world), [`create ${otherId}`, `delete ${roleId}`]);
  assert.deepEqual(await planned(world, "--upsert-only"), [`create ${otherId}`]);
  assert.deepEqual(await planned(world, "--skip", "demo"), [`create ${otherId}`]);
  const { out } = await world.podtrust(["up", "--yes"]);
  assert.match(out, /^- aws\/111122223333\/role\/demo {2}delete \(no longer in the config\)$/mu);
  await assert.rejects(world.iam.send(new GetRoleCommand({ RoleName })), /cannot be found/u);
});

test("down touches nothing that lacks the stack's tags, even under a name of the config", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  await world.podtrust(["up", "--yes"]);
  await world.iam.send(
    new TagRoleCommand({ RoleName, Tags: [{ Key: "podtrust:stack", Value: "somebody-else" }] }),
  );
  world.changes();
  const { code, out } = await world.podtrust(["down", "--yes", "--allow-in-use"]);
  assert.equal(code, 0);
  assert.match(out, /role\/demo {3}\(left alone: belongs to podtrust stack "somebody-else"\)/u);
  assert.deepEqual(world.changes(), ["iam:DeleteOpenIDConnectProvider"]);
});

test("exact ServiceAccounts are compared to the letter; patterns only when asked for, with what they let in", async (t) => {
  const world = await stackWorld(t);
  await world.config(configText(world.issuer.issuer));
  const { result } = await world.json(["up", "--yes"]);
  assert.ok(!result.warnings.some((text) => text.includes("authorizes")));
  const exact = await trustOf(world);
  assert.match(exact, /"oidc\.example\.test:sub":"system:serviceaccount:aws-test:demo"/u);
  assert.match(exact, /"oidc\.example\.test:aud":"sts\.amazonaws\.com"/u);
  assert.doesNotMatch(exact, /StringLike/u);
  await world.config(configText(world.issuer.issuer, "subjectPatterns: [team-a/*]"));
  const { err } = await world.podtrust(["up", "--yes"]);
  assert.match(err, /warning: role demo .* authorizes every ServiceAccount that matches team-a\/\*/u);
  assert.match(await trustOf(world), /"StringLike".*"system:serviceaccount:team-a:\*"/u);
});

test("with a cluster at hand, STS is asked until it knows the new role, with a reason and a deadline", async (t) => {
  const clock = new SwiftClock();
  const world = await stackWorld(t, { propagationMs: 1200, clock });
  const cluster = await startStandInCluster({ issuer: world.issuer.issuer, clock });
  t.after(() => cluster.close());
  cluster.addServiceAccount("aws-test", "demo");
  await writeFile(join(world.folder, "kubeconfig"), cluster.kubeconfig());
  const api = await openKubernetes({ kubeconfig: join(world.folder, "kubeconfig") });
  const { jwks } = await api.oidcDocuments();
  world.issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  const withCluster = configText(world.issuer.issuer, "", "cluster: {kubeconfig: kubeconfig}");
  await world.config(withCluster);
  const { code, err } = await world.podtrust(["up", "--yes"], { clock });
  assert.equal(code, 0);
  assert.match(
    err,
    /waiting for aws\/\S+\/role\/demo: IAM propagation delay: STS does not know the change yet, at most \d+ s/u,
  );
  assert.doesNotMatch(err, /note:/u);
  // A ServiceAccount that is not there has no tokens: the role is made all the same, and no fault is spoken of.
  await world.config(withCluster.replace("aws-test/demo", "aws-test/absent"));
  const absent = await world.podtrust(["up", "--yes"], { clock });
  assert.equal(absent.code, 0);
  assert.match(absent.err, /note: ServiceAccount aws-test\/absent is not there yet; the role waits for it/u);
});

test("SIGINT ends a process that waits, which says so; run again it is done", async (t) => {
  let interrupt = (): void => {};
  // The account's time stands still for the first run, however long that takes.
  const clock = new SwiftClock();
  const world = await stackWorld(t, {
    propagationMs: 12_000,
    clock,
    onDecision: ({ action }) => void (action === "sts:AssumeRoleWithWebIdentity" && interrupt()),
  });
  const cluster = await startStandInCluster({ issuer: world.issuer.issuer, clock });
  t.after(() => cluster.close());
  cluster.addServiceAccount("aws-test", "demo");
  await writeFile(join(world.folder, "kubeconfig"), cluster.kubeconfig());
  const api = await openKubernetes({ kubeconfig: join(world.folder, "kubeconfig") });
  const { jwks } = await api.oidcDocuments();
  world.issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  await world.config(configText(world.issuer.issuer, "", "cluster: {kubeconfig: kubeconfig}"));
  const { code, out, err } = await podtrustChild(["up", "--yes", ...world.route], {
    cwd: world.folder,
    env: sandboxEnvironment(world.sandbox.url, world.sandbox.admin),
    onStart: (kill) => (interrupt = () => kill("SIGINT")),
  });
  assert.equal(code, 130, out + err);
  assert.match(out, /^2 done, 0 failed, 0 skipped; 1 not yet confirmed\.$/mu);
  assert.match(err, /^not confirmed: aws\/\S+\/role\/demo$/mu);
  assert.match(
    err,
    /^error: ended by a signal while waiting: all changes are made, and whether aws\/\S+\/role\/demo can be used yet is not known$/mu,
  );
  assert.match(err, /^next: {2}Run it again: it waits for what is new\.$/mu);
  // Whoever goes on at once is not told that there is nothing to do while STS still refuses the role.
  const again = await world.podtrust(["up", "--yes"], { clock });
  assert.equal(again.code, 0, again.err);
  assert.match(
    again.out,
    /^aws\/\S+\/role\/demo was created \d+ s ago: asking whether it can be used yet\.$/mu,
  );
  assert.match(
    again.err,
    /waiting for aws\/\S+\/role\/demo: IAM propagation delay: STS does not know the change yet/u,
  );
  assert.match(again.err, /^done: aws\/\S+\/role\/demo is active after \d+ s$/mu);
});
