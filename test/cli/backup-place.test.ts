import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { newIdentity } from "../../src/core/age/index.ts";
import { sealed } from "../../src/backup/index.ts";
import { podtrustHere } from "../support/cli.ts";

const onMachine = `stack: prod
issuer: https://oidc.example.com
machine: {ssh: {address: 203.0.113.7, user: admin}, sshKey: ~/.ssh/id.pub}
publisher: {https: {acme: {}}}
aws: [{account: "111122223333", region: eu-central-1, roles: [{name: demo, serviceAccounts: [default/app]}]}]
`;

describe("a publisher on a machine that podtrust sets up", () => {
  test("is neither saved nor put back from elsewhere, where its state is not", async (t) => {
    const cwd = await mkdtemp(join(tmpdir(), "podtrust-backup-place-"));
    t.after(() => rm(cwd, { recursive: true }));
    const { identity, recipient } = newIdentity();
    const contents = { kind: "publisher", stack: "prod", issuer: "https://oidc.example.com" } as const;
    const files = new Map([["documents.json", Buffer.from("{}")]] as const);
    await writeFile(join(cwd, "podtrust.yaml"), onMachine);
    await writeFile(join(cwd, "identity.txt"), `${identity}\n`, { mode: 0o600 });
    await writeFile(
      join(cwd, "prod.age"),
      await sealed({ ...contents, madeAt: 1_800_000_000_000, files }, { recipients: [recipient] }),
    );
    const before = await readdir(cwd);
    for (const words of [
      ["backup", "create", "--recipient", recipient],
      ["restore", "prod.age", "--identity", "identity.txt", "--yes"],
    ]) {
      const { code, err } = await podtrustHere(words, { cwd, env: { HOME: cwd } });
      assert.equal(code, 1, err);
      assert.match(err, /is on the machine of .*podtrust\.yaml/u);
      assert.match(err, /code: +backup-on-machine/u);
    }
    assert.deepEqual(await readdir(cwd), before);
  });
});
