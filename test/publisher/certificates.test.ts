import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { connect, createSecureContext, type TLSSocket } from "node:tls";
import { startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { get2, http2, jwksPath } from "./support.ts";

function serialOf(to: TestPublisher, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: to.port, servername, ca: to.authority.root }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

async function status(to: TestPublisher, agent: Agent): Promise<{ status: number; socket: TLSSocket }> {
  const outgoing = request({
    host: "127.0.0.1",
    port: to.port,
    path: jwksPath,
    servername: to.host,
    ca: to.authority.root,
    agent,
    headers: { host: to.host },
  });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const socket = response.socket as TLSSocket;
  response.resume();
  await once(response, "end");
  return { status: response.statusCode ?? 0, socket };
}

test("a new certificate is for new handshakes, and no connection drops while it is exchanged again and again", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const before = await serialOf(to, to.host);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const first = await status(to, agent);
  const session = http2(to);
  let dropped = 0;
  session.on("close", () => (dropped += 1));
  first.socket.on("close", () => (dropped += 1));
  for (let round = 0; round < 10; round += 1) {
    to.certificates.set(await to.authority.issue([to.host]));
    const answers = await Promise.all([
      status(to, agent).then((answer) => answer.status),
      get2(session, { ":path": jwksPath }).then((answer) => answer.status),
    ]);
    assert.deepEqual(answers, [200, 200]);
  }
  const last = await status(to, agent);
  assert.equal(last.socket, first.socket);
  assert.equal(dropped, 0);
  assert.notEqual(await serialOf(to, to.host), before);
  session.destroy();
  agent.destroy();
});

test("a client that names no server gets the new certificate as well", async () => {
  await using to = await startTestPublisher({ names: ["127.0.0.1"] });
  const before = await serialOf(to, "");
  to.certificates.set(await to.authority.issue([to.host, "127.0.0.1"]));
  assert.notEqual(await serialOf(to, ""), before);
});

test("a certificate that cannot be used is reported, and the old one stays", async () => {
  await using to = await startTestPublisher();
  const before = await serialOf(to, to.host);
  to.certificates.set({ certificate: "nonsense", key: "nonsense" });
  assert.equal(await serialOf(to, to.host), before);
  assert.match(to.log.of("error").join(), /the new certificate of test cannot be used/u);
});

test("an expired certificate makes it unready and goes on being served", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  const expiry = to.clock.now() + 1000;
  to.certificates.set(await to.authority.issue([to.host]), expiry);
  assert.equal((await to.admin("/readyz")).status, 200);
  await to.clock.advance(2000);
  const answer = await to.admin("/readyz");
  assert.equal(answer.status, 503);
  assert.match(answer.text, /test: The certificate expired at 2026-11-25/u);
  await serialOf(to, to.host);
});

test("a certificate without the issuer's name is warned of", async () => {
  await using to = await startTestPublisher();
  await to.publisher.ready();
  to.certificates.set(await to.authority.issue(["other.example.test"]));
  assert.match(to.publisher.status().issuers[0]?.warnings.join() ?? "", /does not name oidc\.example\.test/u);
});

async function validate(to: TestPublisher, servername: string): Promise<string> {
  const socket = connect({
    host: "127.0.0.1",
    port: to.port,
    servername,
    rejectUnauthorized: false,
    ALPNProtocols: ["acme-tls/1"],
  });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  assert.equal(socket.alpnProtocol, "acme-tls/1");
  socket.resume();
  await once(socket, "end");
  return String(subject.CN);
}

test("a validator is shown its challenge's certificate and nothing is spoken, before and after the first real one", async () => {
  const { certificate, key } = await (
    await import("../support/certificates.ts")
  )
    .testAuthority()
    .then((authority) => authority.issue(["challenge.test"]));
  const context = createSecureContext({ cert: certificate, key });
  const challenges = { tlsAlpn01: (name: string) => (name === "oidc.example.test" ? context : undefined) };
  const { FakeCertificates } = await import("../support/publisher.ts");
  const none = new FakeCertificates();
  await using to = await startTestPublisher({
    issuerOptions: { certificates: none },
    options: { challenges },
  });
  assert.equal(await validate(to, to.host), "challenge.test");
  await assert.rejects(serialOf(to, to.host));
  assert.match((await to.admin("/readyz")).text, /There is no certificate yet/u);
  none.set(await to.authority.issue([to.host]));
  await serialOf(to, to.host);
  assert.equal(await validate(to, to.host), "challenge.test");
  await assert.rejects(validate(to, "other.test"));
});

test("TLS 1.2 and 1.3 are spoken, 1.1 is not", async () => {
  await using to = await startTestPublisher();
  const speak = async (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): Promise<string | null> => {
    const socket = connect({
      host: "127.0.0.1",
      port: to.port,
      servername: to.host,
      ca: to.authority.root,
      minVersion: version,
      maxVersion: version,
    });
    await once(socket, "secureConnect");
    const protocol = socket.getProtocol();
    socket.destroy();
    return protocol;
  };
  assert.equal(await speak("TLSv1.2"), "TLSv1.2");
  assert.equal(await speak("TLSv1.3"), "TLSv1.3");
  await assert.rejects(speak("TLSv1.1"));
});
