import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";
import { loopbackDns } from "../support/loopback-dns.ts";
import { discoveryWith, host, issuer, key, newWorld, page, paths } from "../doctor/world.ts";

const authority = await testAuthority();
let folder = "";
let server: IssuerServer;
let route: readonly string[] = [];

const doctor = (...args: readonly string[]): Promise<CliResult> =>
  podtrustHere(["doctor", ...args], { cwd: folder, clock: systemClock });

describe("podtrust doctor", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-doctor-"));
    await writeFile(join(folder, "root.pem"), authority.root);
    server = await startIssuer(authority, { host });
    const [rule] = server.connectTo;
    route = ["--ca", "root.pem", "--connect-to", `${host}:443:127.0.0.1:${rule?.toPort}`];
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test("says of a good issuer what holds by which proof, what is not to be seen from here, and exits 0", async () => {
    server.publish([key.jwk]);
    const { code, out, err } = await doctor(issuer, ...route);
    assert.equal(code, 0, err);
    assert.match(out, /✔ discovery/u);
    assert.match(out, /✔ tls .*verified, good until \d{4}-/u);
    assert.match(out, /AWS can read this issuer/u);
    assert.match(out, /^ *Documents took /mu);
    assert.match(out, /Azure verifies RS256, RS384, RS512, and every key is for ES256/u);
    assert.match(out, /Of Azure a token is judged by podtrust explain --for azure\./u);
    assert.match(out, /Not to be seen from here: cluster, provider, trust/u);
    assert.deepEqual(
      new Set(server.requests),
      new Set(Object.values(paths)),
      "it asks for the two documents alone",
    );
  });

  test("reports no time of documents if the name has no address", async () => {
    const dns = await loopbackDns(() => []);
    try {
      const { code, out } = await doctor(issuer, "--resolver", `127.0.0.1:${dns.port}`);
      assert.equal(code, 3);
      assert.match(out, /PT301 NameMissing/u);
      assert.doesNotMatch(out, /Documents took/u);
    } finally {
      dns.close();
    }
  });

  test("names the broken link, the cause by its number, and the fix, and exits 3", async () => {
    server.publish([key.jwk]);
    page(server, "discovery", { body: discoveryWith({ issuer: `${issuer}/` }) });
    const { code, out } = await doctor(issuer, ...route);
    assert.equal(code, 3);
    assert.match(out, /✖ discovery .*byte 25: its end against 0x2f/su);
    assert.match(out, /PT104 IssuerSlash/u);
    assert.match(out, /The chain breaks at discovery: IssuerSlash\./u);
  });

  test("shows nothing of what a server wrote that a terminal would take as a command", async () => {
    server.publish([key.jwk]);
    page(server, "discovery", {
      body: discoveryWith({ issuer: "https://evil.example/\u001b[2J\u009b31m\u202e" }),
    });
    const { out, err } = await doctor(issuer, ...route);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(out + err, /[\u001b\u009b\u202e]/u);
    assert.match(out, /evil\.example/u);
  });

  test("with --fail-on warning a warning is an exit code of 3, and without it none", async () => {
    server.publish([key.jwk], { "content-type": "text/plain" });
    assert.equal((await doctor(issuer, ...route)).code, 0);
    assert.equal((await doctor(issuer, "--fail-on", "warning", ...route)).code, 3);
  });

  test("with --json gives the whole report as one object", async () => {
    server.publish([key.jwk]);
    const { out } = await doctor(issuer, "--json", ...route);
    const report = JSON.parse(out) as { verdict: string; excluded: { link: string }[]; unseen: string[] };
    assert.equal(report.verdict, "holds");
    assert.deepEqual(
      report.excluded.map(({ link }) => link),
      ["discovery", "jwks", "dns", "tls", "reachability"],
    );
    assert.ok(report.unseen.includes("token"));
  });

  test("judges a token with its issuer, and neither sends nor prints it", async () => {
    server.publish([key.jwk]);
    server.requests.length = 0;
    const world = await newWorld();
    world.sign({ exp: 1_700_000_000 });
    const token = world.token ?? "";
    await writeFile(join(folder, "token.jwt"), token);
    const { code, out, err } = await doctor(issuer, "--token", "token.jwt", ...route);
    assert.equal(code, 3);
    assert.match(out, /PT602 TokenExpired/u);
    for (const part of token.split(".")) assert.ok(!(out + err).includes(part), out);
    assert.deepEqual(new Set(server.requests), new Set(Object.values(paths)));
  });

  test("is not asked about what no issuer can be, by a resolver that is no address, or to fail on no verdict", async () => {
    for (const args of [
      ["http://oidc.example.test"],
      [issuer, "--resolver", "dns.example.com"],
      [issuer, "--fail-on", "holds"],
    ]) {
      const { code, err } = await doctor(...args);
      assert.equal(code, args.length === 1 ? 1 : 2, err);
    }
  });
});

