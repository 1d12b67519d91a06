import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { discoveryOf, type IssuerServer, startIssuer } from "../../../test/support/issuer-server.ts";
import { ecKey } from "../../../test/support/sandbox.ts";
import { type OtherPublisher, readPublisher } from "./documents.ts";

const { signal } = new AbortController();
const authority = await testAuthority();
const [first, second] = [ecKey("first").jwk, ecKey("second").jwk];

describe("who else publishes an issuer", () => {
  let server: IssuerServer;
  before(async () => {
    server = await startIssuer(authority, { host: "old.example.com" });
  });
  beforeEach(() => server.pages.clear());
  after(() => server.close());

  const read = (issuer = server.issuer): Promise<OtherPublisher | undefined> =>
    readPublisher(issuer, { ca: authority.root, connectTo: server.connectTo }, signal);

  interface Answer {
    readonly keys?: readonly object[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly status?: number;
  }

  /** Answers with the key sets in turn, one a reading. */
  function inTurn(...answers: readonly Answer[]): void {
    const { issuer, pages } = server;
    let readings = 0;
    const answer = ({ headers, status = 200 }: Answer, body: string, response: ServerResponse): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(body);
    };
    const now = (): Answer => answers[Math.min(readings, answers.length) - 1] ?? {};
    pages.set("/.well-known/openid-configuration", (_request: IncomingMessage, response) => {
      readings += 1;
      answer(now(), discoveryOf(issuer), response);
    });
    pages.set("/openid/v1/jwks", (_request: IncomingMessage, response) =>
      answer(now(), JSON.stringify({ keys: now().keys ?? [] }), response),
    );
  }

  test("is identified by the headers of two readings that are the same", async () => {
    server.publish([first], { server: "AmazonS3", etag: '"one"' });
    assert.deepEqual(await read(), {
      issuer: server.issuer,
      servers: ["AmazonS3"],
      etags: ['"one"'],
      kids: ["first"],
      differs: false,
    });
    const jwksAsked = server.requests.filter((path) => path === "/openid/v1/jwks");
    assert.equal(jwksAsked.length, 2, "each reading asks by itself");
  });

  test("is more than one where two readings have different keys, and each has its own headers", async () => {
    inTurn(
      { keys: [first], headers: { server: "nginx", etag: '"one"' } },
      { keys: [first, second], headers: { server: "Caddy", etag: '"two"' } },
    );
    assert.deepEqual(await read(), {
      issuer: server.issuer,
      servers: ["nginx", "Caddy"],
      etags: ['"one"', '"two"'],
      kids: ["first"],
      differs: true,
    });
  });

  test("is said to differ where one of two readings fails, whichever it is", async () => {
    const there = { keys: [second], headers: { server: "nginx" } };
    for (const answers of [
      [there, { status: 503 }],
      [{ status: 503 }, there],
    ]) {
      inTurn(...answers);
      const found = await read();
      assert.deepEqual([found?.differs, found?.kids, found?.servers], [true, ["second"], ["nginx"]]);
    }
  });

  test("has no keys if it does not serve a JWK Set", async () => {
    server.publish([first]);
    for (const body of ["<html>", "[]", '{"keys":7}']) {
      server.pages.set("/openid/v1/jwks", { body });
      assert.deepEqual((await read())?.kids, [], body);
    }
  });

  test("is undefined if there is no document, the name is a private one, or it is not https", async () => {
    assert.equal(await read(), undefined);
    const asked = server.requests.length;
    assert.equal(await read("https://kubernetes.default.svc.cluster.local"), undefined);
    assert.equal(await read("http://old.example.com"), undefined);
    assert.equal(server.requests.length, asked, "neither is asked");
  });
});
