/** The signer on its sockets, asked by an independent client of gRPC. What a real API server makes of it: test/cluster/signer/. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { kubernetesKid } from "../../src/rules/keys/index.ts";
import { KeyFolder, promoteKey, reloadSigner, signerStatus } from "../../src/signer/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { claimsOfToken, frame, type GrpcClient, signRequest, tokenClaims, valuesOf } from "./grpc-client.ts";
import { fetched, pemOf, rejectsCode, signed, signerWorld } from "./world.ts";

describe("the signer on its socket", () => {
  test("a cluster's present key signs under the kid that it has, whichever PEM it comes in", async (t) => {
    const { keys, serve, client } = await signerWorld(t);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await keys.importSigner(pemOf(privateKey, "pkcs1"), "sa.key");
    await serve();
    const asked = client();
    const token = await signed(asked);
    assert.deepEqual(token.header, { alg: "RS256", kid: kubernetesKid(publicKey), typ: "JWT" });
    assert.ok(token.isGood(publicKey.export({ type: "spki", format: "der" })));
    const { keys: served, refresh } = await fetched(asked);
    assert.deepEqual(served, [
      {
        kid: kubernetesKid(publicKey),
        spki: publicKey.export({ type: "spki", format: "der" }),
        excluded: false,
      },
    ]);
    assert.equal(refresh, 10);
    const { body } = await asked.call("Metadata");
    assert.equal(valuesOf(body, 1)[0], 31_536_000);
  });

  for (const type of ["RS256", "ES256", "ES384", "ES512"] as const)
    test(`a key of ${type} that was made here signs what its public half verifies`, async (t) => {
      const { keys, serve, client } = await signerWorld(t);
      await keys.create(type);
      await serve();
      const asked = client();
      const token = await signed(asked);
      const [key] = (await fetched(asked)).keys;
      assert.equal(token.header.alg, type);
      assert.equal(token.header.kid, key?.kid);
      assert.ok(token.isGood(key?.spki ?? Buffer.alloc(0)));
    });

  test("the next key is served at once, signs the first token after promote, and the one before verifies on", async (t) => {
    const { keys, state, serve, client } = await signerWorld(t);
    const old = await keys.create("RS256");
    // No time passes: whatever waited for a moment to come would never see one.
    await serve({ clock: new TestClock(systemClock.now()) });
    const asked = client();
    const next = await keys.create("ES256");
    await reloadSigner(state);
    assert.deepEqual(
      (await fetched(asked)).keys.map(({ kid }) => kid),
      [old.kid, next.kid],
    );
    assert.equal((await signed(asked)).header.kid, old.kid);
    assert.equal((await promoteKey(state, { without: [] })).kid, next.kid);
    assert.equal((await signed(asked)).header.kid, next.kid);
    assert.equal((await fetched(asked)).keys.length, 2);
    await keys.exclude(old.kid, true);
    await reloadSigner(state);
    assert.equal((await fetched(asked)).keys[0]?.excluded, true);
    await keys.remove(old.kid);
    await reloadSigner(state);
    assert.deepEqual(
      (await fetched(asked)).keys.map(({ kid }) => kid),
      [next.kid],
    );
    assert.deepEqual(
      (await readdir(state)).filter((name) => name.endsWith(".pem")),
      [`${next.kid}.pem`],
    );
  });

  test("a key that an API server does not serve yet is not promoted, and the old one signs on", async (t) => {
    const { keys, state, serve, client } = await signerWorld(t);
    const old = await keys.create("ES256");
    await keys.create("ES256");
    const agreement = (_kid: string, without: readonly string[]): Promise<readonly string[]> =>
      Promise.resolve(without.length === 0 ? ["https://10.0.0.2:6443 does not serve it"] : []);
    await serve({ agreement });
    await rejectsCode("signer-not-everywhere", promoteKey(state, { without: [] }));
    assert.equal((await signed(client())).header.kid, old.kid);
    await promoteKey(state, { without: ["https://10.0.0.2:6443"] });
    assert.notEqual((await signed(client())).header.kid, old.kid);
  });

  test("files are for this user alone, and keys that others may read are refused", async (t) => {
    const { keys, folder, state, socket, serve } = await signerWorld(t);
    const { kid } = await keys.create("ES256");
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    await chmod(join(state, `${kid}.pem`), 0o640);
    await rejectsCode("state-permissions", serve());
    await chmod(join(state, `${kid}.pem`), 0o600);
    await serve();
    assert.deepEqual(
      await Promise.all([state, join(state, "keys.json"), join(folder, "run"), socket].map(mode)),
      [0o700, 0o600, 0o700, 0o600],
    );
    assert.doesNotMatch(await readFile(join(state, "keys.json"), "utf8"), /PRIVATE/u);
  });

  test("a socket is not opened in a folder that others enter, by a relative or an abstract name", async (t) => {
    const { keys, folder, serve } = await signerWorld(t);
    await keys.create("ES256");
    await chmod(folder, 0o755);
    await rejectsCode("state-permissions", serve({ socket: join(folder, "signer.sock") }));
    await rejectsCode("signer-listen", serve({ socket: "@signer" }));
    await rejectsCode("signer-listen", serve({ socket: join(folder, "x".repeat(120)) }));
  });

  test("a second signer on the socket is refused, and one that was killed leaves nothing in the way", async (t) => {
    const { keys, folder, socket, serve } = await signerWorld(t);
    await keys.create("ES256");
    await serve();
    await rejectsCode("signer-running", serve());
    const other = join(folder, "other");
    await new KeyFolder(other, systemClock).create("ES256");
    await rejectsCode("signer-running", serve({ stateDir: other }));
    assert.ok((await stat(socket)).isSocket());
  });

  test("a folder that cannot be used is reported, and the former keys stay in use", async (t) => {
    const { keys, state, serve, client, log } = await signerWorld(t);
    const { kid } = await keys.create("ES256");
    const { address } = await serve();
    await writeFile(join(state, "keys.json"), "{");
    await rejectsCode("signer-state", reloadSigner(state));
    assert.match((await signerStatus(state)).trouble ?? "", /no JSON object/u);
    assert.equal((await signed(client())).header.kid, kid);
    assert.ok(log.lines.some((line) => line.includes("the old ones go on")));
    const ready = await fetch(`http://127.0.0.1:${address.port}/readyz`);
    assert.equal(ready.status, 503);
    assert.doesNotMatch(await ready.text(), /JSON|\//u, "why is said on the control socket alone");
    const shown = await (await fetch(`http://127.0.0.1:${address.port}/status`)).text();
    assert.match(shown, new RegExp(`"kid": ?"${kid}"`, "u"));
    assert.doesNotMatch(shown, /holder|file:|\.pem|trouble"/u, "a local user learns no place of a key");
    assert.match((await signerStatus(state)).keys[0]?.holder ?? "", /^file:/u);
    const text = await (await fetch(`http://127.0.0.1:${address.port}/metrics`)).text();
    assert.match(text, /^podtrust_signer_keys_unread 1$/mu);
    assert.match(text, /^podtrust_signer_calls_total\{method="Sign",code="ok"\} 1$/mu);
  });

  test("a signer that no API server asks says so, and its status ends with 3 until it is asked", async (t) => {
    const { keys, state, serve, client } = await signerWorld(t);
    await keys.create("ES256");
    await serve();
    const ask = (later: number) =>
      podtrustHere(["signer", "status", "--state", state], {
        clock: { ...systemClock, now: () => systemClock.now() + later },
      });
    assert.equal((await ask(0)).code, 0);
    const { code, out } = await ask(125_000);
    assert.equal(code, 3);
    assert.match(out, /no API server has asked for 2 minutes; is its --service-account-signing-endpoint/u);
    await fetched(client());
    assert.equal((await ask(50_000)).code, 0);
  });

  test("a folder without a key, and a private key of another name, do not start", async (t) => {
    const { keys, state, serve } = await signerWorld(t);
    await rejectsCode("signer-state", serve());
    const { kid } = await keys.create("ES256");
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await writeFile(join(state, `${kid}.pem`), pemOf(other.privateKey, "pkcs8"));
    await rejectsCode("signer-key-source", serve());
  });
});

describe("what the signer refuses", () => {
  const stranger = claimsOfToken({ sub: "system:admin" });

  test("claims of anything but a ServiceAccount, in a sentence that reveals nothing of the signer", async (t) => {
    const { keys, serve, client, log } = await signerWorld(t);
    await keys.create("ES256");
    await serve({ maxSeconds: 3600 });
    const asked = client();
    const longer = claimsOfToken({ exp: tokenClaims().iat + 3700 });
    for (const claims of [stranger, longer, "e30", "not base64"]) {
      const { status, message } = await asked.call("Sign", signRequest(claims));
      assert.deepEqual({ status, message }, { status: "3", message: "the signer refused the claims" });
    }
    await until("the log says why", () => log.lines.some((line) => line.includes("no ServiceAccount")));
  });

  test("a key holder's own words reach the log and not the caller", async (t) => {
    const { keys, serve, client, log } = await signerWorld(t);
    const made = await keys.create("ES256");
    const file = await keys.holder.open(`${made.kid}.pem`, "ES256");
    let calls = 0;
    const sign = async (input: Uint8Array, signal: AbortSignal): Promise<Uint8Array> => {
      calls += 1;
      if (calls > 1) throw new Error("slot 7 of the HSM in rack 12 is locked");
      return file.sign(input, signal);
    };
    await keys.remove((await keys.create("ES256")).kid);
    const { publicKey, kid, alg } = made;
    const ring = JSON.stringify({
      version: 1,
      changedAt: 1,
      keys: [{ kid, alg, publicKey, holder: "hsm:7", state: "current", excluded: false, since: 1 }],
    });
    await keys.folder.replace("keys.json", ring);
    await serve({ holders: [{ scheme: "hsm", open: () => Promise.resolve({ sign }) }] });
    const { status, message } = await client().call("Sign", signRequest(claimsOfToken()));
    assert.deepEqual({ status, message }, { status: "14", message: "the signer could not sign" });
    await until("the log says why", () => log.lines.some((line) => line.includes("rack 12")));
  });

  test("what is no call of its three, compressed, of two messages, cut off, malformed or too large", async (t) => {
    const { keys, serve, client } = await signerWorld(t);
    await keys.create("ES256");
    await serve();
    const asked = client();
    const sign = "/v1.ExternalJWTSigner/Sign";
    const good = frame(signRequest(claimsOfToken()));
    const codeOf = async (...args: Parameters<GrpcClient["raw"]>) => (await asked.raw(...args)).status;
    assert.equal(await codeOf("/v1.ExternalJWTSigner/Other", good), "12");
    assert.equal(await codeOf("/v1.ExternalJWTSigner/toString", good), "12");
    assert.equal(await codeOf("/other/Sign", good), "12");
    assert.equal(await codeOf(sign, good, { "content-type": "application/json" }), "12");
    assert.equal(await codeOf(sign, Buffer.concat([Buffer.from([1]), good.subarray(1)])), "12");
    assert.equal(await codeOf(sign, Buffer.concat([good, good])), "3");
    assert.equal(await codeOf(sign, good.subarray(0, -1)), "3");
    assert.equal(await codeOf(sign, Buffer.alloc(0)), "3");
    for (const bad of [[0x0a, 0x7f], [0x0b], [0x0a], Array<number>(11).fill(0xff)])
      assert.equal(await codeOf(sign, frame(Buffer.from(bad))), "3");
    assert.equal(await codeOf(sign, frame(Buffer.alloc(70_000))), "8");
    assert.equal((await signed(asked)).header.alg, "ES256");
  });

  test("a call that never ends its request is ended after ten seconds, and others go on", async (t) => {
    const { keys, serve, client } = await signerWorld(t);
    await keys.create("ES256");
    const swift = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 50, signal),
    };
    await serve({ clock: swift });
    const asked = client();
    const open = asked.session.request({
      ":method": "POST",
      ":path": "/v1.ExternalJWTSigner/Sign",
      "content-type": "application/grpc",
    });
    open.on("error", () => {});
    open.write(Buffer.from([0, 0, 0, 0, 9]));
    const ended = new Promise<unknown>((resolve) => {
      open.on("response", (headers) => resolve(headers["grpc-status"]));
    });
    assert.equal((await signed(asked)).header.alg, "ES256");
    assert.equal(await ended, "4");
  });
});
