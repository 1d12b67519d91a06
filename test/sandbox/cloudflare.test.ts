/** What the stand-in for Cloudflare's API does that the official clients (test/cluster/clouds, test/tools) do not ask for. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { defined, mapped } from "../../src/core/base/index.ts";
import { type StandInCloudflareOptions, startStandInCloudflare } from "../../src/sandbox/index.ts";
import { TestClock } from "../support/clock.ts";

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly result: unknown;
  readonly codes: readonly number[];
}

interface World {
  readonly clock: TestClock;
  readonly records: () => readonly { readonly type: string; readonly content: string }[];
  readonly misbehave: Awaited<ReturnType<typeof startStandInCloudflare>>["misbehave"];
  /** The path of the zone's records. */
  readonly path: string;
  /** `authorization`: in place of the token that may edit; null for none. */
  readonly ask: (
    method: string,
    path: string,
    body?: object,
    authorization?: string | null,
  ) => Promise<Answered>;
}

interface Envelope {
  readonly result: unknown;
  readonly errors: readonly {
    readonly code: number;
    readonly error_chain?: readonly { readonly code: number }[];
  }[];
}

async function world(context: TestContext, options: StandInCloudflareOptions = {}): Promise<World> {
  const clock = new TestClock();
  const cloudflare = await startStandInCloudflare({ clock, mischief: "off", ...options });
  context.after(() => cloudflare.close());
  const edit = `Bearer ${cloudflare.tokens.edit}`;
  const ask: World["ask"] = async (method, path, body, authorization = edit) => {
    const response = await fetch(`${cloudflare.url}/${path}`, {
      method,
      headers: authorization === null ? {} : { authorization },
      ...defined({ body: mapped(body, JSON.stringify) }),
    });
    const { result, errors } = (await response.json()) as Envelope;
    const codes = errors.flatMap(({ code, error_chain: chain = [] }) => [
      code,
      ...chain.map((one) => one.code),
    ]);
    return { status: response.status, headers: response.headers, result, codes };
  };
  const zones = (await ask("GET", "zones?name=example.com")).result as readonly { readonly id: string }[];
  return {
    clock,
    ask,
    path: `zones/${zones[0]?.id}/dns_records`,
    records: () => cloudflare.records("example.com") as ReturnType<World["records"]>,
    misbehave: (rule) => cloudflare.misbehave(rule),
  };
}

const record = { type: "A", name: "oidc", content: "203.0.113.7", comment: "podtrust stack=prod" };

describe("stand-in Cloudflare: tokens", () => {
  for (const [what, authorization, path, status, codes] of [
    ["is wrong", `Bearer ${"0".repeat(40)}`, "zones?name=example.com", 403, [9109]],
    ["is wrong, on its own page,", `Bearer ${"0".repeat(40)}`, "user/tokens/verify", 401, [1000]],
    ["is missing", undefined, "zones?name=example.com", 400, [6003, 6111]],
    ["has another scheme", "Token abc", "zones?name=example.com", 400, [6003, 6111]],
    ["has a space within", "Bearer a b", "user/tokens/verify", 400, [6003, 6111]],
  ] as const) {
    test(`a token that ${what} is answered ${status} with ${codes.join(" and ")}`, async (context) => {
      const { ask } = await world(context);
      const answer = await ask("GET", path, undefined, authorization ?? null);
      assert.deepEqual([answer.status, answer.codes], [status, codes]);
    });
  }
});

describe("stand-in Cloudflare: zones", () => {
  test("a zone that the token does not know is nothing, or a refusal, as the variant has it", async (context) => {
    const plain = await world(context);
    assert.deepEqual((await plain.ask("GET", "zones?name=other.example")).result, []);
    const strict = await world(context, { variants: { unknownZone: "refusal" } });
    const refusal = await strict.ask("GET", "zones?name=other.example");
    assert.deepEqual([refusal.status, refusal.codes], [403, [9109]]);
    assert.deepEqual((await strict.ask("GET", "zones")).codes, [9109]);
  });

  test("a zone's state is as it was told: paused, pending, partial", async (context) => {
    const zones = [{ name: "example.com", paused: true, status: "pending", type: "partial" } as const];
    const { ask } = await world(context, { zones });
    const [zone] = (await ask("GET", "zones?name=example.com")).result as [Record<string, unknown>];
    assert.deepEqual([zone["paused"], zone["status"], zone["type"]], [true, "pending", "partial"]);
  });

  test("an identifier that is none is not routed", async (context) => {
    const { ask } = await world(context);
    assert.deepEqual((await ask("GET", "zones/nonsense/dns_records")).codes, [7003]);
  });
});