describe("podtrust doctor in a job of GitHub Actions", () => {
  const inJob = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(["doctor", ...args], {
      cwd: folder,
      clock: systemClock,
      env: { GITHUB_ACTIONS: "true" },
    });

  test("asks no address of the runner's own link, whoever typed it, and takes no --private", async () => {
    for (const args of [
      [issuer, "--private"],
      ["https://169.254.169.254"],
      [issuer, "--connect-to", `${host}:443:169.254.169.254:80`],
    ]) {
      const { code, err } = await inJob(...args);
      assert.equal(code, 2, err);
      assert.match(err, /is not asked in a job of GitHub Actions/u);
    }
    // Any other is: this one leads nowhere.
    assert.equal((await inJob(issuer, "--connect-to", `${host}:443:127.0.0.1:9`)).code, 3);
  });

  test("is no part of podtrust's own Action, which plans alone", async () => {
    const action = await readFile(new URL("../../action.yml", import.meta.url), "utf8");
    assert.doesNotMatch(action, /doctor|--private/u);
  });
});

describe("podtrust doctor --error", () => {
  const verificationKey =
    "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

  test("says which links an error leaves open, which hold, and where to look", async () => {
    const { code, out } = await doctor("--error", verificationKey);
    assert.equal(code, 0);
    assert.match(out, /these hold: provider, injection\./u);
    assert.match(out, /Open: discovery, jwks, dns, tls, reachability, token\./u);
    assert.match(out, /next: podtrust doctor https:\/\/ISSUER; podtrust explain/u);
  });

  test("of Azure's names the rule, and sends to Azure's rules and not to AWS's", async () => {
    const { code, out } = await doctor(
      "--error",
      "AADSTS700213: No matching federated identity record found",
    );
    assert.equal(code, 0);
    assert.match(out, /The error is Azure's\. .*AADSTS700213 is said when none of the issuer's credentials/u);
    assert.match(out, /rules: credential-subject\n/u);
    assert.match(
      out,
      /Open: trust, token\.\n.*next: podtrust explain --token FILE --for azure --described FILE\n/u,
    );
  });

  test("reads the error from standard input, and says of an unknown text that it is none", async () => {
    const stdin = Readable.from([Buffer.from('time=… msg="invalid bearer token"')]);
    const { out } = await podtrustHere(["doctor", "--error", "-", "--json"], { stdin, clock: systemClock });
    assert.deepEqual((JSON.parse(out) as { symptom: { open: unknown } }).symptom.open, ["cluster", "token"]);
    const { code, err } = await doctor("--error", "core dumped");
    assert.equal(code, 2);
    assert.match(err, /none that doctor knows: "core dumped"/u);
    assert.equal((await doctor()).code, 2);
    assert.equal((await doctor("--error", "core dumped", "--token", "token.jwt")).code, 2);
  });

  test("names the cause that explains the error, and points to no link that holds", async (t) => {
    const own = await startIssuer(authority, { host });
    t.after(() => own.close());
    const file = await mkdtemp(join(tmpdir(), "podtrust-doctor-"));
    t.after(() => rm(file, { recursive: true }));
    await writeFile(join(file, "root.pem"), authority.root);
    const to = ["--ca", "root.pem", "--connect-to", `${host}:443:127.0.0.1:${own.connectTo[0]?.toPort}`];
    const ask = () =>
      podtrustHere(["doctor", issuer, "--error", verificationKey, ...to], { cwd: file, clock: systemClock });
    own.publish([key.jwk]);
    const unknown = await podtrustHere(["doctor", issuer, "--error", "core dumped", ...to], {
      cwd: file,
      clock: systemClock,
    });
    assert.equal(unknown.code, 0, unknown.err);
    assert.match(
      unknown.out,
      /every link that its URL shows holds[^]*The error is none that doctor knows: "core dumped"/u,
    );
    const good = await ask();
    assert.match(good.out, /Open: token\./u);
    assert.match(good.out, /next: podtrust explain[^;]*$/mu);
    page(own, "jwks", { status: 404 });
    const bad = await ask();
    assert.equal(bad.code, 3);
    assert.match(bad.out, /explained by JwksPathMissing at jwks/u);
  });
});
