import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { discoveryPath, jwksPath } from "../publisher/support.ts";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { maxWait } from "../support/until.ts";

let to: TestPublisher;
let ca: string;
before(async () => {
  to = await startTestPublisher({ keys: [newKey("RSA"), newKey()] });
  await to.publisher.ready();
  ca = join(to.stateDir, "ca.pem");
  await writeFile(ca, to.authority.root);
});
after(() => to[Symbol.asyncDispose]());

/** Standard output and error of a tool, whatever its exit code. */
function tool(name: string, args: readonly string[]): Promise<{ code: number; out: Buffer; err: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(name, args, { encoding: "buffer", timeout: maxWait }, (error, out, err) => {
      if (error !== null && typeof error.code === "string") reject(error);
      else resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err: err.toString() });
    });
    child.stdin?.end();
  });
}

const curl = (path: string, ...args: string[]) =>
  tool("curl", [
    "-sS",
    "--cacert",
    ca,
    "--connect-to",
    `${to.host}:443:127.0.0.1:${to.port}`,
    ...args,
    `https://${to.host}${path}`,
  ]);

test("curl fetches both documents over HTTP/1.1 and HTTP/2, byte for byte the cluster's", async () => {
  for (const version of ["--http1.1", "--http2"]) {
    const discovery = await curl(discoveryPath, version);
    assert.equal(discovery.code, 0, discovery.err);
    assert.deepEqual(discovery.out, to.cluster.documents().discovery);
    assert.deepEqual((await curl(jwksPath, version)).out, to.cluster.documents().jwks);
    const { out } = await curl(jwksPath, version, "-o", "/dev/null", "-w", "%{http_version} %{http_code}");
    assert.equal(out.toString(), version === "--http2" ? "2 200" : "1.1 200");
  }
});

test("curl unpacks gzip, and its ETag cache gets 304", async () => {
  assert.deepEqual((await curl(jwksPath, "--compressed")).out, to.cluster.documents().jwks);
  const packed = await curl(jwksPath, "-H", "Accept-Encoding: gzip");
  assert.deepEqual(gunzipSync(packed.out), to.cluster.documents().jwks);
  const tag = join(to.stateDir, "etag");
  await curl(jwksPath, "--etag-save", tag);
  const again = await curl(jwksPath, "--etag-compare", tag, "-w", "%{http_code}");
  assert.equal(again.out.toString(), "304");
});

test("curl offering HTTP/1.0 is answered", async () => {
  const { out } = await curl(jwksPath, "--http1.0", "-o", "/dev/null", "-w", "%{http_code}");
  assert.equal(out.toString(), "200");
});

test("a foreign name is refused by curl's own check of the certificate", async () => {
  const { code } = await tool("curl", [
    "-sS",
    "--cacert",
    ca,
    "--connect-to",
    `evil.test:443:127.0.0.1:${to.port}`,
    "https://evil.test/",
  ]);
  assert.equal(code, 60);
});

const sClient = async (...args: string[]): Promise<string> => {
  const target = ["-connect", `127.0.0.1:${to.port}`, "-servername", to.host, "-CAfile", ca];
  const { out, err } = await tool("openssl", ["s_client", ...target, "-verify_return_error", ...args]);
  return out.toString() + err;
};

test("OpenSSL agrees on TLS 1.2 and 1.3 with forward secrecy, and gets nothing older", async () => {
  assert.match(await sClient("-tls1_3"), /TLSv1\.3, Cipher is TLS_AES_\d+_GCM/u);
  const older = await sClient("-tls1_2");
  assert.match(older, /TLSv1\.2, Cipher is ECDHE-/u);
  assert.match(older, /Verify return code: 0 \(ok\)/u);
  assert.match(
    await sClient("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    /alert|no protocols|Cipher is \(NONE\)/u,
  );
  assert.match(await sClient("-tls1_2", "-cipher", "AES128-SHA"), /handshake failure|Cipher is \(NONE\)/u);
});

test("OpenSSL negotiates h2 and http/1.1 by ALPN, and is refused anything else", async () => {
  assert.match(await sClient("-alpn", "h2,http/1.1"), /ALPN protocol: h2/u);
  assert.match(await sClient("-alpn", "http/1.1"), /ALPN protocol: http\/1\.1/u);
  assert.match(await sClient("-alpn", "acme-tls/1"), /no application protocol/u);
});
