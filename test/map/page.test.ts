import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { redacted } from "../../src/doctor/index.ts";
import { mapPage, serveMap, trustMap, type TrustMap } from "../../src/map/index.ts";
import { hostileMap, smallFacts } from "./worlds.ts";
import { lineFor } from "../support/raw-request.ts";

/** What a page holds beside its own style and script. */
const bodyOf = (page: string): string => page.replaceAll(/<(script|style)>[^]*?<\/\1>/gu, "");

const elements = (page: string): readonly string[] =>
  [...new Set([...bodyOf(page).matchAll(/<([a-z][a-z0-9]*)/gu)].map(([, name]) => name ?? ""))].toSorted();

async function ask(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** A request with a Host header of one's own, which fetch does not send. */
async function askAs(host: string, url: string): Promise<number> {
  const { request } = await import("node:http");
  const { port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: pathname + search, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("the page of the trust map", () => {
  test("names of roles, ServiceAccounts, policies and errors are text, whatever stands in them", () => {
    const honest = elements(mapPage(trustMap(smallFacts())));
    const page = mapPage(hostileMap());
    assert.deepEqual(elements(page), honest, "a name made no element");
    assert.doesNotMatch(bodyOf(page), /<img|onerror="|<script|javascript:/iu);
    assert.match(page, /&lt;img src=x onerror=alert\(1\)&gt;/u);
  });

  test("loads nothing else: every address in it is a place on the page itself", () => {
    const page = mapPage(trustMap(smallFacts()));
    for (const [, value = ""] of bodyOf(page).matchAll(/ (?:src|href|action)="([^"]*)"/gu))
      assert.match(value, /^(?:#|data:image\/svg\+xml,)/u);
    assert.match(
      page,
      /default-src &#39;none&#39;; style-src &#39;sha256-[^&]+&#39;; script-src &#39;sha256-[^&]+&#39;; connect-src &#39;none&#39;/u,
    );
    assert.doesNotMatch(page, /unsafe-inline|url\(/u);
  });

  test("every link leads to an entry, and no id stands twice", () => {
    const page = bodyOf(mapPage(hostileMap()));
    const ids = [...page.matchAll(/ id="([^"]*)"/gu)].map(([, one]) => one ?? "");
    assert.equal(new Set(ids).size, ids.length);
    for (const [, target = ""] of page.matchAll(/href="#([^"]*)"/gu)) assert.ok(ids.includes(target), target);
  });

  test("says what is in it, and redacted has neither account ID nor ARN", () => {
    const map: TrustMap = trustMap(smallFacts());
    assert.match(mapPage(map), /It names AWS account IDs and ARNs/u);
    const shared = bodyOf(mapPage({ ...redacted(map), redacted: true }));
    assert.match(shared, /Account IDs and ARNs were removed/u);
    assert.doesNotMatch(shared, /arn:|\d{12}/u);
  });
});

describe("bindings on the page", () => {
  test("stand by kind and name, with their reason, and with their namespace for the filter", () => {
    const page = bodyOf(mapPage(trustMap(smallFacts()))).replaceAll(/\s+/gu, " ");
    const [, list = ""] = /<div class="live" id="bindings-live">(.*?)<\/div>/u.exec(page) ?? [];
    const items = list.split("<li ").slice(1);
    assert.equal(items.length, 3);
    const [day = "", night = "", web = ""] = items;
    assert.match(
      day,
      /data-ns="batch".*batch\/day.*GCPServiceAccountBinding.*Not Ready<.*EmailNotGranted: no grant/u,
    );
    assert.match(
      night,
      /AzureIdentityBinding.*Not known to be Ready<.*no operator has reconciled it yet.*nothing yet/u,
    );
    assert.match(web, /AWSRoleBinding.*>Ready<.*last proved on 2026-11-28 11:30:00 UTC.*role\/web/u);
  });

  test("are said to be none where there are none", () => {
    const page = mapPage(trustMap({ ...smallFacts(), bindings: [] }));
    assert.match(page, /There are none that were seen/u);
  });
});

describe("the page that is served", () => {
  test("answers requests with the token and by a loopback name, and no others", async (t) => {
    const page = await serveMap(trustMap(smallFacts()), { port: 0, watch: 60 });
    t.after(() => page.close());
    const { origin } = new URL(page.url);
    const good = await ask(page.url);
    assert.equal(good.status, 200);
    assert.match(
      good.headers.get("content-security-policy") ?? "",
      /connect-src 'self'.*frame-ancestors 'none'/u,
    );
    assert.equal(good.headers.get("cache-control"), "no-store");
    assert.equal(good.headers.get("referrer-policy"), "no-referrer");
    for (const url of [`${origin}/`, `${origin}/?token=`, `${page.url}x`, `${origin}/?token=guessed`]) {
      const { status, body } = await ask(url);
      assert.equal(status, 403, url);
      assert.doesNotMatch(body, /shop/u);
    }
    assert.equal((await ask(`${origin}/other`)).status, 404);
    assert.equal(await askAs("evil.example", page.url), 421);
    assert.equal(await askAs("localhost", page.url), 200);
    const { pathname, search } = new URL(page.url);
    const target = pathname + search;
    const said = (path: string, ...hosts: readonly string[]) => lineFor(page.url, { target: path, hosts });
    assert.equal(await said(target, "localhost", "evil.example"), "HTTP/1.1 421 Misdirected Request");
    assert.equal(await said(target, "localhost"), "HTTP/1.1 200 OK");
    for (const bad of ["http://[", "http://[?token=x", "//["])
      assert.equal(await said(bad, "localhost"), "HTTP/1.1 400 Bad Request", bad);
  });

  test("answers 304 as long as nothing changed, and the new page afterwards", async (t) => {
    const map = trustMap(smallFacts());
    const page = await serveMap(map, { port: 0, watch: 60 });
    t.after(() => page.close());
    const tag = (await ask(page.url)).headers.get("etag") ?? "";
    assert.equal((await ask(page.url, { "if-none-match": tag })).status, 304);
    page.show({ ...map, stack: "another" });
    const { status, body } = await ask(page.url, { "if-none-match": tag });
    assert.equal(status, 200);
    assert.match(body, /Trust map of another/u);
  });
});
