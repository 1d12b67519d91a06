/** An API server whose signer is away: how long it waits at its start, how it ends, and how soon it dials again. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { prepareSigner, type SignerProcess } from "./signer-process.ts";
import { until } from "../../support/until.ts";

describe("an API server without its signer", { skip: leftOut() }, () => {
  let cluster: ControlPlane;
  let signer: SignerProcess;

  before(async () => {
    cluster = await startControlPlane({ issuer: "https://oidc.example.com" });
    signer = await prepareSigner();
    await signer.command("import", cluster.keys().signer.privateFile);
  });

  after(async () => {
    await signer[Symbol.asyncDispose]();
    await cluster.stop();
  });

  test("waits a minute for it and ends, and starts once the signer is there", async () => {
    const [server] = cluster.servers;
    const begun = performance.now();
    // Its last words name the socket.
    await assert.rejects(async () => server?.restart({ endpoint: signer.socket }), {
      message: /ended .* before it was ready[^]*signer\.sock/u,
    });
    const seconds = (performance.now() - begun) / 1000;
    console.log(`the API server ended after ${seconds.toFixed(0)} s`);
    assert.ok(seconds > 55, `${seconds} s`);
    await signer.start();
    await server?.restart({ endpoint: signer.socket });
    await cluster.kubectl(["create", "serviceaccount", "demo"]);
    assert.equal((await cluster.kubectl(["create", "token", "demo"])).split(".").length, 3);
  });

  test("that comes back is dialled again within a minute", async () => {
    const minted = (): Promise<string | undefined> =>
      cluster.requestToken("default", "demo", "https://kubernetes.example.com").catch(() => undefined);
    await signer.kill("SIGKILL");
    await until("no token is minted", async () => (await minted()) === undefined);
    await signer.start();
    const begun = performance.now();
    await until("a token is minted again", minted);
    const seconds = (performance.now() - begun) / 1000;
    console.log(`the API server dialled again after ${seconds.toFixed(0)} s`);
    assert.ok(seconds < 60, `${seconds} s`);
  });
});
