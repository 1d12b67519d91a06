import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PodtrustError } from "../base/index.ts";
import {
  type Config,
  configJsonSchema,
  type ConfigProblem,
  loadConfig,
  parseConfig,
  publisherOf,
} from "./index.ts";

const env = { HOME: "/home/op" };

const whole = `
stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: ~/.kube/config, context: prod}
publisher:
  source: {kubeconfig: publisher.kubeconfig}
  keyRetention: 24h
  https: {listen: ["[::]:443"], http: ["[::]:80"], acme: {email: ops@example.com}}
aws:
  - account: "111122223333"
    region: eu-central-1
    audiences: [sts.amazonaws.com]
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;

const parse = (text: string): Promise<Config> => parseConfig(text, "/etc/podtrust/podtrust.yaml", env);

async function problemsOf(text: string): Promise<readonly ConfigProblem[]> {
  try {
    await parse(text);
  } catch (error) {
    assert.ok(error instanceof PodtrustError);
    assert.equal(error.code, "config-invalid");
    return error.detail["problems"] as readonly ConfigProblem[];
  }
  return [];
}

/** The one problem of a good config with some lines replaced. */
async function oneProblem(text: string): Promise<ConfigProblem> {
  const problems = await problemsOf(text);
  assert.equal(problems.length, 1, JSON.stringify(problems, undefined, 1));
  return problems[0] as ConfigProblem;
}

const minimal = "stack: prod\nissuer: https://oidc.example.com\n";
const publisher = (body: string): string => `${minimal}publisher:\n${body.replaceAll(/^/gmu, "  ")}\n`;
const files = "https: {certificateFile: a.crt, keyFile: a.key}";
const role = (body: string): string =>
  `${minimal}aws:\n  - account: "111122223333"\n    region: eu-central-1\n    roles:\n      - {name: demo, ${body}}\n`;

test("a kubeconfig that came with the config is told from one that a person of this machine chose", async () => {
  const beside = async (kubeconfig: string): Promise<unknown> => {
    const { cluster } = await parse(`${minimal}cluster: {kubeconfig: ${JSON.stringify(kubeconfig)}}\n`);
    return cluster !== undefined && "kubeconfig" in cluster && cluster.besideConfig;
  };
  for (const name of [
    "kubeconfig",
    "./a/kubeconfig",
    "../kubeconfig",
    "/etc/podtrust/kubeconfig",
    "~/.kube/config:kubeconfig",
    "~/../../etc/podtrust/kubeconfig",
  ])
    assert.equal(await beside(name), true, name);
  for (const name of ["~/.kube/config", "/etc/podtrust-other/kubeconfig", "/etc/kubernetes/admin.conf"])
    assert.equal(await beside(name), undefined, name);
});

describe("a good config", () => {
  test("is the design's own example, with defaults and absolute names", async () => {
    const config = await parse(whole);
    assert.deepEqual(config.cluster, { kubeconfig: "/home/op/.kube/config", context: "prod" });
    assert.deepEqual(publisherOf(config), {
      source: { kubeconfig: "/etc/podtrust/publisher.kubeconfig", besideConfig: true },
      jwksUri: "https://oidc.example.com/openid/v1/jwks",
      keyRetention: 86_400_000,
      pollInterval: 10_000,
      cacheControl: "public, max-age=60",
      admin: { host: "127.0.0.1", port: 9890 },
      stateDir: "/home/op/.local/state/podtrust/prod",
      serve: {
        kind: "acme",
        https: [{ host: "::", port: 443 }],
        http: [{ host: "::", port: 80 }],
        acme: {
          directory: "https://acme-v02.api.letsencrypt.org/directory",
          challenge: "http-01",
          email: "ops@example.com",
        },
      },
    });
    assert.deepEqual(config.aws, [
      {
        account: "111122223333",
        region: "eu-central-1",
        audiences: ["sts.amazonaws.com"],
        tags: {},
        roles: [
          {
            name: "demo",
            serviceAccounts: ["aws-test/demo-service-account"],
            subjectPatterns: [],
            policies: ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"],
            inline: {},
            path: "/",
            maxSession: 3600,
            sessionName: "demo",
            tags: {},
          },
        ],
      },
    ]);
    assert.deepEqual(config.warnings, []);
  });

  test("takes every key that it has", async () => {
    const config = await parse(`
