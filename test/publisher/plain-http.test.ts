import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startPublisher } from "../../src/publisher/index.ts";
import { startTestPublisher } from "../support/publisher.ts";
import { discoveryPath, jwksPath } from "./support.ts";

test("port 80 answers challenges and nothing else, without a redirect", async () => {
  const challenges = { http01: (token: string) => (token === "tok-1" ? "tok-1.thumb" : undefined) };
  await using to = await startTestPublisher({
    options: {
      challenges,
      listen: {
        https: [{ host: "127.0.0.1", port: 0 }],
        http: [{ host: "127.0.0.1", port: 0 }],
        admin: false,
      },
    },
  });
  await to.publisher.ready();
  const base = `http://127.0.0.1:${to.publisher.addresses.http[0]?.port}`;
  const ask = (path: string, method = "GET") => fetch(base + path, { method, redirect: "manual" });
  const answer = await ask("/.well-known/acme-challenge/tok-1");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/octet-stream");
  assert.equal(await answer.text(), "tok-1.thumb");
  for (const path of [
    "/.well-known/acme-challenge/tok-2",
    "/.well-known/acme-challenge/../x",
    "/",
    jwksPath,
    discoveryPath,
  ])
    assert.equal((await ask(path)).status, 404, path);
  assert.equal((await ask("/.well-known/acme-challenge/tok-1", "POST")).status, 405);
});

test("plain HTTP behind a proxy serves the documents without HSTS, and only by the option that says so", async () => {
  await using to = await startTestPublisher();
  const [own] = to.options.issuers;
  assert.ok(own !== undefined);
  const { certificates: _none, ...bare } = own;
  const folder = await mkdtemp(join(tmpdir(), "podtrust-plain-"));
  const listen = { insecurePlainHttpBehindProxy: [{ host: "127.0.0.1", port: 0 }], admin: false } as const;
  const plain = await startPublisher({ ...to.options, issuers: [bare], stateDir: folder, listen });
  await plain.ready();
  const url = `http://127.0.0.1:${plain.addresses.plain[0]?.port}${jwksPath}`;
  assert.equal((await fetch(url)).status, 421);
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const outgoing = request(url, { headers: { host: to.host }, agent: false }, (response) => {
      response.resume();
      resolve(response.headers);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
  assert.equal(headers["content-type"], "application/jwk-set+json");
  assert.equal(headers["strict-transport-security"], undefined);
  await plain.close(0);
  await rm(folder, { recursive: true });
});
