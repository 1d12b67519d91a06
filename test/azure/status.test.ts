/** `status` of a config's Azure, against the sandbox's: a real exchange of a token that a cluster minted. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import type { TrustMap } from "../../src/map/index.ts";
import type { StatusReport } from "../../src/stack/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { type AzureStackWorld, azureStackWorld, subjectOf } from "./stack-world.ts";

const cluster = "cluster: {kubeconfig: kubeconfig}\n";

describe("status of Azure", () => {
  let world: AzureStackWorld;
  let issuer: IssuerServer;
  let standIn: Awaited<ReturnType<typeof startStandInCluster>>;

  before(async () => {
    const authority = await testAuthority();
    issuer = await startIssuer(authority);
    const { connectTo } = issuer;
    world = await azureStackWorld({ issuer: issuer.issuer, connectTo, ca: authority.root });
    standIn = await startStandInCluster({ issuer: issuer.issuer, algorithm: "RS256" });
    for (const name of ["web", "site"]) standIn.addServiceAccount("shop", name);
    const kubeconfig = join(world.folder, "kubeconfig");
    await writeFile(kubeconfig, standIn.kubeconfig());
    await writeFile(join(world.folder, "root.pem"), authority.root);
    const { jwks } = await (await openKubernetes({ kubeconfig })).oidcDocuments();
    issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  });
  beforeEach(async () => {
    await world.reset({ applications: [{ name: "site" }] });
    const site = `- {application: ${world.clientId("site")}, serviceAccounts: [shop/site]}\n`;
    await world.config(`- {name: web, serviceAccounts: [shop/web]}\n${site}`, "", cluster);
  });
  after(async () => {
    await standIn?.close();
    await world?.close();
    await issuer?.close();
  });

  const route = (): readonly string[] => {
    const [rule] = issuer.connectTo;
    return ["--connect-to", `${rule?.host}:443:127.0.0.1:${rule?.toPort}`, "--ca", "root.pem"];
  };

  async function report(args: readonly string[], env = world.env): Promise<StatusReport> {
    const typed = ["status", "--json", ...args, ...route()];
    const { out, err } = await world.podtrust(typed, { env, clock: systemClock });
    assert.ok(out.startsWith("{"), err);
    return JSON.parse(out) as StatusReport;
  }

  async function findings(
    link: string,
    env = world.env,
  ): Promise<readonly (readonly [reason: string, seen: string])[]> {
    const [one] = (await report(["--only", link], env)).links;
    return (one?.findings ?? []).map(({ reason, seen }) => [reason, seen]);
  }
  const reasons = async (link: string, env = world.env): Promise<readonly string[]> =>
    (await findings(link, env)).map(([reason]) => reason);

  test("of identities that are as the config has them holds at every link, by a real exchange", async () => {
    await world.must(["up", "--yes", ...route()]);
    for (const [link, found] of [
      ["provider", "AzureIdentityFound"],
      ["trust", "FederatedCredentialsMatch"],
      ["serviceaccount", "ServiceAccountFound"],
      ["token", "TokenValid"],
      ["sts", "AssertionAccepted"],
    ] as const)
      assert.deepEqual(await reasons(link), [found, found], link);
    const [[, seen] = []] = await findings("sts");
    assert.equal(seen, "shop/web is given a token of identity web");
    assert.equal((await report([])).broken, undefined);
  });

  test("names what is not there, and what is not as the config has it", async () => {
    assert.deepEqual(await findings("provider"), [
      ["AzureIdentityMissing", "there is no identity web"],
      ["AzureIdentityFound", `application ${world.clientId("site")} has client id ${world.clientId("site")}`],
    ]);
    assert.deepEqual(await reasons("trust"), ["Skipped", "FederatedCredentialDrift"]);
    assert.deepEqual(await reasons("sts"), ["Skipped", "AssertionRefused"]);
    await world.must(["up", "--yes", ...route()]);
    const [found] = await world.credentials("web");
    const path = world.arm(`/web/federatedIdentityCredentials/${found?.name}`);
    const properties = { issuer: issuer.issuer, subject: subjectOf("shop/thief"), audiences: ["other"] };
    await world.ask("PUT", path, { properties });
    const [[reason, seen] = []] = await findings("trust");
    assert.equal(reason, "FederatedCredentialDrift");
    assert.match(
      seen ?? "",
      /identity web differ from the config in shop\/web\.subject, shop\/web\.audiences$/u,
    );
  });

  test("says by which rule Entra refuses a token", async () => {
    await world.must(["up", "--yes", ...route()]);
    const [found] = await world.credentials("web");
    const path = world.arm(`/web/federatedIdentityCredentials/${found?.name}`);
    const properties = {
      issuer: issuer.issuer,
      subject: subjectOf("shop/thief"),
      audiences: found?.audiences,
    };
    await world.ask("PUT", path, { properties });
    // What the rules look at is seen where the links before are looked at too.
    const sts = (await report([])).links.find(({ name }) => name === "sts");
    const [first] = sts?.findings ?? [];
    assert.equal(first?.reason, "AssertionRefused");
    assert.match(
      first?.seen ?? "",
      /^shop\/web for identity web: 401: invalid_client: AADSTS700213: .*\(credential-subject: /u,
    );
  });

  test("stands on the trust map: its ways are proved by an exchange, and whoever else is let in is told", async () => {
    await world.must(["up", "--yes", ...route()]);
    const map = async (): Promise<TrustMap> => {
      const { out } = await world.podtrust(["map", "--json", ...route()], { clock: systemClock });
      return JSON.parse(out) as TrustMap;
    };
    const site = `application ${world.clientId("site")}`;
    const { access, findings: reported } = await map();
    assert.deepEqual(
      access.map(({ serviceAccount, role, proof }) => [
        serviceAccount,
        role.split(", ").at(-1),
        proof?.outcome,
      ]),
      [
        ["service-account shop/web", "identity web", "accepted"],
        ["service-account shop/site", site, "accepted"],
      ],
    );
    assert.deepEqual(reported, []);
    const [found] = await world.credentials("web");
    const path = world.arm(`/web/federatedIdentityCredentials/${found?.name}`);
    const properties = {
      issuer: issuer.issuer,
      subject: subjectOf("shop/thief"),
      audiences: found?.audiences,
    };
    await world.ask("PUT", path, { properties });
    assert.deepEqual(
      (await map()).findings.map(({ rule }) => rule),
      ["not-admitted", "token-refused", "not-asked-for"],
    );
    const other = { ...properties, issuer: "https://other.example.com", subject: "ci" };
    await world.ask("PUT", path, { properties: other });
    const wider = (await map()).findings.find(({ kind }) => kind === "wider");
    assert.equal(wider?.text, "it lets in ci of https://other.example.com too");
  });

  test("asks az for access tokens where --azure-cli says so, as doctor and map do", async () => {
    await world.must(["up", "--yes", ...route()]);
    const bin = join(world.folder, "bin");
    await mkdir(bin, { recursive: true });
    // The same token for Graph would be none: each resource has its own.
    const tokens = {
      "https://management.azure.com": await world.token(),
      "https://graph.microsoft.com": "x",
    };
    const cases = Object.entries(tokens).map(
      ([resource, accessToken]) => `*${resource}*) echo '${JSON.stringify({ accessToken })}' ;;`,
    );
    await writeFile(join(bin, "az"), `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\nesac\n`, { mode: 0o755 });
    await world.config("- {name: web, serviceAccounts: [shop/web]}\n", "", cluster);
    const env = { ...world.relay.environment, PATH: [bin, process.env["PATH"] ?? ""].join(delimiter) };
    for (const args of [["status", "--only", "provider"], ["doctor", "-f", "podtrust.yaml"], ["map"]]) {
      const typed = [...args, "--json", ...route()];
      const asked = async (...more: readonly string[]): Promise<string> =>
        (await world.podtrust([...typed, ...more], { env, clock: systemClock })).out;
      assert.match(await asked(), /neither AZURE|AZURE_CLIENT_ID is not set/u, args.join(" "));
      assert.doesNotMatch(await asked("--azure-cli"), /AZURE_CLIENT_ID/u, args.join(" "));
    }
  });

  test("without credentials sees nothing of identities, and proves an application's exchange all the same", async () => {
    await world.must(["up", "--yes", ...route()]);
    const nobody = world.relay.environment;
    assert.deepEqual(await reasons("provider", nobody), ["AzureNotAsked"]);
    assert.deepEqual(await reasons("sts", nobody), ["Skipped", "AssertionAccepted"]);
  });
});