stack: all
issuer: https://oidc.example.com/a
cluster: {server: "https://10.0.0.1:6443", caFile: ca.crt, tokenFile: /run/token}
publisher:
  source: {inCluster: true}
  jwksUri: https://keys.example.com/jwks
  keyRetention: 1h30m
  pollInterval: 1m
  cacheControl: public, max-age=300, stale-if-error=600
  admin: false
  stateDir: state
  https:
    listen: ["systemd:https", "0.0.0.0:443"]
    acme:
      challenge: tls-alpn-01
      profile: tlsserver
      directory: https://ca.example/directory
      caFile: roots.pem
      eab: {kidFile: kid, hmacKeyFile: key}
      fallback: {directory: https://ca2.example/directory}
aws:
  - account: "111122223333"
    region: us-gov-west-1
    profile: prod
    assumeRole: arn:aws-us-gov:iam::111122223333:role/admin
    tags: {cost: "12"}
    roles:
      - name: r
        subjectPatterns: [team-a/*]
        boundary: arn:aws:iam::111122223333:policy/b
        path: /workloads/
        description: a role
        maxSession: 12h
        sessionName: k3s-cluster
        tags: {team: a}
        inline: {deny: {Version: "2012-10-17", Statement: [{Effect: Deny, Action: "ssm:*", Resource: "*"}]}}
`);
    const { serve, ...rest } = publisherOf(config);
    assert.deepEqual(
      [rest.admin, rest.stateDir, rest.keyRetention],
      [false, "/etc/podtrust/state", 5_400_000],
    );
    assert.deepEqual(serve, {
      kind: "acme",
      https: [{ systemd: "https" }, { host: "0.0.0.0", port: 443 }],
      http: [],
      acme: {
        challenge: "tls-alpn-01",
        profile: "tlsserver",
        directory: "https://ca.example/directory",
        caFile: "/etc/podtrust/roots.pem",
        eab: { kidFile: "/etc/podtrust/kid", hmacKeyFile: "/etc/podtrust/key" },
        fallback: { directory: "https://ca2.example/directory" },
      },
    });
    assert.equal(config.aws[0]?.roles[0]?.maxSession, 43_200);
    assert.match(config.aws[0]?.roles[0]?.inline["deny"] ?? "", /"Effect":"Deny"/u);
    assert.match(config.warnings.join(), /authorizes every ServiceAccount that matches team-a\/\*/u);
  });

  test("serves from certificate files, or over plain HTTP by an option whose name says what it gives up", async () => {
    const byFiles = publisherOf(await parse(publisher(files)));
    assert.deepEqual(byFiles.serve, {
      kind: "files",
      https: [{ host: "::", port: 443 }],
      http: [],
      certificateFile: "/etc/podtrust/a.crt",
      keyFile: "/etc/podtrust/a.key",
    });
    assert.deepEqual(byFiles.source, { inCluster: true });
    const plain = publisherOf(
      await parse(publisher('insecurePlainHttpBehindProxy: {listen: ["127.0.0.1:8080"]}')),
    );
    assert.deepEqual(plain.serve, {
      kind: "insecure-plain-http",
      listen: [{ host: "127.0.0.1", port: 8080 }],
    });
  });

  test("is frozen all the way down", async () => {
    const config = await parse(whole);
    assert.ok(Object.isFrozen(config));
    assert.throws(() => Object.assign(config.aws[0]?.roles[0] ?? {}, { name: "other" }), TypeError);
  });

  test("without a publisher is legal, and serving it is refused by name", async () => {
    const config = await parse(minimal);
    assert.throws(() => publisherOf(config), {
      code: "config-without-publisher",
      message: /served by somebody else/u,
    });
  });

  test("keeps its state where systemd or the XDG directories say", async () => {
    const at = async (more: Record<string, string>): Promise<string> =>
      publisherOf(await parseConfig(publisher(files), "/x/podtrust.yaml", { ...env, ...more })).stateDir;
    assert.equal(await at({ STATE_DIRECTORY: "/var/lib/podtrust:/other" }), "/var/lib/podtrust");
    assert.equal(await at({ XDG_STATE_HOME: "/s" }), "/s/podtrust/prod");
    assert.equal(await at({ XDG_STATE_HOME: "relative" }), "/home/op/.local/state/podtrust/prod");
  });
});

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
    ["S3 inside https", publisher("https: {s3: {bucket: b}}"), "publisher.https.s3", /a way of its own/u],
    ["no way to publish", publisher("keyRetention: 24h"), "publisher", /does not say how/u],
    [
      "two ways to publish",
      publisher(`${files}\ninsecurePlainHttpBehindProxy: {listen: ["127.0.0.1:1"]}`),
      "publisher",
      /has both/u,
    ],
    [
      "a duration out of bounds",
      publisher(`${files}\nkeyRetention: 1m`),
      "publisher.keyRetention",
      /not accepted/u,
    ],
    ["an address without host", publisher(`${files}\nadmin: ":9890"`), "publisher.admin", /not accepted/u],
    ["a source of no kind", publisher(`${files}\nsource: {}`), "publisher.source", /not accepted/u],
    [
      "a source of a misspelt kind",
      publisher(`${files}\nsource: {kubeconfg: x}`),
      "publisher.source.kubeconfg",
      /not a key/u,
    ],
    [
      "half a token source",
      publisher(`${files}\nsource: {server: "https://a:1", caFile: b}`),
      "publisher.source.tokenFile",
      /missing/u,
    ],
    [
      "a header that is none",
      publisher(`${files}\ncacheControl: yes please`),
      "publisher.cacheControl",
      /not accepted/u,
    ],
    [
      "a plain jwksUri",
      publisher(`${files}\njwksUri: http://a.example`),
      "publisher.jwksUri",
      /not accepted/u,
    ],
    [
      "a policy's name in place of its ARN",
      role("serviceAccounts: [a/b], policies: [ReadOnly]"),
      "aws[0].roles[0].policies[0]",
      /not accepted/u,
    ],
    ["nobody who may assume a role", role("path: /"), "aws[0].roles[0]", /names nobody/u],
    [
      "a path without slashes",
      role("serviceAccounts: [a/b], path: x"),
      "aws[0].roles[0].path",
      /not accepted/u,
    ],
    [
      "our own tags",
      role("serviceAccounts: [a/b], tags: {'podtrust:stack': x}"),
      'aws[0].roles[0].tags["podtrust:stack"]',
      /name/u,
    ],
    [
      "a tag that is no text",
      role("serviceAccounts: [a/b], tags: {x: 1}"),
      "aws[0].roles[0].tags.x",
      /not accepted/u,
    ],
    [
      "one ServiceAccount twice",
      role("serviceAccounts: [a/b, a/b]"),
      "aws[0].roles[0].serviceAccounts[1]",
      /already/u,
    ],
    [
      "an inline policy of no shape",
      role("serviceAccounts: [a/b], inline: {p: {Statment: []}}"),
      "aws[0].roles[0].inline.p.Statment",
      /not a key/u,
    ],
    [
      "an inline policy without a Statement",
      role("serviceAccounts: [a/b], inline: {p: {Version: '2012-10-17'}}"),
      "aws[0].roles[0].inline.p",
      /not accepted/u,
    ],
    [
      "an inline policy whose Statement is misspelt",
      role("serviceAccounts: [a/b], inline: {p: {Version: '2012-10-17', Statment: []}}"),
      "aws[0].roles[0].inline.p.Statment",
      /not a key/u,
    ],
    [
      "an inline policy that is not there",
      role("serviceAccounts: [a/b], inline: {p: {file: no.json}}"),
      "aws[0].roles[0].inline.p",
      /cannot be read/u,
    ],
    [
      "an inline policy that IAM refuses",
      role(
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
    test(`${what} is told once, with its place`, async () => {
      const problem = await oneProblem(text);
      assert.equal(problem.key, key);
      assert.match(problem.message, message);
      assert.ok(problem.line >= 1 && problem.column >= 1);
    });
  }

  test("one account twice is told", async () => {
    const account = '  - {account: "111122223333", region: eu-central-1}\n';
    assert.equal((await oneProblem(`${minimal}aws:\n${account}${account}`)).key, "aws[1].account");
  });
});

