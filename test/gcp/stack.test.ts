/** What `plan`, `up` and `down` make at Google of a config, with the cluster's keys. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { isRecord, recordOf } from "../../src/core/base/index.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { startStandInGoogle } from "../../src/sandbox/gcp.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { type GoogleModel, membersIn, startGoogleModel } from "../support/google-model.ts";
import type { Shown } from "../support/stack-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { email, principal, projectNumber } from "./google-world.ts";

const configWith = (more = "", accounts = "[shop/web]", head = ""): string => `
stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
${head}
gcp:
  - project: shop-project
    projectNumber: "${projectNumber}"
    serviceAccounts:
      - email: ${email}
        serviceAccounts: ${accounts}
${more.replaceAll(/^/gmu, "    ")}
`;

interface World {
  readonly google: GoogleModel;
  readonly folder: string;
  /** Keys of the cluster, by kid. */
  readonly kids: () => readonly string[];
  config(text: string): Promise<void>;
  podtrust(...args: readonly string[]): Promise<CliResult>;
  json(...args: readonly string[]): Promise<Shown>;
  planned(...args: readonly string[]): Promise<readonly string[]>;
}

async function stackWorld(t: TestContext, endpoint?: string): Promise<World> {
  const google = await startGoogleModel();
  const cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-stack-"));
  t.after(async () => {
    await cluster.close();
    await google.close();
    await rm(folder, { recursive: true });
  });
  google.iam.addAccount(email);
  await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
  await writeFile(join(folder, "credentials.json"), JSON.stringify(google.credentials()));
  const config = (text: string): Promise<void> => writeFile(join(folder, "podtrust.yaml"), text);
  await config(configWith());
  const clock = new SwiftClock();
  const env = {
    GOOGLE_APPLICATION_CREDENTIALS: join(folder, "credentials.json"),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: endpoint ?? google.url,
  };
  const podtrust = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, clock, env });
  const json = async (...args: readonly string[]): Promise<Shown> => {
    const { out, err } = await podtrust(...args, "--json");
    const value: unknown = JSON.parse(out);
    assert.ok(isRecord(value), err);
    return value as unknown as Shown;
  };
  return {
    google,
    folder,
    config,
    podtrust,
    json,
    kids: () => cluster.keys.list().map(({ kid }) => kid),
    async planned(...args) {
      const { changes } = await json("plan", ...args);
      return changes
        .filter(({ kind }) => kind !== "none")
        .map(({ id, kind }) => `${kind} ${id.replace(`gcp/${projectNumber}/`, "")}`);
    },
  };
}

async function must(world: World, ...args: readonly string[]): Promise<CliResult> {
  const result = await world.podtrust(...args);
  assert.equal(result.code, 0, `${args.join(" ")}\n${result.out}${result.err}`);
  return result;
}

const members = ({ google }: World): readonly string[] => membersIn(google.iam.policies.get(email) ?? {});

