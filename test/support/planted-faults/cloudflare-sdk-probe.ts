/**
 * What the official SDK of npm is asked to do, a line of JSON for each step: filters with operators, batches, PUT and
 * what else cloudflare-go does not know. It is text, since the SDK is not a dependency (`npmPackage`).
 */
export const cloudflareSdkProbe = `
import assert from "node:assert/strict";
import Cloudflare from "cloudflare";
const client = new Cloudflare({ apiToken: process.env.CLOUDFLARE_API_TOKEN, maxRetries: 0 });
const records = client.dns.records;
const zone_id = (await client.zones.list({ name: "example.com" })).result[0].id;
const record = (name, content, more) => ({ zone_id, name, type: "A", ttl: 60, content, comment: "stack=prod", ...more });
const count = async (query) => {
  let found = 0;
  for await (const one of records.list({ zone_id, ...query })) found += 1;
  return found;
};
const contents = async () => {
  const all = [];
  for await (const one of records.list({ zone_id, per_page: 3 })) all.push(one.content);
  return all.sort();
};
const failing = (promise) => promise.then(() => "none", (error) => error.errors?.[0]?.code);
const clear = async () => {
  for (const one of (await records.list({ zone_id, per_page: 100 })).result) await records.delete(one.id, { zone_id });
};
const steps = {
  async "success says so, and nothing else"() {
    const answer = await records.create(record("a", "203.0.113.1")).asResponse();
    const { success, errors, messages } = await answer.json();
    assert.deepEqual({ status: answer.status, success, errors, messages }, { status: 200, success: true, errors: [], messages: [] });
  },
  async "a page of zones has 20 unless more are asked for, and 50 at the most"() {
    const usual = await client.zones.list();
    const most = await client.zones.list({ per_page: 100 });
    assert.deepEqual([usual.result.length, usual.result_info.per_page, most.result.length], [20, 20, 50]);
  },
  async "a zone is found by an operator and whatever its case"() {
    assert.equal((await client.zones.list({ name: "equal:EXAMPLE.com" })).result.length, 1);
  },
  async "filters have operators"() {
    await records.create(record("oidc", "203.0.113.2"));
    await records.create(record("oidc.deep", "203.0.113.3", { comment: undefined }));
    assert.deepEqual(await Promise.all([
      count({ name: { exact: "oidc.example.com" } }), count({ name: { contains: "DEEP" } }), count({ name: { startswith: "oidc." } }),
      count({ name: { endswith: ".deep.example.com" } }), count({ content: { endswith: "203.0" } }), count({ content: { contains: "113.2" } }), count({ comment: { startswith: "stack=" } }),
      count({ comment: { absent: "true" } }), count({ comment: { present: "true" } }), count({ match: "any", name: { startswith: "a." }, content: { endswith: ".3" } }),
    ]), [1, 1, 2, 1, 0, 1, 2, 1, 2, 2]);
  },
  async "pages are walked to the empty one"() {
    assert.deepEqual(await contents(), ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
  },
  async "an empty comment is null, and can be asked for"() {
    const made = await records.create(record("empty", "203.0.113.4"));
    assert.equal((await records.edit(made.id, { zone_id, comment: "" })).comment, null);
    assert.equal(await count({ comment: { absent: "true" } }), 2);
    await records.delete(made.id, { zone_id });
  },
  async "PUT empties what it leaves out"() {
    const made = await records.create(record("put", "203.0.113.5"));
    const seen = await records.update(made.id, { zone_id, type: "A", name: "put", content: "203.0.113.6" });
    assert.deepEqual([seen.id === made.id, seen.content, seen.comment, seen.ttl], [true, "203.0.113.6", null, 1]);
    await records.delete(made.id, { zone_id });
  },
  async "a CAA record keeps its data when something else is changed"() {
    const data = { flags: 0, tag: "issue", value: "letsencrypt.org" };
    const made = await records.create(record("caa", undefined, { type: "CAA", data }));
    const seen = await records.edit(made.id, { zone_id, ttl: 120 });
    assert.deepEqual([seen.ttl, seen.content, seen.data], [120, '0 issue "letsencrypt.org"', data]);
    await records.delete(made.id, { zone_id });
  },
  async "a comment has a time of its own"() {
    const made = await records.create(record("time", "203.0.113.7"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const same = await records.edit(made.id, { zone_id, content: "203.0.113.8" });
    const other = await records.edit(made.id, { zone_id, comment: "other" });
    assert.equal(same.comment_modified_on, made.comment_modified_on);
    assert.notEqual(other.comment_modified_on, made.comment_modified_on);
    const none = await records.create(record("none", "203.0.113.9", { comment: undefined }));
    assert.equal(none.comment_modified_on, undefined);
    for (const { id } of [made, none]) await records.delete(id, { zone_id });
  },
  async "a batch deletes, patches, puts and posts in this order"() {
    await clear();
    const [one, two, three] = await Promise.all(["1", "2", "3"].map((end) => records.create(record("batch", "203.0.113." + end))));
    // Each takes the content that the step before it has let go.
    const done = await records.batch({
      zone_id,
      posts: [record("batch", "203.0.113.3")],
      puts: [{ id: three.id, ...record("batch", "203.0.113.2") }],
      patches: [{ id: two.id, content: "203.0.113.1" }],
      deletes: [{ id: one.id }],
    });
    assert.deepEqual([done.deletes.length, done.patches[0].comment, done.puts[0].content, done.posts.length], [1, "stack=prod", "203.0.113.2", 1]);
    assert.deepEqual(await contents(), ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
  },
  async "a batch that fails does nothing"() {
    const [first] = (await records.list({ zone_id })).result;
    const posts = [record("batch", "203.0.113.9"), record("batch", "no address")];
    assert.equal(await failing(records.batch({ zone_id, deletes: [{ id: first.id }], posts })), 9005);
    assert.deepEqual(await contents(), ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
  },
};
for (const [step, run] of Object.entries(steps)) {
  const error = await run().then(() => undefined, (problem) => String(problem?.message ?? problem).slice(0, 400));
  console.log(JSON.stringify({ step, seen: null, error }));
}
`;
