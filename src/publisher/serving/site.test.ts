import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { hostOf, Site, type SitePage } from "./site.ts";
import { Tallies } from "./tallies.ts";

const long = `{"issuer":"https://a.test","x":"${"y".repeat(400)}"}`;
const pages: readonly SitePage[] = [
  {
    stack: "a",
    place: "discovery",
    url: "https://a.test/.well-known/openid-configuration",
    cacheControl: "public, max-age=60",
  },
  { stack: "a", place: "jwks", url: "https://keys.test/a.json", cacheControl: "public, max-age=60" },
  {
    stack: "b",
    place: "discovery",
    url: "https://a.test/b/.well-known/openid-configuration",
    cacheControl: "no-cache",
  },
  { stack: "b", place: "jwks", url: "https://a.test/b/openid/v1/jwks", cacheControl: "no-cache" },
];

function site(secure = true): Site {
  const made = new Site(pages, { secure, targetBytes: 2048, tallies: new Tallies() });
  made.publish("a", "discovery", long);
  made.publish("a", "jwks", '{"keys":[]}');
  made.publish("b", "discovery", "{}");
  return made;
}

const ask = (target: string, authority: string | undefined = "a.test", more = {}) =>
  site().answer({
    method: "GET",
    authority,
    target,
    ifNoneMatch: undefined,
    acceptEncoding: undefined,
    ...more,
  });

const field = (answer: ReturnType<typeof ask>, name: string): string | undefined => {
  const { http2 } = answer.at("now");
  const at = http2.findIndex((text, index) => index % 2 === 0 && text === name.toLowerCase());
  return at < 0 ? undefined : String(http2[at + 1]);
};

describe("what a publisher serves", () => {
  test("exactly the paths of issuer and jwks_uri are served, by name", () => {
    assert.equal(ask("/.well-known/openid-configuration").status, 200);
    assert.equal(ask("/a.json", "keys.test").status, 200);
    assert.equal(ask("/b/.well-known/openid-configuration").body.toString(), "{}");
    assert.equal(ask("/b/openid/v1/jwks").status, 503);
    for (const path of [
      "/",
      "/openid/v1/jwks",
      "/a.json",
      "/.well-known/openid-configuration/",
      "//.well-known/openid-configuration",
      "/.WELL-KNOWN/openid-configuration",
      "/%2Ewell-known/openid-configuration",
    ])
      assert.equal(ask(path).status, 404, path);
    assert.equal(ask("/.well-known/openid-configuration?v=1").status, 200);
  });

  test("the host is taken in any spelling, and a foreign one is misdirected", () => {
    for (const host of ["A.test", "a.test:443", "a.test.", "a.TEST.:8443"])
      assert.equal(ask("/b/x", host).status, 404, host);
    for (const host of ["c.test", "127.0.0.1", "[::1]:443", ""])
      assert.equal(ask("/x", host).status, 421, host);
    assert.equal(
      site().answer({
        method: "GET",
        authority: undefined,
        target: "/",
        ifNoneMatch: undefined,
        acceptEncoding: undefined,
      }).status,
      400,
    );
    assert.equal(hostOf("[2001:DB8::1]:443"), "[2001:db8::1]");
  });

  test("the absolute form counts more than Host (RFC 9112 §3.2.2)", () => {
    assert.equal(ask("https://keys.test/a.json", "a.test").status, 200);
    assert.equal(ask("https://other.test/a.json", "a.test").status, 421);
    assert.equal(ask("https://a.test", "a.test").status, 404);
    for (const target of ["*", "a.test:443", "ftp://a.test/", "https://"])
      assert.equal(ask(target).status, 400, target);
  });

  test("other methods get 405 with Allow where something is served, and 404 elsewhere", () => {
    const answer = ask("/a.json", "keys.test", { method: "POST" });
    assert.equal(answer.status, 405);
    assert.equal(field(answer, "allow"), "GET, HEAD");
    assert.equal(ask("/nothing", "a.test", { method: "POST" }).status, 404);
  });

  test("a target over the bound is 414, whatever it names", () => {
    assert.equal(ask(`/${"a".repeat(2048)}`, "c.test").status, 414);
  });

  test("gzip goes out where asked for and smaller, under a tag of its own and with Vary", () => {
    const packed = ask("/.well-known/openid-configuration", "a.test", { acceptEncoding: "gzip" });
    assert.equal(field(packed, "content-encoding"), "gzip");
    assert.equal(gunzipSync(packed.body).toString(), long);
    const bare = ask("/.well-known/openid-configuration");
    assert.equal(bare.body.toString(), long);
    assert.notEqual(field(bare, "etag"), field(packed, "etag"));
    for (const answer of [packed, bare]) assert.equal(field(answer, "vary"), "Accept-Encoding");
    const small = ask("/b/.well-known/openid-configuration", "a.test", { acceptEncoding: "gzip" });
    assert.equal(field(small, "content-encoding"), undefined);
    assert.equal(field(small, "vary"), undefined);
  });

  test("304 carries what the 200 would, and no length (RFC 9110 §15.4.5)", () => {
    const etag = field(ask("/.well-known/openid-configuration"), "etag");
    const answer = ask("/.well-known/openid-configuration", "a.test", { ifNoneMatch: etag });
    assert.equal(answer.status, 304);
    assert.equal(field(answer, "etag"), etag);
    assert.equal(field(answer, "cache-control"), "public, max-age=60");
    assert.equal(field(answer, "vary"), "Accept-Encoding");
    assert.equal(field(answer, "content-length"), undefined);
    assert.equal(answer.body.length, 0);
  });

  test("HSTS is sent over TLS only (RFC 6797 §7.2)", () => {
    const asked = {
      method: "GET",
      authority: "a.test",
      target: "/",
      ifNoneMatch: undefined,
      acceptEncoding: undefined,
    };
    assert.equal(field(site(true).answer(asked), "strict-transport-security"), "max-age=31536000");
    assert.equal(field(site(false).answer(asked), "strict-transport-security"), undefined);
  });

  test("forms are made once for a second and shared by all requests in it", () => {
    const answer = ask("/a.json", "keys.test");
    assert.equal(answer.at("one"), answer.at("one"));
    assert.notEqual(answer.at("one"), answer.at("two"));
    assert.match(
      answer.at("two").message.toString(),
      /^HTTP\/1\.1 200 OK\r\n[^]*Date: two\r\n\r\n\{"keys":\[\]\}$/u,
    );
  });

  test("two stacks cannot publish one URL", () => {
    assert.throws(
      () =>
        new Site([...pages, { ...(pages[0] as SitePage), stack: "c" }], {
          secure: true,
          targetBytes: 1,
          tallies: new Tallies(),
        }),
      TypeError,
    );
  });
});
