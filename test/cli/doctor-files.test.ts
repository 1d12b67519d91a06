/** What `podtrust doctor` writes beside its report, and reads of others. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { stackBundleOf } from "../../src/doctor/chain/index.ts";
import { recordedFaults } from "../doctor/chain/recorded.ts";
import { discoveryWith, host, issuer, key, page } from "../doctor/world.ts";
import { testAuthority } from "../support/certificates.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { type IssuerServer, startIssuer } from "../support/issuer-server.ts";

const authority = await testAuthority();
let folder = "";
let server: IssuerServer;
let route: readonly string[] = [];

const doctor = (...args: readonly string[]): Promise<CliResult> =>
  podtrustHere(["doctor", ...args], { cwd: folder, clock: systemClock });
const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");

describe("podtrust doctor writes", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-doctor-"));
    await writeFile(join(folder, "root.pem"), authority.root);
    server = await startIssuer(authority, { host });
    route = ["--ca", "root.pem", "--connect-to", `${host}:443:127.0.0.1:${server.connectTo[0]?.toPort}`];
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test("a bundle of mode 0600 after it said what is in it, which --offline judges without a network", async () => {
    server.publish([key.jwk]);
    page(server, "discovery", { body: discoveryWith({ issuer: `${issuer}/` }) });
    await writeFile(join(folder, "bundle.json"), "");
    await chmod(join(folder, "bundle.json"), 0o644);
    const here = await doctor(issuer, "--bundle", "bundle.json", ...route);
    assert.equal(here.code, 3);
    assert.match(here.out, /bundle bundle\.json .*\n.*issuer +its URL/u);
    assert.equal((await stat(join(folder, "bundle.json"))).mode & 0o777, 0o600);
    server.requests.length = 0;
    const there = await doctor("--offline", "bundle.json");
    assert.equal(there.code, 3);
    assert.match(there.out, /As it was seen at .*from the bundle bundle\.json/u);
    assert.match(there.out, /PT104 IssuerSlash/u);
    assert.deepEqual(server.requests, []);
  });

  test("with --json what is in the bundle beside the report", async () => {
    server.publish([key.jwk]);
    const { out } = await doctor(issuer, "--json", "--bundle", "bundle.json", ...route);
    const { bundle } = JSON.parse(out) as { bundle: { part: string }[] };
    assert.deepEqual(
      bundle.map(({ part }) => part),
      ["issuer", "names", "readings", "around", "token"],
    );
  });

  test("JUnit's XML, in which a broken link failed, a link that was not seen is skipped, and no markup is a server's", async () => {
    server.publish([key.jwk], { "content-type": "text/plain" });
    page(server, "discovery", { body: discoveryWith({ issuer: 'https://evil.example/"><x>\u0007&' }) });
    await doctor(issuer, "--junit", "junit.xml", ...route);
    const xml = await read("junit.xml");
    assert.match(
      xml,
      /<testsuite name="podtrust doctor" timestamp="[^"]+" tests="13" failures="1" errors="0" skipped="/u,
    );
    assert.match(xml, /name="discovery"><failure type="Issuer[A-Za-z]+" message="[^"<>]*"/u);
    assert.match(xml, /name="cluster"><skipped /u);
    assert.match(xml, /name="tls"\/>/u);
    assert.match(xml, /name="jwks"><system-out>warning PT520 MediaTypeUnusual/u);
    for (const mark of ["<x>", "\u0007"]) assert.ok(!xml.includes(mark), xml);
    await doctor(issuer, "--junit", "junit.xml", "--fail-on", "warning", ...route);
    assert.match(await read("junit.xml"), /failures="2"/u);
    assert.equal((await stat(join(folder, "junit.xml"))).mode & 0o777, 0o600);
  });

  test("no account id and no ARN anywhere with --redact", async () => {
    server.publish([{ ...key.jwk, kid: "arn:aws:kms:eu-central-1:111122223333:key/a" }]);
    const files = ["--bundle", "bundle.json", "--junit", "junit.xml"];
    for (const json of [[], ["--json"]]) {
      const { out, err } = await doctor(issuer, "--redact", ...json, ...files, ...route);
      const shown = out + err + (await read("bundle.json")) + (await read("junit.xml"));
      assert.doesNotMatch(shown, /111122223333|arn:aws/u);
      assert.match(shown, /arn-1/u);
    }
  });

  test("the report of a stack's bundle, and JUnit's XML of it", async () => {
    const fault = recordedFaults().find(({ cause }) => cause === "ProviderDeleted");
    assert.ok(fault !== undefined);
    await writeFile(join(folder, "stack.json"), JSON.stringify(stackBundleOf(fault.facts)));
    const { code, out, err } = await doctor("--offline", "stack.json", "--junit", "stack.xml", "--redact");
    assert.equal(code, 3, err);
    assert.match(out, /ProviderDeleted.*As it was seen at .*from the bundle stack\.json/su);
    assert.match(await read("stack.xml"), /<failure type="ProviderDeleted"/u);
    assert.doesNotMatch(out + (await read("stack.xml")), /arn:aws/u);
  });

  test("nothing, and says why, where a bundle is none or something has no place beside it", async () => {
    await writeFile(join(folder, "none.json"), "{}");
    const none = await doctor("--offline", "none.json");
    assert.equal(none.code, 1);
    assert.match(none.err, /bundle-invalid/u);
    for (const args of [
      ["--offline", "bundle.json", issuer],
      ["--offline", "bundle.json", "--resolver", "1.1.1.1"],
      ["--offline", "bundle.json", "--private"],
      ["--offline", "bundle.json", "--bundle", "other.json"],
      ["--bundle", "other.json", "--error", "invalid bearer token"],
      ["--junit", "junit.xml"],
    ]) {
      const { code, err } = await doctor(...args);
      assert.equal(code, 2, `${args.join(" ")}: ${err}`);
    }
  });
});
