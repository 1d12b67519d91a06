import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { egressProxy } from "./index.ts";

const at = "http://proxy.corp.example:3128";

function goesBy(env: Readonly<Record<string, string>>, host: string, port = 443): string | undefined {
  return egressProxy(env, host, port)?.url.href;
}

describe("the proxy of an environment", () => {
  test("is HTTPS_PROXY, or https_proxy, with or without http: in front", () => {
    for (const env of [
      { HTTPS_PROXY: at },
      { https_proxy: at },
      { HTTPS_PROXY: "proxy.corp.example:3128" },
      { HTTPS_PROXY: at, https_proxy: "http://other:1" },
    ])
      assert.equal(goesBy(env, "iam.amazonaws.com"), `${at}/`);
    assert.equal(goesBy({ HTTP_PROXY: at, ALL_PROXY: at }, "iam.amazonaws.com"), undefined);
    assert.equal(goesBy({ HTTPS_PROXY: " " }, "iam.amazonaws.com"), undefined);
  });

  test("is never asked for this machine", () => {
    for (const host of ["127.0.0.1", "::1", "localhost", "a.localhost"])
      assert.equal(goesBy({ HTTPS_PROXY: at }, host), undefined, host);
  });

  test("is passed by for what NO_PROXY names: names, those under them, addresses, blocks, ports", () => {
    const rows: readonly (readonly [entries: string, host: string, isNamed: boolean, port?: number])[] = [
      ["*", "a.example", true],
      ["a.example", "a.example", true],
      ["a.example", "b.a.example", true],
      ["a.example", "ba.example", false],
      [".a.example", "a.example", false],
      [".a.example", "b.a.example", true],
      ["*.a.example", "b.a.example", true],
      ["*.a.example", "a.example", false],
      ["A.Example", "a.EXAMPLE.", true],
      ["x, a.example", "a.example", true],
      ["a.example:8443", "a.example", false],
      ["a.example:8443", "a.example", true, 8443],
      ["10.0.0.0/8", "10.2.3.4", true],
      ["10.0.0.0/8", "11.2.3.4", false],
      ["10.0.0.0/33", "10.2.3.4", false],
      ["10.0.0.0/x", "10.2.3.4", false],
      ["10.2.3.4", "10.2.3.4", true],
      ["fd00::/8", "fd12::1", true],
      ["[fd12::1]:443", "fd12::1", true],
      ["fd00::/8", "10.2.3.4", false],
      ["10.0.0.0/8", "ten.example", false],
      ["", "a.example", false],
    ];
    for (const [entries, host, isNamed, port] of rows) {
      const found = goesBy({ HTTPS_PROXY: at, NO_PROXY: entries }, host, port);
      assert.equal(found === undefined, isNamed, `${entries} ${host}`);
    }
    assert.equal(goesBy({ HTTPS_PROXY: at, no_proxy: "a.example" }, "a.example"), undefined);
  });

  test("with a login has it as a header, and not in its address", () => {
    const found = egressProxy({ HTTPS_PROXY: "https://me:p%40ss@proxy:3128/" }, "a.example", 443);
    assert.deepEqual(found, {
      url: new URL("https://proxy:3128"),
      authorization: `Basic ${Buffer.from("me:p@ss").toString("base64")}`,
    });
  });

  test("that is no address of one is refused, without its value", () => {
    for (const value of [
      "socks5://me:secret@proxy:1",
      "http://me:secret@proxy/path",
      "http://",
      "http://me:sec ret@",
      "http://me:secret%zz@proxy:3128",
    ]) {
      assert.throws(
        () => egressProxy({ HTTPS_PROXY: value }, "a.example", 443),
        ({ code, message, next }: { code: string; message: string; next: string }) =>
          code === "http-proxy" &&
          !`${message}${next}`.includes("secret") &&
          next.includes("http://HOST:PORT"),
        value,
      );
    }
  });
});
