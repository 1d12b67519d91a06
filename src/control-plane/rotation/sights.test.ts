import assert from "node:assert/strict";
import { test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { testAuthority } from "../../../test/support/certificates.ts";
import { startCompanyProxy } from "../../../test/support/company-proxy.ts";
import { startIssuer } from "../../../test/support/issuer-server.ts";
import { ecKey } from "../../../test/support/sandbox.ts";
import { sightsOf } from "./sights.ts";

const issuer = "https://oidc.example.invalid";

test("keys that are given to relying parties are seen there, and one that cannot be read is an unknown place", async () => {
  const { signal } = new AbortController();
  const given = [
    { place: "Google project a", look: () => Promise.resolve(["new"]) },
    {
      place: "Google project b",
      look: () => Promise.reject(new PodtrustError("gcp-credentials-missing", "GOOGLE is not set")),
    },
  ];
  assert.deepEqual(await sightsOf(issuer, { route: {}, given, isFetched: false }, signal), {
    seen: [
      { where: "at Google project a", kids: ["new"] },
      { where: "at Google project b", kids: undefined },
    ],
    failures: ["Google project b: GOOGLE is not set"],
  });
});

test("ends with the signal while a place is looked at", async () => {
  const over = new AbortController();
  const look = (): Promise<never> => {
    over.abort(new Error("ended"));
    return Promise.reject(new Error("cut"));
  };
  const given = [{ place: "Google project a", look }];
  await assert.rejects(sightsOf(issuer, { route: {}, given, isFetched: false }, over.signal), /ended/u);
});

test("through a company's proxy no address is seen by itself, and a person may take what the proxy shows", async (t) => {
  const authority = await testAuthority();
  const server = await startIssuer(authority, { host: "oidc.behind-proxy.example" });
  t.after(() => server.close());
  server.publish([ecKey("first").jwk]);
  const proxy = await startCompanyProxy(authority, { [server.host]: server.connectTo[0]?.toPort ?? 0 });
  t.after(() => proxy.close());
  process.env["HTTPS_PROXY"] = proxy.url;
  t.after(() => delete process.env["HTTPS_PROXY"]);
  const { signal } = new AbortController();
  const look = (seenThroughProxy: boolean) =>
    sightsOf(server.issuer, { route: { ca: authority.root }, seenThroughProxy }, signal);
  const { seen, failures } = await look(false);
  assert.deepEqual(
    seen.map(({ kids }) => kids),
    [undefined],
  );
  assert.match(failures.join(), /through the proxy of HTTPS_PROXY.*--seen-through-proxy/u);
  assert.deepEqual(await look(true), {
    seen: [{ where: "through the proxy", kids: ["first"] }],
    failures: [],
  });
  assert.deepEqual(new Set(proxy.asked), new Set([`${server.host}:443`]));
});
