import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { CreateRoleCommand, AttachRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { startSandbox } from "../../src/sandbox/index.ts";
import { account } from "../support/sandbox.ts";
import { configText, stackWorld, useEnvironment } from "../support/stack-world.ts";
import { emptyFile } from "../support/nowhere.ts";

const second = "444455556666";

/** One address for both accounts, as AWS has: whoever knows the access key answers. */
async function frontOf(t: TestContext, urls: readonly string[]): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const body = await text(incoming);
      for (const url of urls) {
        const { host: _host, connection: _connection, ...headers } = incoming.headers;
        const ask = request(url, { method: "POST", headers: { ...headers, host: incoming.headers.host } });
        ask.end(body);
        const [response] = (await once(ask, "response")) as [IncomingMessage];
        const said = await text(response);
        if (said.includes("InvalidClientTokenId") && url !== urls.at(-1)) continue;
        outgoing.writeHead(response.statusCode ?? 500, { "content-type": "text/xml" }).end(said);
        return;
      }
    };
    answer().catch((error: unknown) => outgoing.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("several accounts", () => {
  test("several accounts from one config, each by its own profile, one of them through a role", async (t) => {
    const world = await stackWorld(t);
    const other = await startSandbox({
      account: second,
      ca: world.root,
      connectTo: world.issuer.connectTo,
      propagationMs: 0,
    });
    t.after(() => other.close());
    const otherIam = new IAMClient({ region: "eu-west-1", endpoint: other.url, credentials: other.admin });
    t.after(() => otherIam.destroy());
    const trust = {
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${second}:root` },
        Action: "sts:AssumeRole",
      },
    };
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    await otherIam.send(new CreateRoleCommand({ RoleName: "deployer", AssumeRolePolicyDocument }));
    await otherIam.send(
      new AttachRolePolicyCommand({
        RoleName: "deployer",
        PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
      }),
    );
    const profile = (name: string, { admin }: typeof other): string =>
      `[profile ${name}]\nregion = eu-central-1\n` +
      `aws_access_key_id = ${admin.accessKeyId}\naws_secret_access_key = ${admin.secretAccessKey}\n`;
    const file = join(world.folder, "aws.ini");
    await writeFile(file, profile("one", world.sandbox) + profile("two", other));
    useEnvironment({
      AWS_ENDPOINT_URL: await frontOf(t, [world.sandbox.url, other.url]),
      AWS_CONFIG_FILE: file,
      AWS_SHARED_CREDENTIALS_FILE: emptyFile,
      AWS_EC2_METADATA_DISABLED: "true",
    });
    const both = `${configText(world.issuer.issuer).replace("region:", "profile: one\n    region:")}
  - account: "${second}"
    region: eu-west-1
    profile: two
    assumeRole: arn:aws:iam::${second}:role/deployer
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo]
`;
    await world.config(both);
    const { code, result } = await world.json(["up", "--yes"]);
    assert.deepEqual([code, result.error, result.failed], [0, undefined, []]);
    const host = "oidc.example.test";
    const made = result.done.map(({ id }) => id);
    const ids = [account, second].map((id) => [`aws/${id}/oidc-provider/${host}`, `aws/${id}/role/demo`]);
    assert.deepEqual(made.toSorted(), ids.flat().toSorted());
    for (const [provider = "", role = ""] of ids) assert.ok(made.indexOf(provider) < made.indexOf(role));
    const creations = other.decisions().filter(({ action }) => action === "iam:CreateRole");
    assert.equal(creations.at(-1)?.who, `arn:aws:sts::${second}:assumed-role/deployer/podtrust`);

    // One account alone is asked for nothing of the other, credentials included.
    await world.config(both.replace("profile: two", "profile: gone"));
    assert.equal((await world.podtrust(["plan", "--only", `aws/${account}`])).code, 0);
    const all = await world.podtrust(["plan"]);
    assert.equal(all.code, 1);
    assert.match(all.err, /profile gone of the config gives no credentials/u);

    // The wrong account is found before anything is planned in the right one.
    await world.config(both.replace("profile: two", "profile: one").replace(/ {4}assumeRole.*\n/u, ""));
    world.changes();
    const wrong = await world.podtrust(["down", "--yes"]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /belong to account 111122223333 .* the config says 444455556666/u);
    assert.deepEqual(world.changes(), []);
    await world.config(both);
    assert.equal((await world.podtrust(["down", "--yes"])).code, 0);
  });
});
