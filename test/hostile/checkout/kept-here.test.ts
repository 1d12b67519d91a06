/** Six credentials that no config names: where the value of each goes, that nothing shows it, and which files are taken. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { errorText, type PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { reloadSigner, signerStatus } from "../../../src/signer/index.ts";
import { peersAgreement } from "../../../src/signer/peers.ts";
import { azureStackWorld } from "../../azure/stack-world.ts";
import { discovery, issuer, now, roleArn, sign, signer, trust } from "../../conformance/fixture.ts";
import { policyText } from "../../../src/rules/trust/index.ts";
import { fetched, pemOf, signed, signerWorld } from "../../signer/world.ts";
import { testAuthority } from "../../support/certificates.ts";
import { podtrustHere } from "../../support/cli.ts";
import { TestClock } from "../../support/clock.ts";
import { OneSecret } from "../../support/one-secret.ts";
import { newKey } from "../../support/publisher.ts";
import { keyFolderOf, startReplica, storeKey } from "../../support/replicas.ts";
import { kidsOf } from "../../publisher/support.ts";
import { hostileListener } from "./listener.ts";

async function ownFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-kept-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** That no sixteen characters of a secret's own stand in a text, whatever breaks its lines. */
function assertHidden(text: string, secret: string): void {
  const whole = text.replaceAll(/\s+/gu, "");
  const body = secret.replaceAll(/-----[A-Z ]+-----|\s+/gu, "");
  assert.ok(body.length >= 16, "a secret that can be looked for");
  for (let at = 0; at + 16 <= body.length; at += 1)
    assert.ok(!whole.includes(body.slice(at, at + 16)), `characters ${at} and on are in: ${text}`);
}

/** All that a failure carries: its words, those of what caused it, and its members as JSON has them. */
function allOf(error: unknown): string {
  const { next = "", detail, stack = "" } = error as Partial<PodtrustError>;
  return [errorText(error), next, JSON.stringify(detail ?? {}), stack, JSON.stringify(error)].join("\n");
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(() => assert.fail("nothing failed"), allOf);
}

const wrongPem = (pem: string): string => pem.replace(/\n./u, "\n!");

describe("signing-key", () => {
  test("signs here alone: no command, log, metric, port or answer to an API server has it or says where it is", async (t) => {
    const { keys, state, serve, client, log } = await signerWorld(t);
    const { kid } = await keys.create("ES256");
    const serving = await serve();
    const pem = await readFile(join(state, `${kid}.pem`), "utf8");
    const { port } = serving.address;
    const page = async (path: string): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return JSON.stringify([...answer.headers]) + (await answer.text());
    };
    const pages = await Promise.all(
      ["/", "/metrics", "/healthz", "/readyz", "/status", `/${kid}.pem`].map(page),
    );
    for (const text of pages) assert.ok(!text.includes(`${kid}.pem`) && !text.includes(state), text);
    const asked = client();
    const said = [JSON.stringify(await fetched(asked)), JSON.stringify(await signed(asked))];
    for (const args of [["status"], ["status", "--json"], ["status", "-v"], ["create", "--json", "-v"]]) {
      const { out, err } = await podtrustHere(["signer", ...args, "--state", state], { clock: systemClock });
      said.push(out, err);
    }
    await reloadSigner(state);
    said.push(JSON.stringify(await signerStatus(state)), ...log.lines, ...pages);
    assertHidden(said.join("\n"), pem);
  });

  test("of an import is quoted by no refusal, in words and as JSON, and lies where its user alone may read it", async (t) => {
    const { folder, state } = await signerWorld(t);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = pemOf(privateKey, "pkcs8");
    const file = join(folder, "sa.key");
    const bring = (...more: string[]) =>
      podtrustHere(["signer", "import", file, "--state", state, "-v", ...more], { clock: systemClock });
    for (const text of [wrongPem(pem), pem.slice(0, 120), pem.repeat(2000)]) {
      await writeFile(file, text, { mode: 0o600 });
      for (const more of [[], ["--json"]]) {
        const { code, out, err } = await bring(...more);
        assert.equal(code, 1);
        assertHidden(out + err, pem);
      }
    }
    await writeFile(file, pem, { mode: 0o600 });
    const { code, out, err } = await bring("--json");
    assert.equal(code, 0, err);
    assertHidden(out + err, pem);
    for (const name of (await readdir(state)).filter((one) => one.endsWith(".pem")))
      assert.equal((await stat(join(state, name))).mode & 0o777, 0o600);
    assert.equal((await stat(state)).mode & 0o777, 0o700);
  });
});

