/** Federated credentials of applications that are there already, by Graph. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  audience,
  type AzureStackWorld,
  azureStackWorld,
  issuer,
  type Standing,
  subjectOf,
} from "./stack-world.ts";

const ownName = /^podtrust-prod_[0-9a-f]{8}-[0-9a-f]{16}$/u;
const theirs = { name: "by-hand", issuer, subject: "s" };

describe("an application of a config's section azure", () => {
  let world: AzureStackWorld;
  before(async () => {
    world = await azureStackWorld();
  });
  after(() => world.close());

  const app = (): string => world.clientId("site");
  const configured = (accounts: string): Promise<void> =>
    world.config(`- {application: ${app()}, serviceAccounts: ${accounts}}\n`);
  beforeEach(async () => {
    await world.reset({ applications: [{ name: "site", credentials: [theirs] }] });
    await configured("[shop/web]");
  });

  const ours = (all: readonly Standing[]): readonly Standing[] =>
    all.filter(({ name }) => ownName.test(name));

  test("gives it credentials with the stack's mark in their description, once, and takes away only them", async () => {
    await world.must(["up", "--yes"]);
    const [made] = ours(await world.credentials(app()));
    assert.deepEqual(
      [made?.subject, made?.audiences, made?.description],
      [subjectOf("shop/web"), [audience], "podtrust stack=prod format=1 id=3f2a91bc"],
    );
    await world.must(["plan", "--check"]);
    await configured("[shop/db]");
    await world.must(["up", "--yes"]);
    assert.deepEqual(
      ours(await world.credentials(app())).map(({ subject }) => subject),
      [subjectOf("shop/db")],
    );
    await world.must(["down", "--yes"]);
    assert.deepEqual(
      (await world.credentials(app())).map(({ name }) => name),
      ["by-hand"],
    );
  });

  test("puts back each field of a credential that somebody changed", async () => {
    await world.must(["up", "--yes"]);
    const [found] = ours(await world.credentials(app()));
    const url = `https://graph.microsoft.com/v1.0/applications(appId='${app()}')/federatedIdentityCredentials/${found?.name}`;
    for (const change of [
      { subject: subjectOf("shop/other") },
      { issuer: "https://other.example.com" },
      { audiences: ["other"] },
      { description: "mine" },
    ]) {
      assert.equal((await world.ask("PATCH", url, change)).status, 204);
      const [field] = Object.keys(change);
      const { result } = await world.json(["plan"]);
      const fields = result.changes.flatMap((one) => one.fields.map((it) => it.field));
      assert.deepEqual(fields, [`shop/web.${field}`]);
      await world.must(["up", "--yes"]);
      assert.deepEqual(ours(await world.credentials(app())), [found]);
    }
  });

  test("that is not there is named, and none is made", async () => {
    await world.config(
      "- {application: 99999999-8888-7777-6666-555555555555, serviceAccounts: [shop/web]}\n",
    );
    const { code, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 1);
    assert.match(err, /^code: {2}azure-application-absent$/mu);
    await world.must(["down", "--yes"]);
  });
});
