/** A checkout that names files of the person's, and a server of its writer's for what is in them. */
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { typed } from "../../support/stack-world.ts";
import { type Checkout, hostileCheckout, issuer } from "./checkout.ts";

const mint = ["token", "shop/web", "-f", "podtrust.yaml"];
const token = "the-persons-own-token";

describe("a token file of a person's, named by a foreign checkout with a server of its writer's", () => {
  let checkout: Checkout;
  let file = "";

  before(async () => {
    checkout = await hostileCheckout();
    file = await checkout.write(join(checkout.home, ".secret"), token);
  });
  beforeEach(() => void checkout.heard());
  after(() => checkout.close());

  const byConfig = (tokenFile: string) =>
    checkout.write(
      "podtrust.yaml",
      `stack: prod\nissuer: ${issuer}\ncluster: {server: "${checkout.server.address}", caFile: ca.pem, tokenFile: ${JSON.stringify(tokenFile)}}\n`,
    );

  const kubeconfig = (user: object): string =>
    JSON.stringify({
      clusters: [
        {
          name: "c",
          cluster: {
            server: checkout.server.address,
            "certificate-authority": join(checkout.folder, "ca.pem"),
          },
        },
      ],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    });

  const config = (source: string) =>
    checkout.write("podtrust.yaml", `stack: prod\nissuer: ${issuer}\ncluster: ${source}\n`);

  for (const args of [["status"], ["doctor", "-f", "podtrust.yaml"], mint, ["map", "--json"]])
    test(`is not sent by ${args.join(" ")}`, async () => {
      await byConfig(file);
      const { out, err } = await checkout.run(args);
      assert.ok(!checkout.heard().includes(token));
      assert.match((out + err).replaceAll(/\s+/gu, " "), /\.secret was not sent to https:/u);
      assert.ok(!(out + err).includes(token));
    });

  test("is not sent through a link of the checkout either, nor by a relative name", async () => {
    await symlink(file, join(checkout.folder, "token-link"));
    for (const name of ["token-link", "../.secret", `/proc/self/root${file}`]) {
      await byConfig(name);
      const { err } = await checkout.run(mint);
      assert.match(err, /code: {2}credential-elsewhere/u, name);
      assert.deepEqual(checkout.heard(), "");
    }
  });

  test("is not sent where the checkout's kubeconfig names it", async () => {
    await config("{kubeconfig: kubeconfig}");
    for (const user of [{ tokenFile: file }, { tokenFile: "../.secret" }]) {
      await checkout.write("kubeconfig", kubeconfig(user));
      const { err } = await checkout.run(mint);
      assert.match(err, /code: {2}credential-elsewhere/u);
      assert.equal(checkout.heard(), "");
    }
  });

  test("of one's own kubeconfig is not sent where a checkout's file beside it in KUBECONFIG takes its user", async () => {
    const own = await checkout.write(
      join(checkout.home, "own.yaml"),
      JSON.stringify({ users: [{ name: "u", user: { token } }], clusters: [], contexts: [] }),
    );
    const foreign = await checkout.write("kubeconfig", kubeconfig({ token: "theirs" }));
    const KUBECONFIG = [own, foreign].join(delimiter);
    const { err } = await checkout.run(["token", "shop/web"], { KUBECONFIG });
    assert.match(err, /code: {2}credential-elsewhere/u);
    assert.equal(checkout.heard(), "");
    await config(`{kubeconfig: ${JSON.stringify(KUBECONFIG)}}`);
    assert.match((await checkout.run(mint, { KUBECONFIG })).err, /credential-elsewhere/u);
    assert.equal(checkout.heard(), "");
  });

  test("goes after a yes, remembered for that file and that server; what came with the checkout goes unasked", async () => {
    await byConfig(file);
    const screen = typed("y\n");
    await checkout.run(mint, {}, screen);
    assert.match(
      screen.said.err.replaceAll(/\s+/gu, " "),
      /would leave: .*It would go to: https:.*Send it there, now/u,
    );
    assert.ok(checkout.heard().includes(`Bearer ${token}`));
    await checkout.run(mint);
    assert.ok(checkout.heard().includes(`Bearer ${token}`));
    await checkout.write(join(checkout.home, ".other"), "another-token");
    await byConfig("../.other");
    await checkout.run(mint);
    assert.equal(checkout.heard(), "");
    await checkout.write("token", "their-own-token");
    await byConfig("token");
    await checkout.run(mint);
    assert.ok(checkout.heard().includes("Bearer their-own-token"));
  });
});
