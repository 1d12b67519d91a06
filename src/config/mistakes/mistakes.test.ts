import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  certificateFiles,
  minimal,
  oneProblem,
  parse,
  problemsOf,
  withPublisher,
  withRole,
} from "../../../test/support/config-text.ts";

describe("mistakes", () => {
  test("come all at once, in the file's order, each with key, line, value, what is accepted and the nearest spelling", async () => {
    const problems = await problemsOf(`stack: Prod
issuer: http://oidc.example.com:8443/?a=b
clustr: {kubeconfig: x}
publisher:
  keyRetention: 1 day
  https: {acme: {challenge: http01}}
aws:
  - account: 111122223333
    region: eu-central-1
    roles:
      - {name: demo, serviceAccounts: [a/*], maxSession: 30m}
      - {name: Demo}
`);
    assert.deepEqual(
      problems.map(({ key, line, value, nearest }) => [key, line, value, nearest]),
      [
        ["stack", 1, '"Prod"', undefined],
        ["issuer", 2, '"http://oidc.example.com:8443/?a=b"', undefined],
        ["issuer", 2, '"http://oidc.example.com:8443/?a=b"', undefined],
        ["issuer", 2, '"http://oidc.example.com:8443/?a=b"', undefined],
        ["clustr", 3, undefined, "cluster"],
        ["publisher.keyRetention", 5, '"1 day"', undefined],
        ["publisher.https.acme.challenge", 6, '"http01"', "http-01"],
        ["aws[0].account", 8, "111122223333", undefined],
        ["aws[0].roles[0].serviceAccounts[0]", 11, '"a/*"', undefined],
        ["aws[0].roles[0].maxSession", 11, '"30m"', undefined],
        ["aws[0].roles[1]", 12, undefined, undefined],
        ["aws[0].roles[1].name", 12, '"Demo"', undefined],
      ],
    );
    assert.ok(
      problems.every(
        ({ accepted, next, nearest, message }) => accepted ?? next ?? nearest ?? /already/u.exec(message),
      ),
    );
  });

  test("the error's text has a line for each, under the file's name", async () => {
    await assert.rejects(parse("stack: prod\nisuer: https://a.example\n"), {
      code: "config-invalid",
      message:
        /^podtrust\.yaml has 2 mistakes:\n {2}podtrust\.yaml:1:1: issuer: is missing.*\n {2}podtrust\.yaml:2:1: isuer: is not a key here; did you mean issuer\?/u,
    });
  });

  const issuers: [string, string, RegExp][] = [
    ["http", "http://oidc.example.com", /https:\/\/ only/u],
    ["a port", "https://oidc.example.com:8443", /port "8443"/u],
    ["a query", "https://oidc.example.com?x=1", /has the query/u],
    ["more than 255 characters", `https://oidc.example.com/${"a".repeat(250)}`, /255 characters/u],
    ["no scheme", "oidc.example.com", /does not begin with https/u],
  ];
  for (const [what, issuer, text] of issuers) {
    test(`an issuer with ${what} is refused as AWS would`, async () => {
      const problem = await oneProblem(`stack: prod\nissuer: "${issuer}"\n`);
      assert.equal(problem.key, "issuer");
      assert.match(problem.message, text);
      assert.ok(problem.next);
    });
  }

  test("an issuer that ends with a slash is another issuer, not a mistake", async () => {
    assert.equal(
      (await parse("stack: a\nissuer: https://oidc.example.com/x/\n")).issuer,
      "https://oidc.example.com/x/",
    );
  });

  test("several machines are refused by name for now", async () => {
    const machines = `${minimal}machine: {ssh: {address: a, user: root}, count: 2}\n`;
    const problem = await oneProblem(machines);
    assert.equal(problem.key, "machine.count");
    assert.match(problem.message, /one machine a stack for now/u);
  });

  const single: [string, string, string, RegExp][] = [
    ["S3 inside https", withPublisher("https: {s3: {bucket: b}}"), "publisher.https.s3", /a way of its own/u],
    [
      "a former issuer that is the config's own",
      withPublisher(`${certificateFiles}\nformerIssuers: [https://oidc.example.com]`),
      "publisher.formerIssuers[0]",
      /is the issuer of this config/u,
    ],
    [
      "a former issuer twice",
      withPublisher(`${certificateFiles}\nformerIssuers: [https://a.example, https://a.example]`),
      "publisher.formerIssuers[1]",
      /stands at publisher\.formerIssuers\[0\] already/u,
    ],
    [
      "a former issuer with a query",
      withPublisher(`${certificateFiles}\nformerIssuers: ["https://a.example/?b"]`),
      "publisher.formerIssuers[0]",
      /a user, a query or a fragment/u,
    ],
    [
      "a former issuer over http",
      withPublisher(`${certificateFiles}\nformerIssuers: [http://a.example]`),
      "publisher.formerIssuers[0]",
      /"http:\/\/a\.example" is not accepted/u,
    ],
    [
      "nine former issuers",
      withPublisher(
        `${certificateFiles}\nformerIssuers: [${Array.from({ length: 9 }, (_, i) => `https://a${i}.example`).join(", ")}]`,
      ),
      "publisher.formerIssuers",
      /is not accepted/u,
    ],
    ["no way to publish", withPublisher("keyRetention: 24h"), "publisher", /does not say how/u],
    [
      "two ways to publish",
      withPublisher(`${certificateFiles}\ninsecurePlainHttpBehindProxy: {listen: ["127.0.0.1:1"]}`),
      "publisher",
      /has both/u,
    ],
    [
      "a duration out of bounds",
      withPublisher(`${certificateFiles}\nkeyRetention: 1m`),
      "publisher.keyRetention",
      /not accepted/u,
    ],
    [
      "an address without host",
      withPublisher(`${certificateFiles}\nadmin: ":9890"`),
      "publisher.admin",
      /not accepted/u,
    ],
    [
      "a source of no kind",
      withPublisher(`${certificateFiles}\nsource: {}`),
      "publisher.source",
      /not accepted/u,
    ],
    [
      "a source of a misspelt kind",
      withPublisher(`${certificateFiles}\nsource: {kubeconfg: x}`),
      "publisher.source.kubeconfg",
      /not a key/u,
    ],
    [
      "half a token source",
      withPublisher(`${certificateFiles}\nsource: {server: "https://a:1", caFile: b}`),
      "publisher.source.tokenFile",
      /missing/u,
    ],
    [
      "a header that is none",
      withPublisher(`${certificateFiles}\ncacheControl: yes please`),
      "publisher.cacheControl",
      /not accepted/u,
    ],
    [
      "a plain jwksUri",
      withPublisher(`${certificateFiles}\njwksUri: http://a.example`),
      "publisher.jwksUri",
      /not accepted/u,
    ],
    [
      "a policy's name in place of its ARN",
      withRole("serviceAccounts: [a/b], policies: [ReadOnly]"),
      "aws[0].roles[0].policies[0]",
      /not accepted/u,
    ],
    ["a role without a ServiceAccount", withRole("path: /"), "aws[0].roles[0]", /names no ServiceAccount/u],
    [
      "a path without slashes",
      withRole("serviceAccounts: [a/b], path: x"),
      "aws[0].roles[0].path",
      /not accepted/u,
    ],
    [
      "tags of a role whose names differ in case alone",
      withRole("serviceAccounts: [a/b], tags: {team: a, Team: b}"),
      "aws[0].roles[0].tags",
      /not accepted/u,
    ],
    [
      "our own tags",
      withRole("serviceAccounts: [a/b], tags: {'podtrust:stack': x}"),
      'aws[0].roles[0].tags["podtrust:stack"]',
      /name/u,
    ],
    [
      "a tag that is no text",
      withRole("serviceAccounts: [a/b], tags: {x: 1}"),
      "aws[0].roles[0].tags.x",
      /not accepted/u,
    ],
    [
      "one ServiceAccount twice",
      withRole("serviceAccounts: [a/b, a/b]"),
      "aws[0].roles[0].serviceAccounts[1]",
      /already/u,
    ],
    [
      "an inline policy of no shape",
      withRole("serviceAccounts: [a/b], inline: {p: {Statment: []}}"),
      "aws[0].roles[0].inline.p.Statment",
      /not a key/u,
    ],
    [
      "an inline policy without a Statement",
      withRole("serviceAccounts: [a/b], inline: {p: {Version: '2012-10-17'}}"),
      "aws[0].roles[0].inline.p",
      /not accepted/u,
    ],
    [
      "an inline policy whose Statement is misspelt",
      withRole("serviceAccounts: [a/b], inline: {p: {Version: '2012-10-17', Statment: []}}"),
      "aws[0].roles[0].inline.p.Statment",
      /not a key/u,
    ],
    [
      "an inline policy that is not there",
      withRole("serviceAccounts: [a/b], inline: {p: {file: no.json}}"),
      "aws[0].roles[0].inline.p",
      /cannot be read/u,
    ],
    [
      "an inline policy that IAM refuses",
      withRole(
        "serviceAccounts: [a/b], inline: {p: {Version: '2012-10-17', Statement: [{Effect: Maybe, Action: 'a:*', Resource: '*'}]}}",
      ),
      "aws[0].roles[0].inline.p",
      /no policy that IAM takes/u,
    ],
    ["a list where a section belongs", `${minimal}publisher: []\n`, "publisher", /not accepted/u],
    ["a key twice", `${minimal}stack: b\n`, "", /unique/iu],
    ["an empty file", "# nothing\n", "", /is empty/u],
    ["no mapping at all", "just text\n", "", /not accepted/u],
    ["broken YAML", "stack: [a\n", "", /./u],
    ["two documents", `${minimal}---\n${minimal}`, "", /multiple documents/u],
  ];
  for (const [what, text, key, message] of single) {
    test(`${what} is reported once, with its place`, async () => {
      const problem = await oneProblem(text);
      assert.equal(problem.key, key);
      assert.match(problem.message, message);
      assert.ok(problem.line >= 1 && problem.column >= 1);
    });
  }

  test("one account twice is reported", async () => {
    const account = '  - {account: "111122223333", region: eu-central-1}\n';
    assert.equal((await oneProblem(`${minimal}aws:\n${account}${account}`)).key, "aws[1].account");
  });
});
