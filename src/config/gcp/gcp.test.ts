import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, oneProblem, parse, problemsOf } from "../../../test/support/config-text.ts";

const project = (more = "", stack = "prod"): string =>
  `stack: ${stack}\nissuer: https://oidc.example.com\ngcp:\n  - {project: my-project, projectNumber: "123456789012"${more}}\n`;

const web = "web@my-project.iam.gserviceaccount.com";
const whole = `, serviceAccounts: [{email: ${web}, serviceAccounts: [shop/web]}], direct: [{serviceAccounts: [shop/db]}]`;

describe("the gcp section of a config", () => {
  test("names pool and provider after the stack, uploads keys, and lets a token live an hour", async () => {
    const { gcp, azure, openbao, warnings } = await parse(project(whole));
    assert.deepEqual(gcp, [
      {
        project: "my-project",
        projectNumber: "123456789012",
        pool: "prod",
        provider: "prod",
        keys: "upload",
        audiences: [],
        mapping: { "google.subject": "assertion.sub" },
        serviceAccounts: [{ email: web, serviceAccounts: ["shop/web"], lifetime: 3600 }],
        direct: ["shop/db"],
      },
    ]);
    assert.deepEqual([azure, openbao, warnings], [[], [], []]);
  });

  test("takes every key that it has", async () => {
    const condition = "assertion['kubernetes.io']['namespace'] in ['shop']";
    const { gcp } = await parse(
      project(
        `, pool: clusters, provider: one-of-them, keys: fetch, audiences: [https://a.example], condition: "${condition}", serviceAccounts: [{email: ${web}, serviceAccounts: [shop/web], lifetime: 2h}]`,
      ),
    );
    const [found] = gcp;
    assert.deepEqual(
      [found?.pool, found?.provider, found?.keys, found?.audiences, found?.condition],
      ["clusters", "one-of-them", "fetch", ["https://a.example"], condition],
    );
    assert.equal(found?.serviceAccounts[0]?.lifetime, 7200);
  });

  test("makes a short stack's name long enough, and asks for ids where the stack's name is none", async () => {
    assert.equal((await parse(project("", "eu"))).gcp[0]?.pool, "podtrust-eu");
    for (const stack of ["gcp-prod", "a".repeat(33)]) {
      const problems = await problemsOf(project("", stack));
      assert.deepEqual(
        problems.map(({ key }) => key),
        ["gcp[0].pool", "gcp[0].provider"],
      );
      assert.deepEqual(await problemsOf(project(", pool: clusters, provider: main", stack)), []);
    }
  });

  test("a project's id in place of its number is refused, with where to find the number", async () => {
    const { key, accepted } = await oneProblem(
      `${minimal}gcp: [{project: my-project, projectNumber: my-project}]\n`,
    );
    assert.equal(key, "gcp[0].projectNumber");
    assert.match(accepted ?? "", /not the project's id.*projectNumber/u);
  });

  test("a subject of more than 127 bytes is refused with the subject, and one of 127 is accepted", async () => {
    const member = (length: number): string => `shop/${"w".repeat(length)}`;
    // system:serviceaccount:shop: is 27 long.
    assert.deepEqual(await problemsOf(project(`, direct: [{serviceAccounts: [${member(100)}]}]`)), []);
    const { key, message } = await oneProblem(project(`, direct: [{serviceAccounts: [${member(101)}]}]`));
    assert.equal(key, "gcp[0].direct[0].serviceAccounts[0]");
    assert.match(message, /of 128 bytes, and Google takes 127/u);
  });

  test("a condition that is not CEL is refused with what is wrong in it", async () => {
    const { key, message } = await oneProblem(project(`, condition: "assertion.sub =="`));
    assert.equal(key, "gcp[0].condition");
    assert.match(message, /^is no condition: /u);
    assert.match((await oneProblem(project(`, condition: "now() > 3"`))).message, /now/u);
    const { message: typed } = await oneProblem(project(`, condition: "assertion.sub == 'a' || 'b' != 1"`));
    assert.match(typed, /^is no condition: != is not for string and int/u);
    const { accepted } = await oneProblem(project(`, condition: "asertion.sub == 'a'"`));
    assert.equal(accepted, "an expression in CEL over assertion, google, attribute");
    const long = `'${"a".repeat(4096)}' == 'a'`;
    assert.match((await oneProblem(project(`, condition: "${long}"`))).accepted ?? "", /4096 characters/u);
  });

  test("a mapping adds attributes to the subject, which stays the token's own", async () => {
    const namespace = "assertion['kubernetes.io']['namespace']";
    const mapping = (body: string): string => project(`, mapping: {${body}}`);
    const { gcp } = await parse(mapping(`attribute.namespace: "${namespace}", google.groups: "['a']"`));
    assert.deepEqual(gcp[0]?.mapping, {
      "google.subject": "assertion.sub",
      "attribute.namespace": namespace,
      "google.groups": "['a']",
    });
    const subject = await oneProblem(mapping(`google.subject: "assertion.email"`));
    assert.match(`${subject.message} ${subject.accepted}`, /google\.subject is always the token's subject/u);
    assert.match((await oneProblem(mapping(`attribute.x: "assertion."`))).message, /^is no mapping: /u);
    assert.match((await oneProblem(mapping(`attribute.x: "now()"`))).message, /now/u);
    assert.match(
      (await oneProblem(mapping(`attribute.x: "google.subject"`))).message,
      /nothing called google/u,
    );
  });

  test("a mapping keeps to Google's limits: names of 100 characters, 50 attributes, expressions of 2048", async () => {
    const mapping = (body: string): string => project(`, mapping: {${body}}`);
    const many = (count: number): string =>
      Array.from({ length: count }, (_, n) => `attribute.a${n}: "assertion.sub"`).join(", ");
    assert.deepEqual(await problemsOf(mapping(many(50))), []);
    assert.match((await oneProblem(mapping(many(51)))).accepted ?? "", /at most 50/u);
    const name = (length: number): string => `attribute.${"n".repeat(length - 10)}: "assertion.sub"`;
    assert.deepEqual(await problemsOf(mapping(name(100))), []);
    assert.equal((await problemsOf(mapping(name(101)))).length, 1);
    const text = (length: number): string => `attribute.x: "'${"x".repeat(length - 2)}'"`;
    assert.deepEqual(await problemsOf(mapping(text(2048))), []);
    assert.match((await oneProblem(mapping(text(2049)))).accepted ?? "", /2048 characters/u);
    assert.equal((await problemsOf(mapping(`attribute.Upper: "assertion.sub"`))).length, 1);
  });

  test("a ServiceAccount, an address, an audience and a pool stand once", async () => {
    const twice = await problemsOf(
      `${project(`, audiences: [a, a], serviceAccounts: [{email: ${web}, serviceAccounts: [shop/web]}, {email: ${web}, serviceAccounts: [shop/db]}], direct: [{serviceAccounts: [shop/web]}]`)}  - {project: my-project, projectNumber: "123456789012"}\n`,
    );
    assert.deepEqual(
      twice.map(({ key }) => key),
      [
        "gcp[0].audiences[1]",
        "gcp[0].serviceAccounts[1].email",
        "gcp[0].direct[0].serviceAccounts[0]",
        "gcp[1].projectNumber",
      ],
    );
  });

  test("a pool whose members bindings make has none of the config's", async () => {
    assert.equal((await parse(project(", bindings: true"))).gcp[0]?.bindings, true);
    const { key, next } = await oneProblem(project(`${whole}, bindings: true`));
    assert.equal(key, "gcp[0].serviceAccounts");
    assert.match(next ?? "", /a pool of their own/u);
    assert.deepEqual(await problemsOf(project(`${whole}, bindings: false`)), []);
  });

  test("more audiences than Google takes, and longer ones, are refused", async () => {
    const many = Array.from({ length: 11 }, (_, n) => `a${n}`).join(", ");
    assert.match((await oneProblem(project(`, audiences: [${many}]`))).accepted ?? "", /1 to 10 audiences/u);
    const long = "a".repeat(257);
    assert.match((await oneProblem(project(`, audiences: [${long}]`))).accepted ?? "", /1 to 256/u);
    assert.deepEqual(await problemsOf(project(`, audiences: [${long.slice(1)}]`)), []);
  });

  test("ids that Google keeps for itself or does not take are refused", async () => {
    for (const id of ["gcp-main", "abc", "a".repeat(33), "Main", "a_bcd"])
      assert.equal((await oneProblem(project(`, pool: "${id}"`))).key, "gcp[0].pool", id);
  });
});

test("an issuer that only the cluster reaches draws no warning where its keys are uploaded", async () => {
  const inside = "stack: prod\nissuer: https://kubernetes.default.svc\n";
  const gcp = (keys: string): string =>
    `${inside}gcp: [{project: my-project, projectNumber: "123456789012", keys: ${keys}}]\n`;
  assert.deepEqual((await parse(gcp("upload"))).warnings, []);
  assert.match((await parse(gcp("fetch"))).warnings.join(), /no name of the public DNS/u);
  assert.match((await parse(inside)).warnings.join(), /no name of the public DNS/u);
});
