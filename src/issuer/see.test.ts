import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { parseConnectTo } from "../core/http/index.ts";
import { testAuthority, type TestAuthority } from "../../test/support/certificates.ts";
import { discoveryOf } from "../../test/support/issuer-server.ts";
import { ecKey } from "../../test/support/sandbox.ts";
import { privateThumbprints, seeIssuer } from "./index.ts";

const signal = new AbortController().signal;
const [issuer, keysHost] = ["https://oidc.example.com", "keys.example.com"];
const authority = await testAuthority();
const key = ecKey("first");
const blocks = (pem: string): string[] => pem.split(/(?<=-----END CERTIFICATE-----\n)\n?/u).filter(Boolean);
const sha1 = (pem: string): string => new X509Certificate(pem).fingerprint.replaceAll(":", "").toLowerCase();

interface Front {
  readonly server: Server;
  readonly rule: ReturnType<typeof parseConnectTo>;
  readonly chain: readonly string[];
}

/** A server whose chain is as long as `certificates` says. */
async function front(host: string, by: TestAuthority, certificates: number, jwksUri: string): Promise<Front> {
  const { certificate, key: own } = await by.issue([host]);
  const chain = blocks(certificate).slice(0, certificates);
  const server = createServer({ cert: chain.join(""), key: own }, (request, response) => {
    const isKeys = request.url === "/jwks";
    response.end(isKeys ? JSON.stringify({ keys: [key.jwk] }) : discoveryOf(issuer, jwksUri));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, chain, rule: parseConnectTo(`${host}:443:127.0.0.1:${port}`) };
}

const fronts: Front[] = [];
let [whole, bare, split]: Front[] = [];
const route = (...them: (Front | undefined)[]): { connectTo: Front["rule"][]; ca: string } => ({
  connectTo: them.flatMap((one) => one?.rule ?? []),
  ca: authority.root,
});

describe("looking at an issuer", () => {
  before(async () => {
    whole = await front("oidc.example.com", authority, 2, `${issuer}/jwks`);
    bare = await front("oidc.example.com", authority, 1, `${issuer}/jwks`);
    split = await front("oidc.example.com", authority, 1, `https://${keysHost}/jwks`);
    fronts.push(whole, bare, split, await front(keysHost, authority, 2, ""));
  });

  after(() => {
    for (const { server } of fronts) {
      server.closeAllConnections();
      server.close();
    }
  });

  test("an issuer is read as AWS reads it", async () => {
    const seen = await seeIssuer(issuer, route(whole), signal);
    assert.deepEqual(seen, {
      discoveryUrl: `${issuer}/.well-known/openid-configuration`,
      jwksUri: `${issuer}/jwks`,
      kids: ["first"],
    });
    await assert.rejects(seeIssuer("https://oidc.example.com/other", route(whole), signal), {
      code: "issuer-unreached",
      message: /issuer of the document is "https:\/\/oidc\.example\.com": they are different issuers/u,
    });
  });

  test("without --ca there are no thumbprints, and nothing is asked", async () => {
    assert.equal(await privateThumbprints("https://nowhere.invalid", {}, signal), undefined);
  });

  test("a private CA's thumbprint is that of the last certificate which is served", async () => {
    assert.deepEqual(await privateThumbprints(issuer, route(whole), signal), [sha1(authority.root)]);
    // The root is known here but not served: AWS would not find its thumbprint in the chain.
    assert.deepEqual(await privateThumbprints(issuer, route(bare), signal), [sha1(bare?.chain[0] ?? "")]);
  });

  test("documents on two hosts have two thumbprints, that of the keys first", async () => {
    const prints = await privateThumbprints(issuer, route(split, fronts[3]), signal);
    assert.deepEqual(prints, [sha1(authority.root), sha1(split?.chain[0] ?? "")]);
  });

  test("a wrong root is an error, not a thumbprint", async () => {
    const otherCa = await testAuthority("Another CA");
    await assert.rejects(privateThumbprints(issuer, { ...route(whole), ca: otherCa.root }, signal), {
      code: "issuer-unreached",
      next: /--ca FILE/u,
    });
  });

  test("a signal ends the reading of an issuer", async () => {
    await assert.rejects(seeIssuer(issuer, route(whole), AbortSignal.abort(new Error("ended"))), /ended/u);
  });
});
