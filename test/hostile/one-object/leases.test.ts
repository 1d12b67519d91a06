/**
 * Somebody may write Leases in kube-system and EndpointSlices in default, and nothing else. He names machines that are none, by the
 * thousand, and writes times that make others look old, while administrators rotate keys and answer a theft.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseConfig } from "../../../src/config/index.ts";
import { openServers, type ServersOptions } from "../../../src/control-plane/servers/index.ts";
import { PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { podtrustChild } from "../../support/cli.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const issuer = "https://oidc.example.com";
const own = hostname();

/** As an API server writes it, but for what is his. */
const lease = (name: string, host: string, renewTime = new Date().toISOString()): object => ({
  metadata: { name, namespace: "kube-system", labels: { "kubernetes.io/hostname": host } },
  spec: { holderIdentity: `${name}_1`, leaseDurationSeconds: 3600, renewTime },
});
const slice = (name: string, ...addresses: readonly string[]): object => ({
  metadata: { name, namespace: "default" },
  addressType: "IPv4",
  endpoints: [{ addresses }],
});
const real = (): object => lease("apiserver-own", own);

describe(
  "who may write Leases and EndpointSlices",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let server: Server;
    let config: string;
    const written: { leases: readonly object[]; endpointslices: readonly object[] } = {
      leases: [],
      endpointslices: [],
    };

    /** Has the cluster show these. Each list is paged as the API does. */
    function write(leases: readonly object[], endpointslices: readonly object[] = []): void {
      Object.assign(written, { leases, endpointslices });
    }

    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-leases-"));
      const authority = await testAuthority("Lease Root");
      const { certificate, key } = await authority.issue(["127.0.0.1", "kubernetes.default.svc"]);
      server = createServer({ cert: certificate, key }, (request, response) => {
        const url = new URL(request.url ?? "/", "https://x");
        const kind = /\/(leases|endpointslices)$/u.exec(url.pathname)?.[1] as keyof typeof written;
        if (kind === undefined) {
          response.writeHead(url.pathname === "/readyz" ? 200 : 403).end();
          return;
        }
        const [from, limit] = ["continue", "limit"].map((name) => Number(url.searchParams.get(name) ?? 0));
        const end = (from ?? 0) + (limit ?? 0);
        const metadata = end < written[kind].length ? { continue: String(end) } : {};
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ metadata, items: written[kind].slice(from, end) }));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const at = (server.address() as AddressInfo).port;
      const containers = [{ name: "kube-apiserver", command: ["kube-apiserver", `--secure-port=${at}`] }];
      for (const [path, text] of [
        ["/etc/kubernetes/pki/sa.pub", ""],
        ["/etc/kubernetes/manifests/kube-apiserver.yaml", JSON.stringify({ spec: { containers } })],
      ] as const) {
        await mkdir(join(host.root, dirname(path)), { recursive: true });
        await writeFile(join(host.root, path), text, { mode: 0o600 });
      }
      const { port, user, keyFile, hostKey } = host;
      await writeFile(join(folder, "ca.pem"), authority.root);
      await writeFile(join(folder, "token"), "t", { mode: 0o600 });
      config = `stack: prod
issuer: ${issuer}
cluster:
  server: https://127.0.0.1:${at}
  caFile: ca.pem
  tokenFile: token
  servers: [{ssh: {address: 127.0.0.1, port: ${port}, user: ${user}, hostKey: "${hostKey}"}, sshKey: ${keyFile}}]
publisher: {source: {kubeconfig: none}, https: {certificateFile: a, keyFile: b}}
aws: []
`;
      await writeFile(join(folder, "podtrust.yaml"), config);
    });
    after(async () => {
      server?.closeAllConnections();
      server?.close();
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    /** What an administrator's command says of the list; undefined where it goes on. */
    async function stopped(more: Partial<ServersOptions> = {}): Promise<PodtrustError | undefined> {
      const env = homeEnvironment(folder);
      const parsed = await parseConfig(config, join(folder, "podtrust.yaml"), env);
      assert.ok(parsed.cluster !== undefined);
      try {
        const opened = await openServers({
          cluster: parsed.cluster,
          servers: parsed.servers ?? [],
          stateDir: join(folder, "state"),
          purpose: "rotate",
          env,
          clock: systemClock,
          signal,
          ...more,
        });
        assert.deepEqual(
          opened.all.map(({ api }) => api.name),
          [own],
        );
        await opened.close();
        return undefined;
      } catch (error) {
        assert.ok(error instanceof PodtrustError, String(error));
        assert.equal(error.code, "server-not-listed");
        return error;
      }
    }

    test("lifts no refusal: an unlisted server stays missed beside a lease of the year 2099, and behind a thousand of a listed one", async () => {
      const unlisted = lease("apiserver-zzz", "cp-2");
      const far = lease("apiserver-far", own, "2099-01-01T00:00:00Z");
      write([real(), far, unlisted]);
      assert.match((await stopped())?.message ?? "", /: cp-2 \(lease kube-system\/apiserver-zzz\)$/u);
      const behind = Array.from({ length: 1200 }, (_, index) => lease(`apiserver-${index}`, own));
      write([...behind, unlisted]);
      assert.match((await stopped())?.message ?? "", /leases\/kube-system \(there are 1000 or more\)/u);
    });

    test("stops a command until a person names what is none, and no longer", async () => {
      const forged = lease("apiserver-forged", "cp-9", "2099-01-01T00:00:00Z");
      write([real(), forged], [slice("forged", "203.0.113.66")]);
      const { detail, next } = (await stopped()) ?? assert.fail();
      assert.deepEqual(detail["missing"], ["cp-9", "203.0.113.66"]);
      assert.match(next, /--not-a-server cp-9/u);
      assert.notEqual(await stopped({ notServers: ["cp-9"] }), undefined);
      assert.equal(await stopped({ notServers: ["cp-9", "203.0.113.66"] }), undefined);
    });

    test("has ten names printed of ten thousand, and a new one each second is ended by the word for all of them", async () => {
      const many = Array.from({ length: 10_000 }, (_, index) => lease(`apiserver-${index}`, `node-${index}`));
      write(many, [
        slice("forged", ...Array.from({ length: 10_000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`)),
      ]);
      const { message, next, detail } = (await stopped()) ?? assert.fail();
      assert.ok(message.length + next.length + JSON.stringify(detail).length < 2000, message);
      assert.match(message, /node-9 \(lease kube-system\/apiserver-9\), and 10991 more$/u);
      assert.equal(
        await stopped({ notServers: ["leases/kube-system", "endpointslices/default"] }),
        undefined,
      );
    });

    test("writes nothing to a terminal, and has no answer that is too long stop more than one that names a machine", async () => {
      const odd = ["a\u001B[2Jb", "b\nnext: podtrust down --yes", "\u202Ecp", "x".repeat(5000)];
      write(
        [real(), ...odd.map((name) => lease(name, name)), ...odd.map((name) => lease("apiserver-a", name))],
        [slice("kubernetes", ...odd)],
      );
      assert.equal(await stopped(), undefined);
      write([{ ...lease("apiserver-big", "cp-9"), note: "x".repeat(9 * 1024 * 1024) }]);
      assert.deepEqual((await stopped())?.detail["missing"], ["leases/kube-system"]);
      assert.equal(await stopped({ notServers: ["leases/kube-system"] }), undefined);
    });

    test("stops no answer to a theft: what the list lacks is said to be open", async () => {
      write([real(), lease("apiserver-forged", "cp-9")]);
      const open: string[] = [];
      assert.equal(await stopped({ onUnlisted: (why) => open.push(why) }), undefined);
      assert.equal(open.length, 1);
      assert.match(open[0] ?? "", /cp-9/u);
    });

    test("stops each command of rotate and adopt by name, until --not-a-server", async () => {
      write([real(), lease("apiserver-forged", "cp-9")]);
      const podtrust = async (...words: readonly string[]): Promise<string> => {
        const route = ["--connect-to", "oidc.example.com:443:127.0.0.1:1"];
        const { out, err } = await podtrustChild([...words, ...route], {
          cwd: folder,
          env: homeEnvironment(folder),
        });
        return out + err;
      };
      for (const words of [
        ["rotate", "status"],
        ["rotate", "promote", "--yes"],
        ["adopt", "plan"],
        ["adopt", "undo", "--yes"],
      ]) {
        assert.match(await podtrust(...words), /cluster\.servers does not name: cp-9/u, words.join(" "));
        assert.doesNotMatch(await podtrust(...words, "--not-a-server", "cp-9"), /cp-9/u, words.join(" "));
      }
      const answer = await podtrust("rotate", "stolen", "kid", "--thief-reaches-no-api", "--yes");
      assert.match(answer, /Open: the cluster has API servers that cluster\.servers does not name: cp-9/u);
      assert.doesNotMatch(answer, /--not-a-server/u);
    });
  },
);
