import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type RequestOptions } from "node:https";
import { test } from "node:test";
import { checkServerIdentity } from "node:tls";
import { collectBytes } from "../../core/base/index.ts";
import { startAuthority } from "./start.ts";

test("an authority that is found at another address names it in its directory, and its certificate is for it", async (context) => {
  const ca = await startAuthority({ foundAt: "198.18.0.1:14000" });
  context.after(() => ca.close());
  assert.equal(ca.directoryUrl, "https://198.18.0.1:14000/directory");
  const options: RequestOptions = {
    host: "127.0.0.1",
    port: ca.port,
    path: "/directory",
    ca: ca.tlsCa,
    agent: false,
    checkServerIdentity: (_host, certificate) => checkServerIdentity("198.18.0.1", certificate),
  };
  const [response] = (await once(get(options), "response")) as [AsyncIterable<Uint8Array>];
  const directory = JSON.parse((await collectBytes(response, 65_536)).toString("utf8")) as object;
  const urls = Object.values(directory).filter((value) => typeof value === "string");
  assert.ok(urls.length >= 6);
  for (const url of urls) assert.match(url, /^https:\/\/198\.18\.0\.1:14000\//u);
});