describe("a config with a section gcp", () => {
  test("is made with the cluster's own keys, once, and down takes it away and says what stays taken", async (t) => {
    const world = await stackWorld(t);
    const all = ["create pool/prod", "create provider/prod/prod", `create member/prod/${email}`];
    assert.deepEqual(await world.planned(), all);
    const { out } = await must(world, "up", "--yes");
    assert.match(
      out,
      /^Google project shop-project \(123456789012\), pool prod at http:\S+, as a person who logged in$/mu,
    );
    const oidc = recordOf(world.google.iam.provider("prod", "prod")?.fields["oidc"]);
    const { keys } = JSON.parse(String(oidc["jwksJson"])) as { keys: { kid: string }[] };
    assert.deepEqual(keys.map(({ kid }) => kid).sort(), [...world.kids()].sort());
    assert.deepEqual(members(world), [principal()]);
    assert.equal((await world.podtrust("plan", "--check")).code, 0);
    const { err } = await must(world, "down", "--yes");
    assert.match(err, /keeps the ids of what is deleted for about 30 days/u);
    assert.deepEqual([members(world), await world.planned("--down")], [[], []]);
    await must(world, "up", "--yes");
    assert.equal((await world.podtrust("plan", "--check")).code, 0);
  });

  test("takes the right from who is no longer in it: a ServiceAccount, a service account, a pool", async (t) => {
    const world = await stackWorld(t);
    const other = "batch@shop.iam.gserviceaccount.com";
    world.google.iam.addAccount(other);
    const second = `  - email: ${other}\n    serviceAccounts: [shop/batch]`;
    await world.config(configWith(second, "[shop/web, shop/gone]"));
    await must(world, "up", "--yes");
    assert.equal(members(world).length, 2);
    await world.config(configWith());
    assert.deepEqual(await world.planned(), [`update member/prod/${email}`, `delete member/prod/${other}`]);
    await must(world, "up", "--yes");
    assert.deepEqual(
      [members(world), membersIn(world.google.iam.policies.get(other) ?? {})],
      [[principal()], []],
    );
    await world.config(configWith("pool: another"));
    assert.ok((await world.planned()).includes("delete pool/prod"));
    await must(world, "up", "--yes");
    assert.equal(world.google.iam.pool("prod")?.state, "DELETED");
    assert.equal((await world.podtrust("plan", "--check")).code, 0);
  });

  test("tells the principal of who impersonates nobody, and writes no policy for it", async (t) => {
    const world = await stackWorld(t);
    await world.config(configWith("direct: [{serviceAccounts: [shop/reader]}]"));
    const { err } = await must(world, "up", "--yes");
    const text = principal("system:serviceaccount:shop:reader");
    assert.ok(err.includes(`note: shop/reader is ${text}: give it roles on what it needs`), err);
    assert.deepEqual(members(world), [principal()]);
  });

  test("is refused before Google is asked for anything where Google would refuse the keys, or a value", async (t) => {
    const world = await stackWorld(t);
    const long = "n".repeat(63);
    await world.config(configWith("", `[${long}/${"a".repeat(60)}]`));
    const subject = await world.podtrust("plan");
    assert.match(subject.err, /Google takes 127/u);
    await world.config(configWith().replace(`"${projectNumber}"`, "shop-project"));
    assert.match((await world.podtrust("plan")).err, /projectNumber/u);
    await world.config(configWith().replace("cluster: {kubeconfig: kubeconfig}", ""));
    const unread = await world.podtrust("plan");
    assert.match(unread.err, /code: {2}gcp-keys-unread/u);
    assert.deepEqual(world.google.calls, []);
  });

  test("works under just the permissions that manifests gcp-role prints, without any of them it does not", async (t) => {
    const world = await stackWorld(t);
    const roles = await Promise.all(
      ["project", "service-account"].map(
        async (on) => (await must(world, "manifests", "gcp-role", "--on", on)).out,
      ),
    );
    const permissions = roles.flatMap(
      (text) => (JSON.parse(text) as { includedPermissions: string[] }).includedPermissions,
    );
    const way = async (): Promise<readonly (number | null)[]> => {
      const codes: (number | null)[] = [];
      for (const args of [
        ["up", "--yes"],
        ["down", "--yes"],
        ["up", "--yes"],
      ])
        codes.push((await world.podtrust(...args)).code);
      await world.config(configWith('condition: "true"'));
      codes.push((await world.podtrust("up", "--yes")).code);
      await world.config(configWith());
      // The pool alone is marked anew where somebody took the mark away.
      return codes;
    };
    world.google.iam.permissions = new Set(permissions);
    assert.deepEqual(await way(), [0, 0, 0, 0]);
    for (const one of [
      "iam.serviceAccounts.setIamPolicy",
      "iam.workloadIdentityPools.undelete",
      "iam.workloadIdentityPoolProviders.update",
    ]) {
      world.google.iam.permissions = undefined;
      await must(world, "down", "--yes");
      world.google.iam.permissions = new Set(permissions.filter((other) => other !== one));
      assert.ok((await way()).includes(1), one);
    }
  });

  test("without the right to list service accounts says what it cannot notice", async (t) => {
    const world = await stackWorld(t);
    const all = ["getIamPolicy", "setIamPolicy"].map((verb) => `iam.serviceAccounts.${verb}`);
    const kinds = ["workloadIdentityPools", "workloadIdentityPoolProviders"];
    const verbs = ["create", "get", "list"];
    world.google.iam.permissions = new Set([
      ...all,
      ...kinds.flatMap((kind) => verbs.map((verb) => `iam.${kind}.${verb}`)),
    ]);
    const { err } = await must(world, "up", "--yes");
    assert.match(err, /warning: the caller may not list service accounts/u);
  });
});

test("the same config comes up and goes down at the sandbox's stand-in for Google", async (t) => {
  const sandbox = await startStandInGoogle({ project: "shop-project", projectNumber });
  t.after(() => sandbox.close());
  sandbox.seed({ serviceAccounts: [{ id: "shop-web" }] });
  const world = await stackWorld(t, sandbox.url);
  world.google.grantAnswer = { status: 200, body: { access_token: sandbox.adminToken, expires_in: 3600 } };
  await world.config(configWith().replace(email, "shop-web@shop-project.iam.gserviceaccount.com"));
  await must(world, "up", "--yes");
  assert.equal((await world.podtrust("plan", "--check")).code, 0);
  await must(world, "down", "--yes");
  await must(world, "up", "--yes");
  assert.equal((await world.podtrust("plan", "--check")).code, 0);
});
