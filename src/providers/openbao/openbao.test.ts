import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ConsentRequest } from "../../core/credentials/index.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { openbaoError, OpenBaoRefusal, OpenBaoUnanswered } from "./failure.ts";
import { changedFields } from "./fields.ts";
import { openbaoAccess, written } from "./index.ts";

const address = "https://bao.example.com";

describe("where OpenBao is, and the token for it", () => {
  test("is an https address, or one of this machine, without the slash at its end", async () => {
    const at = async (given: string): Promise<string> =>
      (await openbaoAccess({ address: given }, { env: {} })).address;
    assert.equal(await at("https://bao.example.com:8200/"), "https://bao.example.com:8200");
    assert.equal(await at("http://127.0.0.1:8200"), "http://127.0.0.1:8200");
    const refused = [
      "http://bao.example.com",
      "https://me@bao.example.com",
      "https://bao.example.com?a",
      "bao",
    ];
    for (const given of refused) await assert.rejects(at(given), { code: "usage" }, given);
  });

  test("is BAO_TOKEN before VAULT_TOKEN; what cannot be a token is refused and not quoted", async () => {
    const tokenIn = async (env: Record<string, string>): Promise<string | undefined> =>
      (await openbaoAccess({ address }, { env: { BAO_ADDR: address, ...env } })).token;
    assert.equal(await tokenIn({}), undefined);
    assert.equal(await tokenIn({ BAO_TOKEN: " ", VAULT_TOKEN: "s.two" }), "s.two");
    assert.equal(await tokenIn({ BAO_TOKEN: "s.one\n", VAULT_TOKEN: "s.two" }), "s.one");
    await assert.rejects(tokenIn({ BAO_TOKEN: "two words" }), (error: PodtrustError) => {
      assert.equal(error.code, "openbao-token-refused");
      assert.ok(!error.message.includes("two words"));
      return true;
    });
  });

  test("is the environment's for the server that BAO_ADDR names, else VAULT_ADDR, and for no other", async () => {
    const at = async (env: Record<string, string>): Promise<string | undefined> =>
      (await openbaoAccess({ address }, { env: { BAO_TOKEN: "s.one", ...env } })).token;
    const named = [
      { BAO_ADDR: address },
      { VAULT_ADDR: `${address}:443/` },
      { BAO_ADDR: " ", VAULT_ADDR: `${address}/v1` },
      { BAO_ADDR: "HTTPS://BAO.example.com", VAULT_ADDR: "https://other.example.com" },
    ];
    for (const env of named) assert.equal(await at(env), "s.one", JSON.stringify(env));
    const others = [
      {},
      { BAO_ADDR: "" },
      { BAO_ADDR: "https://bao.example.com:8200" },
      { BAO_ADDR: "http://bao.example.com" },
      { BAO_ADDR: "https://bao.example.com.evil.example" },
      { BAO_ADDR: "https://other.example.com", VAULT_ADDR: address },
      { BAO_ADDR: "bao.example.com" },
      { BAO_ADDR: "unix:///run/bao.sock" },
    ];
    for (const env of others)
      await assert.rejects(at(env), { code: "credential-elsewhere" }, JSON.stringify(env));
  });

  test("goes elsewhere after a yes to that address and that certificate authority, by its digest too", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-openbao-"));
    t.after(() => rm(folder, { recursive: true }));
    const caFile = join(folder, "ca.pem");
    await writeFile(caFile, "one");
    const digests: string[] = [];
    const consent = ({ digest, what }: ConsentRequest, answer: boolean): Promise<boolean> => {
      digests.push(digest);
      assert.match(what, /^https:\/\/bao\.example\.com, for which a CA with SHA-256 [0-9a-f]{64} vouches$/u);
      return Promise.resolve(answer);
    };
    const env = { BAO_TOKEN: "s.one" };
    const open = (answer: boolean) =>
      openbaoAccess({ address, caFile }, { env, consent: (request) => consent(request, answer) });
    assert.equal((await open(true)).token, "s.one");
    await assert.rejects(open(false), { code: "credential-elsewhere" });
    await writeFile(caFile, "two");
    await open(true);
    const [first = "", again, other] = digests;
    assert.equal(first, again);
    assert.notEqual(first, other);
    const byDigest = { env: { ...env, PODTRUST_ALLOW_CREDENTIAL: `sha256:0,${first}` } };
    await assert.rejects(openbaoAccess({ address, caFile }, byDigest), { code: "credential-elsewhere" });
    await writeFile(caFile, "one");
    assert.equal((await openbaoAccess({ address, caFile }, byDigest)).token, "s.one");
  });
});

describe("the fields of a role", () => {
  test("have changed where their values differ, not where a server writes nothing or an order in its own way", () => {
    const desired = { policies: ["web", "db"], ttl: 3600, bound: undefined, claims: { b: "1", a: "2" } };
    const found = {
      policies: ["db", "web"],
      ttl: 1800,
      bound: [],
      claims: { a: "2", b: "1" },
      more: "theirs",
    };
    assert.deepEqual(changedFields(desired, found), [{ field: "ttl", before: 1800, after: 3600 }]);
  });

  test("are written with numbers as texts", () => {
    assert.deepEqual(written({ ttl: 3600, name: "web" }), { ttl: "3600", name: "web" });
  });
});

test("a failed call says whether OpenBao refused it, forbade it, or did not answer", () => {
  const codeOf = (thrown: unknown): unknown =>
    (openbaoError(thrown, "writing role web") as PodtrustError).code;
  assert.equal(codeOf(new OpenBaoRefusal(403, ["permission denied"])), "openbao-denied");
  assert.equal(codeOf(new OpenBaoRefusal(400, [])), "openbao-refused");
  assert.equal(codeOf(new OpenBaoUnanswered("sealed")), "openbao-unavailable");
  const untrusted = new PodtrustError("http-tls", "an unknown certificate authority");
  const unreached = new OpenBaoUnanswered("no connection", untrusted);
  assert.equal(codeOf(unreached), "openbao-unreachable");
  assert.equal(unreached.mayPass, false);
  const other = new TypeError("ours");
  assert.equal(openbaoError(other, "writing role web"), other);
});
