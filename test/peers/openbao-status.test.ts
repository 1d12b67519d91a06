/** `status` of a config's OpenBao, against its own server: a real login with a token that a cluster minted. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import type { TrustMap } from "../../src/map/index.ts";
import type { StatusReport } from "../../src/stack/index.ts";
import { openbaoProgram } from "../support/openbao-server.ts";
import { jobsRole, openbaoWorld, type OpenBaoWorld, webRole } from "../support/openbao-world.ts";

const missing = await openbaoProgram.missing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

describe("status of OpenBao", { skip: missing ?? false }, () => {
  let world: OpenBaoWorld;
  let cluster: Awaited<ReturnType<typeof startStandInCluster>>;

  before(async () => {
    world = await openbaoWorld();
    cluster = await startStandInCluster({ issuer: world.issuer.issuer });
    for (const name of ["web", "a", "b"]) cluster.addServiceAccount("shop", name);
    const kubeconfig = join(world.folder, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig());
    const { jwks } = await (await openKubernetes({ kubeconfig })).oidcDocuments();
    world.issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  });
  beforeEach(async () => {
    await world.reset();
    await world.config(webRole + jobsRole, world.bao.address, "cluster: {kubeconfig: kubeconfig}\n");
  });
  after(async () => {
    await cluster?.close();
    await world?.close();
  });

  /** `reason: what was seen` of each finding at a link. */
  async function findings(
    link: string,
    env = world.env(),
  ): Promise<readonly (readonly [reason: string, seen: string, next: string | undefined])[]> {
    const { out } = await world.podtrust(["status", "--json", "--only", link], { env });
    const [report] = (JSON.parse(out) as StatusReport).links;
    return (report?.findings ?? []).map(({ reason, seen, next }) => [reason, seen, next]);
  }
  const reasons = async (link: string, env = world.env()): Promise<readonly string[]> =>
    (await findings(link, env)).map(([reason]) => reason);

  test("of a mount that is as the config has it holds at every link, by a login that leaves no token", async () => {
    await world.must(["up", "--yes"]);
    const tokens = async (): Promise<number> => {
      const { data } = await world.bao.admin("GET", "auth/token/accessors?list=true");
      return (data["keys"] as readonly unknown[]).length;
    };
    const held = await tokens();
    for (const [link, found] of [
      ["provider", ["MountFound"]],
      ["trust", ["LoginRoleMatches", "LoginRoleMatches"]],
      ["permission", ["PermissionsMatch", "PermissionsMatch"]],
      ["serviceaccount", ["ServiceAccountFound", "ServiceAccountFound"]],
      ["token", ["TokenValid", "TokenValid"]],
      ["sts", ["LoginAccepted", "LoginAccepted"]],
    ] as const)
      assert.deepEqual(await reasons(link), found, link);
    const [[, seen] = []] = await findings("sts");
    assert.equal(seen, "shop/web is let in by role web with default, web");
    assert.equal(await tokens(), held);
    const whole = await world.must(["status"]);
    assert.match(whole, /Every link holds|No link is broken/u);
  });

  test("names the mount that is not there, and who has it where it is another's", async () => {
    assert.deepEqual(await findings("provider"), [
      ["MountMissing", "there is no auth method at auth/podtrust", "Make it: podtrust up."],
    ]);
    assert.deepEqual(await reasons("trust"), ["Skipped"]);
    await world.bao.admin("POST", "sys/auth/podtrust", { type: "jwt", description: "by hand" });
    const [[reason, seen] = []] = await findings("provider");
    assert.equal(reason, "NotOwned");
    assert.match(seen ?? "", /auth\/podtrust does not carry this stack's mark: .*"by hand"/u);
  });

  test("names fields that differ, each at its link", async () => {
    await world.must(["up", "--yes"]);
    await world.change("config", { bound_issuer: "" });
    await world.change("role/web", { token_policies: ["web", "admin"], token_period: 3600 });
    await world.bao.admin("DELETE", "auth/podtrust/role/jobs");
    assert.deepEqual(
      (await findings("provider")).map(([reason, seen]) => [reason, seen]),
      [["MountDrift", "auth/podtrust differs from the config in bound_issuer"]],
    );
    assert.deepEqual(
      (await findings("trust")).map(([reason, seen]) => [reason, seen]),
      [
        ["LoginRoleDrift", "role web differs from the config in token_period"],
        ["LoginRoleMissing", "there is no role jobs"],
      ],
    );
    const [[reason, seen] = []] = await findings("permission");
    assert.equal(reason, "PermissionsDrift");
    assert.match(seen ?? "", /^role web has web, admin; that differs from the config in token_policies$/u);
  });

  test("says by which rule a login is refused", async () => {
    await world.must(["up", "--yes"]);
    await world.change("role/web", { bound_subject: "system:serviceaccount:shop:other" });
    await world.change("role/jobs", { bound_claims: { sub: ["x"] } });
    // What the rules look at is seen where the links before are looked at too.
    const { out } = await world.podtrust(["status", "--json"]);
    const sts = (JSON.parse(out) as StatusReport).links.find(({ name }) => name === "sts");
    const said = sts?.findings.map(({ reason, seen }) => `${reason} ${seen}`) ?? [];
    assert.match(
      said[0] ?? "",
      /^LoginRefused shop\/web for role web: 400: error validating token: invalid subject \(sub\) claim \(bound-subject: /u,
    );
    assert.match(
      said[1] ?? "",
      /^LoginRefused shop\/a for role jobs: 400: error validating claims: .* \(bound-claims: /u,
    );
  });

  test("without a token sees nothing of mount and roles, and proves the login all the same", async () => {
    await world.must(["up", "--yes"]);
    assert.deepEqual(await reasons("provider", {}), ["OpenBaoNotAsked"]);
    assert.deepEqual(await reasons("sts", {}), ["LoginAccepted", "LoginAccepted"]);
  });

  test("stands on the trust map: its ways are proved by a login, and a role that lets in anybody is told", async () => {
    await world.must(["up", "--yes"]);
    const map = async (): Promise<TrustMap> =>
      JSON.parse((await world.podtrust(["map", "--json"])).out) as TrustMap;
    const { access, nodes, findings: reported } = await map();
    assert.deepEqual(
      access.map(({ serviceAccount, role, proof }) => [
        serviceAccount.replace("service-account ", ""),
        role.split(", ").at(-1),
        proof?.outcome,
      ]),
      [
        ["shop/web", "role web", "accepted"],
        ["shop/a", "role jobs", "accepted"],
        ["shop/b", "role jobs", undefined],
      ],
    );
    assert.deepEqual(
      nodes.filter(({ kind }) => kind === "policy").map(({ name }) => name),
      ["web", "jobs"],
    );
    assert.deepEqual(reported, []);
    await world.change("role/web", { bound_subject: "" });
    assert.deepEqual(
      (await map()).findings.map(({ rule, text }) => [rule, text]),
      [
        ["not-admitted", "it does not let in shop/web, which should become it"],
        ["other-principals", "it lets in any token for its audience too"],
      ],
    );
  });

  test("names a ServiceAccount that is not there", async () => {
    await world.must(["up", "--yes"]);
    await world.config(
      "      - {name: web, serviceAccounts: [shop/nobody], policies: [web]}\n",
      world.bao.address,
      "cluster: {kubeconfig: kubeconfig}\n",
    );
    assert.deepEqual(await reasons("serviceaccount"), ["ServiceAccountMissing"]);
  });
});
