import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { recordOf, textOf } from "../../core/base/index.ts";
import { readLegacyTokens } from "./legacy-tokens.ts";
import { type ListReader, objectPages } from "./pages.ts";
import { readPods } from "./pods.ts";

const { signal } = new AbortController();
const nameOf = (object: object): string | undefined => textOf(recordOf(recordOf(object)["metadata"])["name"]);

/** A cluster whose lists come in pages of these objects, and the paths that were asked for. */
function listsOf(pages: readonly (readonly object[])[]): ListReader & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    server: "https://192.0.2.1",
    asked,
    follow: (path, _options, read) => {
      asked.push(path);
      const index = Number(new URL(path, "https://192.0.2.1").searchParams.get("continue") ?? 0);
      const next = index + 1 < pages.length ? { continue: String(index + 1) } : {};
      return read(Readable.from([Buffer.from(JSON.stringify({ metadata: next, items: pages[index] }))]));
    },
  };
}

const pod = (name: string): object => ({ metadata: { name } });

describe("a list of the objects of all namespaces", () => {
  test("is read page by page, each asked for where the one before ended", async () => {
    const api = listsOf([[pod("a"), pod("b")], [pod("c")]]);
    assert.deepEqual(await readPods(api, nameOf, { signal }), { kept: ["a", "b", "c"], isWhole: true });
    assert.deepEqual(api.asked, ["/api/v1/pods?limit=500", "/api/v1/pods?limit=500&continue=1"]);
  });

  test("ends at the maximum of objects, and says that there are more", async () => {
    const api = listsOf([[pod("a"), pod("b")], [pod("c")], [pod("d")]]);
    const read = await readPods(api, nameOf, { signal, maxObjects: 2 });
    assert.deepEqual(read, { kept: ["a", "b"], isWhole: false });
  });

  test("keeps nothing of an object that its reader does not want", async () => {
    const api = listsOf([[pod("a"), pod("b")]]);
    const read = await readPods(api, (one) => (nameOf(one) === "b" ? "b" : undefined), { signal });
    assert.deepEqual(read.kept, ["b"]);
  });

  test("that is no JSON is an error with the server's name", async () => {
    const api: ListReader = {
      server: "https://192.0.2.1",
      follow: (_p, _o, read) => read(Readable.from([Buffer.from("<html>")])),
    };
    const query = { path: "/api/v1/pods", what: "see pods", right: "list pods", keep: nameOf };
    await assert.rejects(objectPages(api, query, { signal }), {
      code: "cluster-answer-invalid",
      message: /192\.0\.2\.1, to see pods: no JSON came/u,
    });
  });

  test("of Secrets with tokens has each one's key and last use, and never the token", async () => {
    const token = `${Buffer.from('{"alg":"RS256","kid":"old"}').toString("base64url")}.e30.c2ln`;
    const api = listsOf([
      [
        {
          metadata: {
            namespace: "shop",
            name: "cart-token",
            annotations: { "kubernetes.io/service-account.name": "cart" },
            labels: { "kubernetes.io/legacy-token-last-used": "2026-11-01" },
          },
          data: { token: Buffer.from(token).toString("base64") },
        },
        { metadata: { namespace: "shop", name: "broken" }, data: { token: "!" } },
      ],
    ]);
    const { kept } = await readLegacyTokens(api, { signal });
    assert.deepEqual(kept, [
      { namespace: "shop", secret: "cart-token", serviceAccount: "cart", kid: "old", lastUsed: "2026-11-01" },
      { namespace: "shop", secret: "broken", serviceAccount: "" },
    ]);
    assert.match(
      api.asked[0] ?? "",
      /fieldSelector=type%3Dkubernetes\.io%2Fservice-account-token&limit=500/u,
    );
  });
});
