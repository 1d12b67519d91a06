import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type CliResult, podtrustHere } from "../support/cli.ts";

const config = `stack: prod
issuer: https://oidc.example.com
cluster: {server: "https://127.0.0.1:1", caFile: ca.pem, tokenFile: token}
publisher: {https: {acme: {}}}
aws: [{account: "111122223333", region: eu-central-1, roles: [{name: demo, serviceAccounts: [default/app]}]}]
`;

describe("a move of a rotation by the command line", () => {
  let cwd: string;

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), "podtrust-moves-"));
    await writeFile(join(cwd, "podtrust.yaml"), config);
  });

  after(() => rm(cwd, { recursive: true }));

  const podtrust = (...words: string[]): Promise<CliResult> =>
    podtrustHere(["rotate", ...words], { cwd, env: { HOME: cwd } });

  for (const move of [
    "prepare",
    "promote",
    "finish publication",
    "finish verifiers",
    "abort",
    "run",
    "stolen kid --at-once",
    "stolen kid --thief-reaches-no-api",
  ])
    test(`rotate ${move} is refused where the config lists no API servers, with what to add`, async () => {
      const { code, out, err } = await podtrust(...move.split(" "), "--yes");
      assert.equal(code, 1, err);
      assert.equal(out, "");
      assert.match(err, /cluster\.servers/u);
    });

  test("rotate finish gives up nothing without a name", async () => {
    for (const where of ["publication", "verifiers"]) {
      const { code, out, err } = await podtrust("finish", where, "kid", "--yes", "--accept-loss");
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /--accept-loss <name>.*argument missing/u);
    }
  });

  test("rotate stolen is begun by no --yes alone, nor by two answers at once", async () => {
    for (const words of [["--yes"], ["--at-once", "--thief-reaches-no-api", "--yes"]]) {
      const { code, out, err } = await podtrust("stolen", "kid", ...words);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /--at-once/u);
    }
  });
});
