/** `podtrust doctor URL` needs no config, no account and no credentials: it loads and reads nothing of them. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { loadedModules } from "../support/loaded-modules.ts";

const url = "https://oidc.example.com";
/** Nobody serves the issuer there, and no resolver is asked for its name. */
const nowhere = ["--connect-to", "oidc.example.com:443:127.0.0.1:1"];

describe("podtrust doctor of an issuer's URL", () => {
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-doctor-url-"));
  });
  after(() => rm(folder, { recursive: true }));

  test("loads no module of a stack, of a config, of a cluster's client or of a cloud's", async () => {
    const files = await loadedModules(["doctor", url, ...nowhere], { cwd: folder, env: { HOME: folder } });
    assert.ok(files.includes("doctor/gather.ts"), files.slice(-3).join(", "));
    assert.deepEqual(
      files.filter((file) => /^(?:stack|config|providers|doctor\/chain|control-plane)\//u.test(file)),
      [],
    );
  });

  test("reads no variable of a cloud and none of a kubeconfig", async () => {
    const asked = new Set<string>();
    const env = new Proxy<Record<string, string | undefined>>(
      {},
      {
        get(_variables, name) {
          asked.add(String(name));
          return undefined;
        },
        ownKeys() {
          throw new TypeError("every variable was asked for");
        },
      },
    );
    const { code } = await podtrustHere(["doctor", url, ...nowhere], {
      cwd: folder,
      clock: systemClock,
      env,
    });
    assert.equal(code, 3);
    assert.ok(asked.has("GITHUB_ACTIONS"), "the variables were not traced");
    assert.deepEqual(
      [...asked].filter((name) =>
        /^(?:AWS|AZURE|ARM|GOOGLE|GCLOUD|CLOUDSDK|VAULT|BAO|KUBE|HCLOUD|CLOUDFLARE)/u.test(name),
      ),
      [],
    );
  });
});