describe("stand-in Cloudflare: records", () => {
  test("PUT empties what it leaves out, and PATCH keeps it", async (context) => {
    const { ask, path } = await world(context);
    const { id } = (await ask("POST", path, record)).result as { id: string };
    const patched = (await ask("PATCH", `${path}/${id}`, { content: "203.0.113.8" })).result;
    assert.equal((patched as { comment: unknown }).comment, record.comment);
    const put = await ask("PUT", `${path}/${id}`, { type: "A", name: "oidc", content: "203.0.113.9" });
    assert.equal((put.result as { comment: unknown }).comment, null);
  });

  test("a comment that is not there is null or no field, as the variant has it", async (context) => {
    const { ask, path } = await world(context, { variants: { emptyComment: "absent" } });
    const made = (await ask("POST", path, { ...record, comment: "" })).result as object;
    assert.equal("comment" in made, false);
  });

  test("a batch is all or nothing", async (context) => {
    const { ask, path, records } = await world(context);
    const { id } = (await ask("POST", path, record)).result as { id: string };
    const posts = [
      { ...record, content: "203.0.113.8" },
      { ...record, content: "no address" },
    ];
    const refusal = await ask("POST", `${path}/batch`, { deletes: [{ id }], posts });
    assert.deepEqual(refusal.codes, [9005]);
    assert.deepEqual(
      records().map(({ content }) => content),
      [record.content],
    );
    await ask("POST", `${path}/batch`, { deletes: [{ id }], posts: posts.slice(0, 1) });
    assert.deepEqual(
      records().map(({ content }) => content),
      ["203.0.113.8"],
    );
  });

  test("filters are exact by their plain name, and by operator, without regard to case", async (context) => {
    const { ask, path } = await world(context);
    for (const name of ["oidc", "other"]) await ask("POST", path, { ...record, name });
    const count = async (query: string): Promise<number> =>
      ((await ask("GET", `${path}?${query}`)).result as readonly unknown[]).length;
    assert.equal(await count("name=OIDC.example.com"), 1);
    assert.equal(await count("name=oidc"), 0);
    assert.equal(await count("name.contains=example"), 2);
    assert.equal(await count("comment.startswith=PODTRUST&type=A"), 2);
    assert.equal(await count("comment.absent=true"), 0);
    assert.equal(await count("name.exact=oidc.example.com&content=nothing"), 0);
    assert.equal(await count("name.exact=oidc.example.com&content=nothing&match=any"), 1);
  });

  test("beyond the last page there is nothing", async (context) => {
    const { ask, path } = await world(context);
    await ask("POST", path, record);
    assert.deepEqual((await ask("GET", `${path}?page=2&per_page=1`)).result, []);
  });

  for (const [what, change, code] of [
    ["a proxied TXT record", { type: "TXT", proxied: true }, 9003],
    ["an unknown type", { type: "SPF1" }, 9004],
    ["a comment of two lines", { comment: "a\nb" }, 9301],
    ["a name with an empty label", { name: "a..b" }, 9000],
    ["CAA without data", { type: "CAA" }, 9101],
  ] as const) {
    test(`${what} is refused by its number, by itself and behind 1004`, async (context) => {
      const plain = await world(context);
      assert.deepEqual((await plain.ask("POST", plain.path, { ...record, ...change })).codes, [code]);
      const chained = await world(context, { variants: { validationErrors: "chained" } });
      assert.deepEqual((await chained.ask("POST", chained.path, { ...record, ...change })).codes, [
        1004,
        code,
      ]);
    });
  }
});

describe("stand-in Cloudflare: limits and mischief", () => {
  test("beyond its requests a client is shut out for five minutes and told how long", async (context) => {
    const { ask, clock, path } = await world(context, { requestsPerFiveMinutes: 3 });
    for (let index = 0; index < 2; index += 1) assert.equal((await ask("GET", path)).status, 200);
    const refusal = await ask("GET", path);
    assert.deepEqual([refusal.status, refusal.headers.get("retry-after")], [429, "300"]);
    await clock.advance(200_000);
    assert.equal((await ask("GET", path)).headers.get("retry-after"), "100");
    await clock.advance(100_000);
    assert.equal((await ask("GET", path)).status, 200);
  });

  test("an answer can be lost after the record was made, and the same record is then refused", async (context) => {
    const { ask, path, misbehave, records } = await world(context);
    misbehave({ what: "lost-answer", method: "POST" });
    await assert.rejects(ask("POST", path, record));
    assert.equal(records().length, 1);
    assert.deepEqual((await ask("POST", path, record)).codes, [81_058]);
  });
});
