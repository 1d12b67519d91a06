import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { aroundFaults, caaFaults, challengeFaults } from "./around-faults.ts";
import { both, dated, day, type Fault, withPage, xml } from "./fault.ts";
import { discoveryWith, host, key, page, paths, type DoctorWorld } from "./world.ts";
import { selfSigned } from "./self-signed.ts";
import { testHierarchy } from "../support/certificates.ts";
import { ecKey } from "../support/sandbox.ts";
import { freePort } from "../support/free-port.ts";

const [one, two] = ["192.0.2.1", "192.0.2.2"];
const denied = {
  status: 403,
  headers: { server: "AmazonS3", "content-type": "application/xml" },
  body: xml("AccessDenied"),
};

/** S3's answer to an anonymous reader of an object under SSE-KMS. */
export const encrypted = {
  status: 400,
  headers: { server: "AmazonS3", "content-type": "application/xml" },
  body: xml("InvalidArgument").replace(
    "</Error>",
    "<Message>Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.</Message></Error>",
  ),
};

/** Answers every second time as asked, and else with a failure. */
const everySecond =
  (status: number): Fault =>
  async (world) => {
    const server = await world.start();
    const [good] = [server.pages.get(paths.jwks)];
    let asked = 0;
    server.pages.set(paths.jwks, (_request, response) => {
      asked += 1;
      const body = typeof good === "object" ? good.body : "";
      if (asked % 2 === 1) response.writeHead(200, { "content-type": "application/json" }).end(body);
      else response.writeHead(status).end();
    });
  };

/** Two servers behind the two addresses of the name; gives the second. */
async function twoAddresses(world: DoctorWorld) {
  await world.dns({ [`A ${host}`]: [one, two] });
  await world.start({}, one);
  return world.start({}, two);
}

/** Faults of certificates and handshakes. */
export const tlsFaults = {
  ...caaFaults,
  ...challengeFaults,
  CertificateExpired: dated(-2 * day, -day),
  CertificateNotYetValid: dated(day, 2 * day),
  CertificateExpiring: dated(-85 * day, 5 * day),
  CertificateNameMismatch: async (world) =>
    void (await world.start({ certificateNames: ["other.example.test"] })),
  JwksHostNotCovered: async (world) => {
    const server = await world.start();
    await world.start({ host: "keys.example.test", certificateNames: ["node.example.test"] });
    page(server, "discovery", {
      body: discoveryWith({ jwks_uri: "https://keys.example.test/openid/v1/jwks" }),
    });
  },
  ChainIncomplete: async (world) => {
    await world.start({ certificate: await world.hierarchy.chain([host], { give: ["leaf"] }) });
  },
  PrivateAuthority: async (world) => {
    const strange = await testHierarchy(Date.now(), "Stranger");
    await world.start({
      certificate: await strange.chain([host], { give: ["leaf", "intermediate", "root"] }),
    });
  },
  CertificateUntrusted: async (world) => {
    await world.start({ certificate: await (await testHierarchy(Date.now(), "Stranger")).chain([host]) });
  },
  CertificateSelfSigned: async (world) => {
    await world.start({ certificate: await selfSigned(host) });
  },
  TlsTooOld: async (world) => {
    await world.start({ tls: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } });
  },
  NoTls: async (world) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
    });
    await world.listen(server);
  },
  TlsFailed: async (world) => {
    const noContext = {
      SNICallback: (_name: string, done: (error: Error) => void) => done(new Error("none")),
    };
    await world.start({ tls: noContext });
  },
} satisfies Record<string, Fault>;

const fullListener = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));
`;

/** Faults on the way to the documents. */
export const reachabilityFaults = {
  ...aroundFaults,
  RedirectNotFollowed: withPage("discovery", {
    status: 302,
    headers: { location: "https://www.example.test/" },
  }),
  BucketPrivate: both(denied),
  ObjectPrivate: withPage("jwks", denied),
  ObjectEncrypted: both(encrypted),
  BotProtection: both({
    status: 403,
    headers: { server: "cloudflare", "cf-mitigated": "challenge", "content-type": "text/html" },
    body: "<!DOCTYPE html><title>Just a moment...</title>",
  }),
  StorageFirewall: both({ status: 403, headers: { "x-ms-error-code": "AuthorizationFailure" }, body: "" }),
  Throttled: everySecond(429),
  AnswersFlaky: everySecond(502),
  DocumentMissing: both({ status: 404, body: "not found" }),
  BucketMissing: both({ status: 404, body: xml("NoSuchBucket") }),
  UnexpectedStatus: withPage("discovery", { status: 418 }),
  ServerFailing: both({ status: 502, body: "bad gateway" }),
  ConnectionRefused: async (world) => world.lead(host, await freePort()),
  /** A listener whose queue is full and whose program is stopped: the kernel drops new connections. */
  ConnectionFailed: async (world) => {
    const child = spawn(process.execPath, ["-e", fullListener], { stdio: ["ignore", "pipe", "ignore"] });
    world.atEnd(() => child.kill("SIGKILL"));
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(said.toString());
    child.kill("SIGSTOP");
    const filling = Array.from({ length: 6 }, () =>
      connect({ port, host: "127.0.0.1" }).on("error", () => {}),
    );
    world.atEnd(() => {
      for (const socket of filling) socket.destroy();
    });
    await Promise.all(filling.slice(0, 2).map((socket) => once(socket, "connect")));
    world.timeoutMs = 300;
    world.lead(host, port);
  },
  AddressDead: async (world) => {
    await world.dns({ [`A ${host}`]: [one, two] });
    await world.start({}, one);
    world.lead(two, await freePort());
  },
  AddressesDiffer: async (world) => {
    (await twoAddresses(world)).publish([ecKey("other").jwk]);
  },
  AddressUnseen: async (world) => {
    await world.dns({ [`A ${host}`]: [one, "255.255.255.255"] });
    await world.start({}, one);
  },
  ResponseTimeout: async (world) => {
    const server = await world.start();
    server.pages.set(paths.jwks, (_request, response) => void response.write("{"));
    world.timeoutMs = 300;
  },
  LookDelayed: async (world) => {
    const server = await world.start();
    const good = server.pages.get(paths.jwks);
    let asked = 0;
    server.pages.set(paths.jwks, (_request, response) => {
      asked += 1;
      // The process of server and doctor stands still once, as it does on a machine that has no time for it.
      if (asked === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(typeof good === "object" ? good.body : "");
    });
    world.timeoutMs = 1200;
  },
  ResponseTooLarge: withPage("jwks", { body: " ".repeat(600_000) }),
  ResponseInvalid: async (world) => {
    const server = await world.start();
    server.pages.set(paths.jwks, (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setTimeout(() => response.destroy(), 20);
    });
  },
  ResponseSlow: async (world) => {
    page(await world.start(), "jwks", { delayMs: 1250, body: JSON.stringify({ keys: [key.jwk] }) });
    world.timeoutMs = 2400;
  },
} satisfies Record<string, Fault>;