describe("secrets", () => {
  const secrets: [string, string, string][] = [
    ["a private key", `${minimal}cluster: {kubeconfig: "-----BEGIN PRIVATE KEY-----\\nMIIE"}\n`, "MIIE"],
    ["a token", `${minimal}cluster: {kubeconfig: "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"}\n`, "c2ln"],
    [
      "an access key",
      role("serviceAccounts: [a/b], description: AKIAIOSFODNN7EXAMPLE"),
      "AKIAIOSFODNN7EXAMPLE",
    ],
    [
      "a secret key",
      role("serviceAccounts: [a/b], description: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      "wJalrXUtn",
    ],
    ["a key named token", `${minimal}cluster: {token: hunter2}\n`, "hunter2"],
    ["a password in a URL", `${minimal}cluster: {server: "https://a:hunter2@b"}\n`, "hunter2"],
  ];
  for (const [what, text, secret] of secrets) {
    test(`${what} is refused and not repeated`, async () => {
      await assert.rejects(parse(text), (error: PodtrustError) => {
        assert.match(error.message, /no secret may stand in this file/u);
        assert.equal(JSON.stringify(error.toJSON()).includes(secret), false);
        return true;
      });
    });
  }

  test("names of files that hold secrets are none", async () => {
    await parse(`${minimal}cluster: {server: "https://a:1", caFile: ca, tokenFile: token}\n`);
  });
});

describe("attacks on the reader", () => {
  test("a config of a thousand roles is read", async () => {
    const roles = Array.from(
      { length: 1000 },
      (_, index) => `
      - name: role-number-${index}
        serviceAccounts: [namespace-${index}/service-account-${index}]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
        tags: {team: platform}`,
    ).join("");
    const text = `${minimal}aws:\n  - account: "111122223333"\n    region: eu-central-1\n    roles:${roles}\n`;
    assert.equal((await parse(text)).aws[0]?.roles.length, 1000);
  });

  test("a file of more keys than any config has is refused before it is judged", async () => {
    const keys = "- a\n".repeat(40_000);
    assert.match(
      (await oneProblem(`${minimal}aws:\n${keys}`)).message,
      /^has more than 150000 keys, values and marks$/u,
    );
  });

  test("ten thousand mistakes are counted, and the first fifty of them told", async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}:\n`).join("");
    await assert.rejects(parse(`${minimal}${keys}`), (error: PodtrustError) => {
      assert.match(error.message, /has 10000 mistakes:/u);
      assert.match(error.message, /and 9950 more$/u);
      return true;
    });
  });

  test("an alias bomb is refused before it grows", async () => {
    const levels = Array.from({ length: 9 }, (_, i) => `k${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const started = Date.now();
    const [problem] = await problemsOf(`k0: &a0 [x,x]\n${levels.join("\n")}\n`);
    assert.match(problem?.message ?? "", /alias/u);
    assert.ok(Date.now() - started < 2000);
  });

  test("nesting without end is refused, in flow and in block form", async () => {
    assert.match((await oneProblem(`a: ${"[".repeat(50_000)}`)).message, /levels deep/u);
    const block = await problemsOf(`${"- ".repeat(50_000)}a`);
    assert.ok(block.length > 0);
  });

  test("an anchor that names itself is refused", async () => {
    assert.match((await oneProblem(`${minimal}aws: &a [*a]\n`)).message, /levels deep/u);
  });
});

