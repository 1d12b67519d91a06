import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { sealed } from "../../src/backup/index.ts";
import { newIdentity } from "../../src/core/age/index.ts";
import { systemClock } from "../../src/core/base/index.ts";
import { webIdentityTrustPolicy } from "../../src/providers/aws/index.ts";
import { bindingMark } from "../../src/rules/bindings/index.ts";
import { awsTags } from "../../src/rules/plan/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { newKey } from "../support/publisher.ts";
import { account, audience } from "../support/sandbox.ts";
import { configText, sandboxEnvironment, stackWorld, useEnvironment } from "../support/stack-world.ts";
import { stackOwner } from "../support/stack-owner.ts";

describe("podtrust restore once a cluster is lost", () => {
  test("names the roles that its bindings left, changes none, and says so where they cannot be read", async (t) => {
    const world = await stackWorld(t);
    const { issuer } = world.issuer;
    const policy = (of: string): string =>
      webIdentityTrustPolicy({
        partition: "aws",
        account,
        issuer: of,
        audiences: [audience],
        serviceAccounts: ["shop/web"],
      });
    const make = (name: string, mark: string, trusts = issuer): Promise<unknown> =>
      world.iam.send(
        new CreateRoleCommand({
          RoleName: name,
          AssumeRolePolicyDocument: policy(trusts),
          Tags: Object.entries(awsTags.of(stackOwner(mark))).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
    await make("left", bindingMark({ stack: "prod" }, { namespace: "shop", name: "web" }));
    await make("configs-own", "prod");
    await make("another-stacks", bindingMark({ stack: "other" }, { namespace: "shop", name: "web" }));
    await make(
      "another-issuers",
      bindingMark({ stack: "prod" }, { namespace: "shop", name: "web" }),
      "https://elsewhere.example.com",
    );

    const publisher = "publisher: {stateDir: state, https: {certificateFile: a.pem, keyFile: a.key}}";
    await world.config(configText(issuer, "", publisher));
    await mkdir(join(world.folder, "state"), { mode: 0o700 });
    const { identity, recipient } = newIdentity();
    await writeFile(join(world.folder, "identity.txt"), `${identity}\n`, { mode: 0o600 });
    const at = Date.now() - 60_000;
    const known = { jwk: newKey(), firstSeen: at, lastSeen: at };
    const state = { format: 1, issuer, confirmedAt: at, changedAt: at, keys: [known] };
    const files = new Map([["documents.json", Buffer.from(JSON.stringify(state))]] as const);
    const contents = { kind: "publisher", stack: "prod", issuer, madeAt: at, files } as const;
    await writeFile(join(world.folder, "prod.age"), await sealed(contents, { recipients: [recipient] }));

    const restore = async (): Promise<string> => {
      const nowhere = `${new URL(issuer).hostname}:443:127.0.0.1:1`;
      const args = ["restore", "prod.age", "--identity", "identity.txt", "--yes", "--connect-to", nowhere];
      const { code, out, err } = await podtrustHere(args, { cwd: world.folder, clock: systemClock });
      assert.equal(code, 0, err);
      return out;
    };
    world.changes();
    const said = await restore();
    assert.deepEqual(said.match(/ {2}arn:aws:iam:\S+, of \S+/gu), [
      `  arn:aws:iam::${account}:role/left, of shop/web`,
    ]);
    assert.deepEqual(
      world.changes().filter((action) => !action.includes("GetCallerIdentity")),
      [],
    );
    await world.config(configText(issuer, "", `${publisher}\ncluster: {kubeconfig: nowhere}`));
    assert.match(
      await restore(),
      /The cluster cannot be asked which bindings it has: .*[^]*role\/left, of shop\/web/u,
    );

    const wrong = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wrong" };
    useEnvironment(sandboxEnvironment(world.sandbox.url, wrong));
    const unread = await restore();
    assert.match(unread, new RegExp(`The roles of account ${account} cannot be read: `, "u"));
    assert.doesNotMatch(unread, /role\/left/u);
  });
});
