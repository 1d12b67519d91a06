/** The guide's bonus: discovery document here, JWK Set there, on two hosts with two certificates. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { connect } from "node:tls";
import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandOutput,
  STSClient,
} from "@aws-sdk/client-sts";
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { servePublisher, type Serving } from "../../src/publisher/configs/index.ts";
import { type StandInCluster, startSandbox, startStandInCluster } from "../../src/sandbox/index.ts";
import { type TestAuthority, testAuthority } from "../support/certificates.ts";
import { MemoryLog } from "../support/publisher.ts";
import { account, audience, awsError, webIdentityTrust } from "../support/sandbox.ts";
import { maxWait } from "../support/until.ts";

const here = "oidc.example.test";
const there = "keys.example.test";
const issuer = `https://${here}`;
const jwksUri = `https://${there}/cluster/jwks`;

interface World {
  readonly serving: Serving;
  readonly cluster: StandInCluster;
  readonly authority: TestAuthority;
  readonly port: number;
  /** Registers the issuer at the sandbox, makes a role that trusts it, and assumes that with a token. */
  assume(): Promise<AssumeRoleWithWebIdentityCommandOutput>;
}

/** Serves both hosts; `names` are in the second certificate. */
async function world(t: TestContext, names: readonly string[] = [there]): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-two-"));
  const authority = await testAuthority();
  const first = await authority.issue([here]);
  const second = await authority.issue(names);
  const cluster = await startStandInCluster({ issuer, jwksUri });
  const files = {
    "a.crt": first.certificate,
    "a.key": first.key,
    "b.crt": second.certificate,
    "b.key": second.key,
    kubeconfig: cluster.kubeconfig("publisher"),
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, name), text, { mode: 0o600 });
  const publisher = {
    source: { kubeconfig: "kubeconfig" },
    stateDir: "state",
    admin: false,
    jwksUri,
    https: {
      listen: ["127.0.0.1:0"],
      certificateFile: "a.crt",
      keyFile: "a.key",
      jwks: { certificateFile: "b.crt", keyFile: "b.key" },
    },
  };
  const text = JSON.stringify({ stack: "prod", issuer, publisher });
  const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
  const serving = await servePublisher({
    configs: [config],
    clock: systemClock,
    logger: new MemoryLog(),
    sockets: new Map(),
    env: {},
  });
  const port = serving.publisher.addresses.https[0]?.port ?? 0;
  const sandbox = await startSandbox({
    account,
    ca: authority.root,
    connectTo: [here, there].map((host) => parseConnectTo(`${host}:443:127.0.0.1:${port}`)),
    propagationMs: 0,
  });
  const aws = { endpoint: sandbox.url, region: "eu-central-1", credentials: sandbox.admin, maxAttempts: 1 };
  const [iam, sts] = [new IAMClient(aws), new STSClient(aws)];
  t.after(async () => {
    iam.destroy();
    sts.destroy();
    await sandbox.close();
    await serving.close(0);
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });
  await serving.publisher.ready(AbortSignal.timeout(maxWait));
  const roleArn = async (): Promise<string> => {
    const provider = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: [audience] }),
    );
    const role = await iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        AssumeRolePolicyDocument: JSON.stringify(webIdentityTrust(provider.OpenIDConnectProviderArn ?? "")),
      }),
    );
    return role.Role?.Arn ?? "";
  };
  return {
    serving,
    cluster,
    authority,
    port,
    assume: async () =>
      sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: await roleArn(),
          RoleSessionName: "job",
          WebIdentityToken: cluster.forgeToken({
            namespace: "aws-test",
            name: "demo",
            audiences: [audience],
          }),
        }),
      ),
  };
}

async function certificateFor(at: World, servername: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: at.port, servername, ca: at.authority.root });
  await once(socket, "secureConnect");
  const { subjectaltname = "" } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

describe("two documents on two hosts", () => {
  test("STS accepts a token whose discovery document and JWK Set are on two hosts with two certificates", async (t) => {
    const at = await world(t);
    assert.equal(await certificateFor(at, here), `DNS:${here}`);
    assert.equal(await certificateFor(at, there), `DNS:${there}`);
    const answer = await at.assume();
    assert.match(answer.AssumedRoleUser?.Arn ?? "", /:assumed-role\/demo\/job$/u);
    assert.deepEqual(at.serving.publisher.status().issuers[0]?.warnings, []);
  });

  test("each document is on its own host alone", async (t) => {
    const at = await world(t);
    const status = async (host: string, path: string): Promise<number> => {
      const connectTo = [parseConnectTo(`${host}:443:127.0.0.1:${at.port}`)];
      return (await request(`https://${host}${path}`, { ca: at.authority.root, connectTo })).status;
    };
    const discovery = "/.well-known/openid-configuration";
    assert.equal(await status(here, discovery), 200);
    assert.equal(await status(there, "/cluster/jwks"), 200);
    assert.equal(await status(there, discovery), 404);
    assert.equal(await status(here, "/cluster/jwks"), 404);
  });

  test("a second certificate that does not name the JWK Set's host is said, and AWS refuses", async (t) => {
    const at = await world(t, [here]);
    assert.match(
      at.serving.publisher.status().issuers[0]?.warnings.join() ?? "",
      /does not name keys\.example\.test/u,
    );
    const text = /^Could not connect to openid configuration/u;
    await assert.rejects(at.assume(), awsError("OpenIdIdpCommunicationError", text));
  });
});