describe("files", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-config-"));
  });
  after(() => rm(folder, { recursive: true }));

  test("are loaded with the inline policies that they name", async () => {
    const file = join(folder, "podtrust.yaml");
    await writeFile(
      join(folder, "deny.json"),
      '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ssm:*","Resource":"*"}}',
    );
    await writeFile(file, role("serviceAccounts: [a/b], inline: {deny: {file: deny.json}}"));
    const config = await loadConfig(file, env);
    assert.match(config.aws[0]?.roles[0]?.inline["deny"] ?? "", /^\{"Version"/u);
  });

  test("that cannot be read are told with the reason", async () => {
    const bad = async (name: string): Promise<void> => {
      await assert.rejects(loadConfig(join(folder, name), env), { code: "config-unreadable" });
    };
    await bad("absent.yaml");
    await mkdir(join(folder, "folder"));
    await bad("folder");
    await writeFile(join(folder, "large.yaml"), "#".repeat(300_000));
    await bad("large.yaml");
    await writeFile(join(folder, "latin1.yaml"), Buffer.from([0x73, 0xe9]));
    await bad("latin1.yaml");
    await writeFile(join(folder, "big.json"), " ".repeat(70_000));
    await writeFile(join(folder, "p.yaml"), role("serviceAccounts: [a/b], inline: {p: {file: big.json}}"));
    await assert.rejects(loadConfig(join(folder, "p.yaml"), env), /longer than/u);
  });
});

test("the JSON Schema describes every key and refuses others", () => {
  const schema = configJsonSchema() as {
    properties: Record<string, { description: string }>;
    additionalProperties: boolean;
  };
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(Object.keys(schema.properties), [
    "stack",
    "issuer",
    "cluster",
    "machine",
    "publisher",
    "aws",
    "dns",
    "operator",
  ]);
  for (const { description } of Object.values(schema.properties)) assert.ok(description.length > 10);
});
