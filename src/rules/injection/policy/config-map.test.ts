import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, type JsonRecord } from "../../../core/base/index.ts";
import { injectionConfigMap, injectionMaps, leftOutAccounts } from "../index.ts";

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const account = (name: string | undefined, annotations: JsonRecord): JsonRecord => ({
  metadata: { ...defined({ name }), annotations },
});
const web = account("web", {
  "eks.amazonaws.com/role-arn": role("web"),
  "eks.amazonaws.com/audience": "sts.amazonaws.com",
  "chain.podtrust.dev/out": role("out"),
});
const api = account("api", {
  "eks.amazonaws.com/role-arn": role("api"),
  "podtrust.dev/region": "eu-central-1",
});

describe("the ConfigMap of a namespace's roles", () => {
  test("is the same for the same ServiceAccounts in another order, with its attributes in theirs", () => {
    const one = injectionConfigMap("shop", [web, api]);
    assert.deepEqual(injectionConfigMap("shop", [api, web]), one);
    const attributes = Object.keys(one["data"] as JsonRecord);
    assert.ok(attributes.length >= 4, attributes.join());
    assert.deepEqual(attributes, attributes.toSorted());
  });

  test("has no line for what has no role, and none that a nameless object could break", () => {
    const none = injectionConfigMap("shop", [account("quiet", {})]);
    assert.deepEqual(none["data"], {});
    const nameless = injectionConfigMap("shop", [
      account(undefined, { "eks.amazonaws.com/role-arn": role("x") }),
    ]);
    assert.match(JSON.stringify(nameless["data"]), /"=arn:aws:iam/u);
  });

  test("is one for each relying party, with the annotations of those that ask it", () => {
    const both = account("both", {
      "eks.amazonaws.com/role-arn": role("both"),
      "azure.workload.identity/client-id": "",
      "azure.workload.identity/tenant-id": "contoso.example",
      "azure.workload.identity/skip-containers": "proxy",
      "profile.podtrust.dev/more": role("more"),
    });
    const google = account("google", { "cloud.google.com/workload-identity-provider": "projects/1" });
    const made = injectionMaps.map((map) => injectionConfigMap("shop", [both, google, web], map));
    const named = made.map(({ metadata, data }) => [(metadata as { readonly name: string }).name, data]);
    assert.deepEqual(Object.fromEntries(named.slice(1)), {
      "podtrust-injection-gcp": { "workload-identity-provider": "google=projects/1\n" },
      "podtrust-injection-azure": { "client-id": "both=\n", "tenant-id": "both=contoso.example\n" },
    });
    assert.doesNotMatch(JSON.stringify(named[0]), /contoso|google/u);
  });

  test("has of a value that is too long to be used one character more than is, however long it is", () => {
    const long = account("long", {
      "eks.amazonaws.com/role-arn": "r".repeat(250_000),
      "eks.amazonaws.com/audience": "a".repeat(2048),
      "profile.podtrust.dev/p": "~".repeat(250_000),
      "azure.workload.identity/client-id": "😀".repeat(60_000),
    });
    const [aws, google, azure] = injectionMaps.map((map) => injectionConfigMap("shop", [long], map)["data"]);
    assert.deepEqual(aws, {
      audience: `long=${"a".repeat(2048)}\n`,
      profile: `long/p=${"~0".repeat(2049)}\n`,
      "role-arn": `long=${"r".repeat(2049)}\n`,
    });
    assert.deepEqual([google, azure], [{}, { "client-id": `long=${"😀".repeat(2049)}\n` }]);
  });

  test("has ServiceAccounts by their names until an attribute has as many characters as are read, and names the others", () => {
    const many = Array.from({ length: 3000 }, (_, index) =>
      account(`app-${String(index).padStart(4, "0")}`, { "eks.amazonaws.com/role-arn": role("web") }),
    );
    const long = account("aaa", { "profile.podtrust.dev/p": "x", "eks.amazonaws.com/role-arn": role("web") });
    const [aws] = injectionMaps;
    assert.ok(aws !== undefined);
    const data = injectionConfigMap("shop", [...many.toReversed(), long], aws)["data"] as Record<
      string,
      string
    >;
    const text = data["role-arn"] ?? "";
    assert.ok(text.length <= 131_072 && text.length > 131_000, String(text.length));
    const left = leftOutAccounts([...many, long], aws);
    assert.equal(text.split("\n").length - 1 + left.length, 3001);
    assert.match(text, /^aaa=/u);
    assert.ok(!text.includes(`${left[0]}=`) && left[0] === left.toSorted()[0]);
    // Fifty values that are too long, of one ServiceAccount: it is left out alone.
    const names = Array.from({ length: 50 }, (_, index): [string, string] => [
      `profile.podtrust.dev/p-${index}`,
      "~".repeat(3000),
    ]);
    const huge = account("huge", { ...Object.fromEntries(names), "eks.amazonaws.com/role-arn": role("web") });
    assert.deepEqual(leftOutAccounts([huge, web], aws), ["huge"]);
    assert.match(JSON.stringify(injectionConfigMap("shop", [huge, web], aws)), /web=arn/u);
  });

  test("says that labelled pods ask where the namespace names what they need, for the one that has a label", () => {
    const of = { metadata: { annotations: { "azure.workload.identity/tenant-id": "contoso.example" } } };
    const made = injectionMaps.map((map) => injectionConfigMap("shop", [], map, of)["data"]);
    assert.deepEqual(made, [{}, {}, { use: "true\n" }]);
  });
});
