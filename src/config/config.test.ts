import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { certificateFiles, env, minimal, parse, withPublisher } from "../../test/support/config-text.ts";
import { configJsonSchema, parseConfig, publisherOf } from "./index.ts";

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

test("a kubeconfig that a config names has the config's folder with it, however it is written", async () => {
  for (const [kubeconfig, file] of [
    ["kubeconfig", "/etc/podtrust/kubeconfig"],
    ["../kubeconfig", "/etc/kubeconfig"],
    ["~/.kube/config:kc", "/home/op/.kube/config:/etc/podtrust/kc"],
    ["/proc/self/cwd/kc", "/proc/self/cwd/kc"],
  ] as const) {
    const { cluster } = await parse(`${minimal}cluster: {kubeconfig: ${JSON.stringify(kubeconfig)}}\n`);
    assert.deepEqual(cluster, { kubeconfig: file, configFolder: "/etc/podtrust" });
  }
});

test("a stack is told apart by what the config says, and else by its issuer or the zone of its name", async () => {
  assert.equal((await parse(`${minimal}identity: "00000001"\n`)).identity, "00000001");
  // The first 8 hex digits of the URL's SHA-256.
  assert.equal((await parse(minimal)).identity, "ba5ec80c");
  const named = async (zone: string, host: string): Promise<string> => {
    const text = `stack: prod\nissuer: {zone: ${zone}}\ndns: cloudflare\n`;
    const naming = (): Promise<{ host: string; isNew: boolean }> => Promise.resolve({ host, isNew: false });
    return (await parseConfig(text, "/etc/podtrust/podtrust.yaml", env, naming)).identity;
  };
  const one = await named("example.com", "a.example.com");
  assert.equal(await named("example.com", "b.example.com"), one);
  assert.notEqual(await named("example.net", "a.example.net"), one);
  for (const wrong of ['"3F2A91BC"', '"3f2a91b"', "12345678", '""', '"podtrust"'])
    await assert.rejects(parse(`${minimal}identity: ${wrong}\n`), {
      code: "config-invalid",
      message: /identity: [^]*8 lower-case hex characters/u,
    });
});

describe("a good config", () => {
  test("is the design's own example, with defaults and absolute names", async () => {
    const config = await parse(whole);
    assert.deepEqual(config.cluster, {
      kubeconfig: "/home/op/.kube/config",
      context: "prod",
      configFolder: "/etc/podtrust",
    });
    assert.deepEqual(publisherOf(config), {
      source: { kubeconfig: "/etc/podtrust/publisher.kubeconfig", configFolder: "/etc/podtrust" },
      jwksUri: "https://oidc.example.com/openid/v1/jwks",
      keyRetention: 86_400_000,
      pollInterval: 10_000,
      cacheControl: "public, max-age=60",
      formerIssuers: [],
      distrusted: [],
      backupSigners: [],
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
    const byFiles = publisherOf(await parse(withPublisher(certificateFiles)));
    assert.deepEqual(byFiles.serve, {
      kind: "files",
      https: [{ host: "::", port: 443 }],
      http: [],
      certificateFile: "/etc/podtrust/a.crt",
      keyFile: "/etc/podtrust/a.key",
    });
    assert.deepEqual(byFiles.source, { inCluster: true });
    const plain = publisherOf(
      await parse(withPublisher('insecurePlainHttpBehindProxy: {listen: ["127.0.0.1:8080"]}')),
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
      message: /served elsewhere/u,
    });
  });

  test("keeps its state where systemd or the XDG directories say", async () => {
    const at = async (more: Record<string, string>): Promise<string> =>
      publisherOf(await parseConfig(withPublisher(certificateFiles), "/x/podtrust.yaml", { ...env, ...more }))
        .stateDir;
    assert.equal(await at({ STATE_DIRECTORY: "/var/lib/podtrust:/other" }), "/var/lib/podtrust");
    assert.equal(await at({ XDG_STATE_HOME: "/s" }), "/s/podtrust/prod");
    assert.equal(await at({ XDG_STATE_HOME: "relative" }), "/home/op/.local/state/podtrust/prod");
  });
});

test("the JSON Schema describes every key and refuses others", async () => {
  const schema = (await configJsonSchema()) as {
    properties: Record<string, { description: string }>;
    additionalProperties: boolean;
  };
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(Object.keys(schema.properties), [
    "stack",
    "identity",
    "issuer",
    "cluster",
    "machine",
    "publisher",
    "aws",
    "gcp",
    "azure",
    "openbao",
    "dns",
    "operator",
  ]);
  for (const { description } of Object.values(schema.properties)) assert.ok(description.length > 10);
});

describe("how long a relying party is taken to go on with a JWK Set", () => {
  const gcp = (keys: string): string =>
    `gcp: [{project: my-project, projectNumber: "123456789012", keys: ${keys}}]\n`;
  const hours = async (sections: string, publisher = certificateFiles): Promise<number | undefined> => {
    const { relyingPartyCache } = publisherOf(await parse(`${withPublisher(publisher)}${sections}`));
    return relyingPartyCache === undefined ? undefined : relyingPartyCache / 3_600_000;
  };

  test("is AWS's time unless the config declares one that takes longer", async () => {
    assert.equal(await hours(""), undefined);
    assert.equal(await hours(gcp("upload")), undefined);
    assert.equal(await hours(gcp("fetch")), 24);
    assert.equal(await hours("openbao: [{address: https://bao.example.com, mount: jwt}]\n"), undefined);
  });

  test("is what the config says, whatever parties it declares", async () => {
    assert.equal(await hours(gcp("fetch"), `relyingPartyCache: 2h\n${certificateFiles}`), 2);
  });
});