describe("signer-peer-key", () => {
  test("proves the signer to the servers of --peer, reaches none of them, and is in no reason why one was not asked", async (t) => {
    const authority = await testAuthority();
    const own = await authority.issue(["signer"]);
    const heard: string[] = [];
    const listen = async (): Promise<string> => {
      const { certificate: cert, key } = await authority.issue(["127.0.0.1"]);
      const server = createServer(
        { cert, key, ca: authority.root, requestCert: true },
        (request, response) => {
          heard.push([request.url, ...request.rawHeaders].join("\n"));
          response.end('{"keys":[{"kid":"fresh"}]}');
        },
      );
      server.on("secureConnection", (socket) =>
        heard.push(`proved: ${JSON.stringify(socket.getPeerCertificate().subject)}`),
      );
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      t.after(() => {
        server.close();
        server.closeAllConnections();
      });
      return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const [peer, other] = [await listen(), await listen()];
    const asked = (key: string) =>
      peersAgreement({ urls: [peer], ca: authority.root, certificate: own.certificate, key })(
        "fresh",
        [],
        t.signal,
      );
    assert.deepEqual(await asked(own.key), []);
    assert.equal(heard.length, 2);
    assertHidden(heard.join("\n"), own.key);
    const [why = ""] = await asked(wrongPem(own.key));
    assert.match(why, /could not be asked/u);
    assertHidden(why, own.key);
    assertHidden(
      await failure(
        peersAgreement({ urls: [peer], ca: authority.root, certificate: own.certificate, key: own.key })(
          "fresh",
          [other],
          t.signal,
        ),
      ),
      own.key,
    );
    assert.equal(heard.length, 2, "no other server was asked");
  });

  test("is refused before the signer listens where others may read its file, and is not quoted", async (t) => {
    const { folder, state, keys } = await signerWorld(t);
    await keys.create("ES256");
    const authority = await testAuthority();
    const { certificate, key } = await authority.issue(["signer"]);
    const name = (one: string): string => join(folder, one);
    await writeFile(name("ca"), authority.root);
    await writeFile(name("certificate"), certificate);
    await writeFile(name("key"), key, { mode: 0o644 });
    const args = `signer run --peer https://127.0.0.1:1 --peer-ca ${name("ca")} --peer-certificate ${name("certificate")} --peer-key ${name("key")}`;
    const more = ["--state", state, "--socket", name("socket"), "--issuer", issuer, "--json"];
    const { code, out, err } = await podtrustHere([...args.split(" "), ...more], { clock: systemClock });
    assert.equal(code, 1, out + err);
    assert.match(out + err, /state-permissions/u);
    assertHidden(out + err, key);
    await assert.rejects(stat(name("socket")), { code: "ENOENT" });
  });
});

describe("explained-token", () => {
  test("is judged here: its issuer hears nothing of it, and neither words, JSON nor a refusal have its signature", async (t) => {
    const folder = await ownFolder(t);
    const authority = await testAuthority();
    const server = await hostileListener(await authority.issue([new URL(issuer).hostname]));
    t.after(() => server.close());
    const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
    const token = await sign();
    const [, , signature = ""] = token.split(".");
    await write("ca.pem", authority.root);
    await write("discovery.json", discovery());
    await write("jwks.json", JSON.stringify({ keys: [signer.jwk] }));
    await write("trust.json", policyText(trust()));
    const offline = ["--discovery", "discovery.json", "--jwks", "jwks.json"];
    const run = async (text: string, ...args: string[]): Promise<string> => {
      const base = [
        "explain",
        "--token",
        "-",
        "--role",
        roleArn,
        "--trust-policy",
        "trust.json",
        "-v",
        ...args,
      ];
      const route = args.includes("--jwks") ? [] : ["--connect-to", `::${server.address.slice(8)}`];
      const host = { cwd: folder, clock: new TestClock(now * 1000), stdin: Readable.from([text]) };
      const { out, err } = await podtrustHere([...base, ...route], host);
      return out + err;
    };
    const broken = [`${token}.x`, token.slice(0, -1), `${token}!`, token.replace(".", "..")];
    for (const text of [token, ...broken])
      for (const args of [[], ["--json"], ["--all"]]) {
        assertHidden(await run(text, ...offline, ...args), signature);
        assertHidden(await run(text, ...args, "--ca", "ca.pem"), signature);
      }
    const heard = server.heard.join("\n");
    assert.match(heard, /GET \/\.well-known\/openid-configuration/u, "the issuer was asked");
    assertHidden(heard, signature);
    assert.throws(() => assertHidden(token, signature), "a signature that is shown is found");
  });
});

describe("store-key", () => {
  test("proves what replicas share, and is in no object that they write, no log and no answer of the publisher's", async (t) => {
    const folder = await ownFolder(t);
    // As a kubelet mounts it: each name is a link through another one.
    await mkdir(join(folder, "..2026"));
    await writeFile(join(folder, "..2026", "key"), `${storeKey.slice(1)}Z`);
    await symlink("..2026", join(folder, "..data"));
    await symlink(join("..data", "key"), join(folder, "key"));
    const place = { t, secret: new OneSecret(), clock: new TestClock(), folder };
    const keys = [newKey(), newKey()];
    const { to, end } = await startReplica(place, [...keys]);
    await to.publisher.ready();
    await to.publisher.distrust(keys[0]?.kid ?? "", { force: true });
    assert.notEqual(place.secret.text("proof.documents.test") ?? "", "", "what is shared is proved");
    const written = ["documents.test", "proof.documents.test"]
      .map((name) => place.secret.text(name))
      .join("\n");
    const shown = [
      written,
      JSON.stringify(to.publisher.status()),
      (await to.admin("/metrics")).text,
      JSON.stringify(to.log.lines),
    ];
    assertHidden(shown.join("\n"), `${storeKey.slice(1)}Z`);
    await end();
  });

  test("in a file that is no key's leaves a pod without one, which goes on from the cluster and quotes none of it", async (t) => {
    const text = "a-secret-of-another-kind-of-a-person".repeat(200);
    const place = {
      t,
      secret: new OneSecret(),
      clock: new TestClock(),
      folder: keyFolderOf(t, { key: text }),
    };
    const keys = [newKey()];
    const { to, end } = await startReplica(place, [...keys]);
    await to.publisher.ready();
    assert.deepEqual(
      await kidsOf(to),
      keys.map(({ kid }) => kid),
    );
    assert.equal(place.secret.text("proof.documents.test") ?? "", "", "nothing is proved by it");
    assertHidden(
      [JSON.stringify(to.publisher.status()), JSON.stringify(to.log.lines)].join("\n"),
      text.slice(0, 36),
    );
    await end();
  });
});

describe("azure-federated-token", () => {
  test("goes to the token endpoint alone, once, and is quoted by no screen, in words and as JSON, though Entra repeats it", async (t) => {
    const world = await azureStackWorld();
    t.after(() => world.close());
    await world.config("- {name: web, serviceAccounts: [shop/web]}\n");
    const token = await sign();
    const [, , signature = ""] = token.split(".");
    const file = join(world.folder, "federated");
    await writeFile(file, `${token}\n`);
    const { AZURE_CLIENT_SECRET_FILE: _, ...rest } = world.env as Record<string, string>;
    const env = { ...rest, AZURE_FEDERATED_TOKEN_FILE: file };
    const description = `AADSTS50027: the assertion ${token} cannot be read`;
    world.relay.grantAnswer = {
      status: 400,
      body: { error: "invalid_client", error_description: description },
    };
    for (const args of [
      ["plan", "-v"],
      ["plan", "--json", "-v"],
      ["up", "--yes", "-v"],
    ]) {
      world.relay.grants.splice(0);
      const { code, out, err } = await world.podtrust(args, { env });
      assert.equal(code, 1, out + err);
      assert.match(out + err, /azure-credentials-refused/u);
      assertHidden(out + err, signature);
      assert.deepEqual(
        world.relay.grants.map((form) => form.get("client_assertion")),
        [token],
      );
      assert.ok(!world.relay.calls.join().includes(signature));
    }
    for (const text of [`${token} and more`, token.slice(0, 40), token.repeat(100)]) {
      await writeFile(file, text);
      world.relay.grants.splice(0);
      const { out, err } = await world.podtrust(["plan", "--json", "-v"], { env });
      assert.match(out + err, /azure-credentials-(?:invalid|missing)/u);
      assertHidden(out + err, token);
      assert.equal(world.relay.grants.length, 0, "nothing was asked with it");
    }
  });
});

describe("pkcs11-pin", () => {
  const program = join(import.meta.dirname, "../../../packages/pkcs11/main.mjs");
  const pin = "pin-of-the-person-1234";

  /** What the program says of a PIN's file, with no token behind it. */
  const said = (file: string): Promise<string> =>
    new Promise((resolve) => {
      const env = {
        PODTRUST_PKCS11_MODULE: "/nonexistent/module.so",
        PODTRUST_PKCS11_TOKEN: "none",
        PODTRUST_PKCS11_PIN_FILE: file,
      };
      execFile(process.execPath, [program], { env, timeout: 20_000 }, (_error, out, err) =>
        resolve(out + err),
      );
    });

  test("is read of a file that its user alone may read and write, and shown by no failure after it", async (t) => {
    const folder = await ownFolder(t);
    const file = join(folder, "pin");
    await writeFile(file, `${pin}\n`, { mode: 0o600 });
    await symlink(file, join(folder, "link"));
    for (const path of [file, join(folder, "link")]) {
      const text = await said(path);
      assert.doesNotMatch(text, /\/pin|\/link/u, "the file was taken");
      assertHidden(text, pin);
    }
  });

  test("is not read of a file of others, of one that they may write, swap or read, of a pipe, a device, a folder or a long one", async (t) => {
    const folder = await ownFolder(t);
    const make = async (name: string, mode = 0o600): Promise<string> => {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, pin);
      await chmod(path, mode);
      return path;
    };
    const refused = async (path: string, words: RegExp): Promise<void> => {
      const text = await said(path);
      assert.match(text, words, path);
      assertHidden(text, pin);
    };
    for (const mode of [0o604, 0o640, 0o602, 0o620])
      await refused(await make(`mode-${mode}`, mode), /can be read or written by others/u);
    execFileSync("mkfifo", ["-m", "600", join(folder, "pipe")]);
    await refused(join(folder, "pipe"), /no regular file/u);
    await symlink("/dev/zero", join(folder, "zero"));
    await refused(join(folder, "zero"), /no regular file/u);
    await refused(folder, /no regular file/u);
    const long = await make("long");
    await truncate(long, 4097);
    await refused(long, /more than 4096 bytes/u);
    const shared = await make(join("shared", "pin"));
    await chmod(dirname(shared), 0o777);
    await refused(shared, /shared can be written by others/u);
    // A link of a folder that others write: what it names today is not what it names tomorrow.
    await symlink(await make("own"), join(folder, "shared", "link"));
    await refused(join(folder, "shared", "link"), /shared can be written by others/u);
    if (process.getuid?.() !== 0) return t.skip("only root gives a file away");
    const theirs = await make("theirs");
    await chown(theirs, 65_534, 65_534);
    await refused(theirs, /belongs to user 65534/u);
    return undefined;
  });
});
