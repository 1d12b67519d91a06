import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseConfig } from "../../../config/index.ts";
import { hostConfig } from "./config-file.ts";
import { hostLayout } from "./layout.ts";
import { publisherUnits } from "./units.ts";

const layout = hostLayout();
const issuer = "https://oidc.example.com";

describe("the publisher's config on a machine", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-host-config-"));
    for (const name of ["ca.pem", "kid", "key", "tls.crt", "tls.key", "keys.crt", "keys.key"])
      await writeFile(join(folder, name), `${name}\n`);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function written(publisher: object) {
    const text = JSON.stringify({ stack: "prod", issuer, publisher });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), { HOME: "/root" });
    const found = await hostConfig(config, layout, { env: {} });
    const own = found.files.find(({ path }) => path === layout.config);
    // What is written there is understood there.
    const there = await parseConfig(own?.text ?? "", layout.config, { STATE_DIRECTORY: "/var/lib/state" });
    assert.deepEqual(there.warnings, []);
    return { ...found, config, there: there.publisher, text: own?.text ?? "" };
  }
  const paths = (files: readonly { path: string; mode: number }[]): readonly string[] =>
    files.map(({ path, mode }) => `${path} ${mode.toString(8)}`);

  test("has the machine's own cluster, state and sockets, and all else as it was given", async () => {
    const { there, config, text, https, http } = await written({
      source: { kubeconfig: "mine" },
      formerIssuers: ["https://kubernetes.default.svc.cluster.local"],
      keyRetention: "36h",
      pollInterval: "1500ms",
      cacheControl: "public, max-age=30",
      admin: false,
      stateDir: "elsewhere",
      jwksUri: "https://keys.example.com/jwks",
      https: {
        acme: {
          email: "ops@example.com",
          profile: "tlsserver",
          fallback: { directory: "https://ca.example/d" },
        },
      },
    });
    assert.match(text, /^# podtrust stack=prod/u);
    assert.deepEqual(there?.source, {
      server: "https://127.0.0.1:6443",
      tokenFile: layout.token,
      caFile: layout.clusterCa,
      configFolder: layout.etc,
    });
    assert.equal(there.stateDir, "/var/lib/state");
    for (const key of [
      "formerIssuers",
      "keyRetention",
      "pollInterval",
      "cacheControl",
      "admin",
      "jwksUri",
    ] as const)
      assert.deepEqual(there[key], config.publisher?.[key], key);
    const { serve } = there;
    assert.ok(serve.kind === "acme" && config.publisher?.serve.kind === "acme");
    assert.deepEqual(serve.acme, config.publisher.serve.acme);
    assert.deepEqual([serve.https, serve.http], [[{ systemd: "https" }], [{ systemd: "http" }]]);
    assert.deepEqual([https, http], [[{ host: "::", port: 443 }], [{ host: "::", port: 80 }]]);
  });

  test("brings the files that it names along, secrets for the publisher's group alone", async () => {
    const eab = { kidFile: "kid", hmacKeyFile: "key" };
    const acme = { directory: "https://ca.example/d", caFile: "ca.pem", eab, challenge: "tls-alpn-01" };
    const { files, there, http } = await written({ https: { acme } });
    assert.deepEqual(paths(files), [
      "/etc/podtrust/publisher/acme-ca.pem 644",
      "/etc/podtrust/publisher/acme-eab-kid 640",
      "/etc/podtrust/publisher/acme-eab-key 640",
      "/etc/podtrust/publisher.yaml 644",
    ]);
    assert.deepEqual(http, []);
    assert.ok(there?.serve.kind === "acme");
    assert.equal(there.serve.acme.eab?.hmacKeyFile, "/etc/podtrust/publisher/acme-eab-key");
    const pairs = await written({
      jwksUri: "https://keys.example.com/jwks",
      https: {
        certificateFile: "tls.crt",
        keyFile: "tls.key",
        jwks: { certificateFile: "keys.crt", keyFile: "keys.key" },
      },
    });
    assert.deepEqual(paths(pairs.files).slice(0, 4), [
      "/etc/podtrust/publisher/tls.crt 644",
      "/etc/podtrust/publisher/tls.key 640",
      "/etc/podtrust/publisher/jwks.crt 644",
      "/etc/podtrust/publisher/jwks.key 640",
    ]);
  });

  test("addresses to listen on become systemd's, and names of sockets the default ports", async () => {
    const streams = async (https: object): Promise<readonly string[]> => {
      const found = await written({ https: { acme: {}, ...https } });
      const units = publisherUnits({ ...found, stack: "prod", layout, adminKubeconfig: "/k" });
      return [...units.values()].flatMap((text) => text.match(/(?<=^ListenStream=).*$/gmu) ?? []);
    };
    assert.deepEqual(await streams({}), ["443", "80"]);
    assert.deepEqual(
      await streams({ listen: ["203.0.113.7:443", "[2001:db8::1]:443"], http: ["[::]:8080"] }),
      ["203.0.113.7:443", "[2001:db8::1]:443", "8080"],
    );
    assert.deepEqual(await streams({ listen: ["systemd:https"], http: ["systemd:http"] }), ["443", "80"]);
  });

  const recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"];

  test("backups go into the folder that is named, on another file system than the state's, and into nothing else", async () => {
    const folderOf = async (backup: object) => {
      const found = await written({ https: { acme: {} }, backup });
      const units = publisherUnits({ ...found, stack: "prod", layout, adminKubeconfig: "/k" });
      const lines = units.get("podtrust-publisher.service")?.split("\n") ?? [];
      const others = [...units].filter(([name]) => name !== "podtrust-publisher.service");
      return { found, lines, others: others.map(([, text]) => text).join("\n") };
    };
    const place = "/mnt/backups/podtrust";
    const { found, lines, others } = await folderOf({ recipients, every: "12h", folder: place, keep: 7 });
    const kept = { folder: place, keep: 7, otherFileSystem: true };
    assert.deepEqual(found.there?.backup, { recipients, every: 43_200_000, place: kept });
    assert.equal(found.backupFolder, place);
    assert.deepEqual(
      lines.filter((line) => line.includes("/mnt/")),
      [
        `ExecStartPre=-+/bin/chown --no-dereference --reference=${layout.state} ${place}`,
        `ReadWritePaths=-${place}`,
      ],
    );
    assert.doesNotMatch(others, /\/mnt\//u);
    // A missing disk does not keep the documents from being served.
    assert.doesNotMatch(lines.join("\n"), /RequiresMountsFor/u);
    const without = await written({ https: { acme: {} } });
    assert.deepEqual([without.there?.backup, without.backupFolder], [undefined, undefined]);
  });

  test("backups into a bucket take an access key of the machine's own, which its service alone is given", async () => {
    const s3 = {
      bucket: "example-backups",
      region: "eu-central-1",
      prefix: "prod/",
      account: "111122223333",
    };
    const backup = { recipients, s3: { ...s3, credentialsFile: "key" } };
    await assert.rejects(written({ https: { acme: {} }, backup }), {
      code: "state-permissions",
      message: /key has mode 0644: it is for secrets/u,
    });
    await chmod(join(folder, "key"), 0o600);
    const { files, credentials, there, backupFolder } = await written({ https: { acme: {} }, backup });
    const path = "/etc/podtrust/publisher/backup-credentials";
    assert.deepEqual(paths(files).slice(0, 1), [`${path} 600`]);
    assert.deepEqual(credentials, [{ name: "backup-credentials", path }]);
    const credentialsFile = "/run/credentials/podtrust-publisher.service/backup-credentials";
    assert.deepEqual(there?.backup?.place, { s3: { ...s3, credentialsFile } });
    assert.equal(backupFolder, undefined);
    await assert.rejects(written({ https: { acme: {} }, backup: { recipients, s3 } }), {
      code: "usage",
      message: /needs an access key of its own there/u,
      next: /publisher\.backup\.s3\.credentialsFile/u,
    });
  });

  for (const [what, publisher, message] of [
    [
      "a bucket",
      { s3: { bucket: "example-oidc", region: "eu-central-1" } },
      /publisher\.s3 is not for a machine/u,
    ],
    [
      "a proxy",
      { insecurePlainHttpBehindProxy: { listen: ["127.0.0.1:8080"] } },
      /insecurePlainHttpBehindProxy is not for a machine/u,
    ],
  ] as const) {
    test(`publishing by ${what} is refused by name`, async () => {
      const at = what === "a bucket" ? "https://example-oidc.s3.eu-central-1.amazonaws.com" : issuer;
      const text = JSON.stringify({ stack: "prod", issuer: at, publisher });
      const config = await parseConfig(text, join(folder, "podtrust.yaml"), { HOME: "/root" });
      await assert.rejects(hostConfig(config, layout, { env: {} }), { code: "usage", message });
    });
  }

  test("keys that are to be uploaded are refused by name with what to do, and keys that are fetched are not", async () => {
    const of = async (keys: object): Promise<unknown> => {
      const gcp = [{ project: "shop-project", projectNumber: "123456789012", ...keys }];
      const text = JSON.stringify({ stack: "prod", issuer, publisher: { https: { acme: {} } }, gcp });
      return hostConfig(await parseConfig(text, join(folder, "podtrust.yaml"), { HOME: "/root" }), layout, {
        env: {},
      });
    };
    for (const keys of [{}, { keys: "upload" }])
      await assert.rejects(of(keys), {
        code: "usage",
        message: /keys: upload of the section gcp is not for a publisher on a machine/u,
        next: /Set keys: fetch.*manifests operator --keys/u,
      });
    await of({ keys: "fetch" });
  });

  const byDns = { https: { acme: { challenge: "dns-01" } } };

  for (const [kind, tokens] of [
    ["cloudflare", { tokenFile: "key", publisherTokenFile: "kid" }],
    ["hetzner", { publisherTokenFile: "kid" }],
  ] as const) {
    test(`proving the name by dns-01 at ${kind} takes a token of the publisher's own, which its service alone is given`, async () => {
      const text = JSON.stringify({ stack: "prod", issuer, dns: { [kind]: tokens }, publisher: byDns });
      const config = await parseConfig(text, join(folder, "podtrust.yaml"), { HOME: "/root" });
      const { files, credentials, https, http } = await hostConfig(config, layout, { env: {} });
      const [token, own] = files;
      assert.deepEqual(
        [token?.path, token?.mode, token?.owner, token?.text],
        ["/etc/podtrust/publisher/dns-token", 0o600, "root:root", "kid\n"],
      );
      assert.deepEqual(credentials, [{ name: "dns-token", path: "/etc/podtrust/publisher/dns-token" }]);
      assert.deepEqual(http, []);
      const there = await parseConfig(own?.text ?? "", layout.config, { STATE_DIRECTORY: "/var/lib/state" });
      assert.deepEqual(there.warnings, []);
      assert.deepEqual(there.dns?.provider, {
        kind,
        [kind]: { tokenFile: "/run/credentials/podtrust-publisher.service/dns-token" },
      });
      const units = publisherUnits({
        credentials,
        https,
        http,
        stack: "prod",
        layout,
        adminKubeconfig: "/k",
      });
      for (const [name, unit] of units) {
        const given = unit.match(/(?<=^LoadCredential=).*$/gmu) ?? [];
        const desired =
          name === "podtrust-publisher.service" ? ["dns-token:/etc/podtrust/publisher/dns-token"] : [];
        assert.deepEqual(given, desired, name);
      }
    });
  }

  for (const [what, dns, message, next] of [
    [
      "without a token of the publisher's own",
      "cloudflare",
      /dns-01 needs a token of the publisher's own on the machine/u,
      /dns\.cloudflare\.publisherTokenFile.*http-01 or tls-alpn-01/u,
    ],
    [
      "at Route 53",
      "route53",
      /dns-01 at Route 53: its program has no SDK of AWS/u,
      /http-01 or tls-alpn-01/u,
    ],
  ] as const) {
    test(`proving the name by dns-01 ${what} is refused, with what to do instead`, async () => {
      const text = JSON.stringify({ stack: "prod", issuer, dns, publisher: byDns });
      const config = await parseConfig(text, join(folder, "podtrust.yaml"), { HOME: "/root" });
      await assert.rejects(hostConfig(config, layout, { env: {} }), { code: "usage", message, next });
    });
  }

  test("a file that is named and not there is reported by its name", async () => {
    const text = JSON.stringify({
      stack: "prod",
      issuer,
      publisher: { https: { certificateFile: "gone.crt", keyFile: "tls.key" } },
    });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), { HOME: "/root" });
    await assert.rejects(hostConfig(config, layout, { env: {} }), {
      code: "file-unreadable",
      message: /gone\.crt/u,
    });
  });
});
