/** What replicas of a publisher share, a Secret under a Lease, on a real API server. */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { X509Certificate } from "node:crypto";
import { publisherContents, ScheduledBackup } from "../../src/backup/index.ts";
import { silentLogger, systemClock } from "../../src/core/base/index.ts";
import { http01Solver, type PresentedChallenge, tlsAlpn01Solver } from "../../src/providers/acme/index.ts";
import { alpnDigest } from "../../src/providers/acme/solver.ts";
import { openKubernetes, publisherRbac } from "../../src/providers/kubernetes/index.ts";
import type { CertificateAddress } from "../../src/providers/tls/index.ts";
import type { SharedStore } from "../../src/publisher/replicas/store.ts";
import { type TestAuthority, testAuthority } from "../support/certificates.ts";
import { parse } from "../support/config-text.ts";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { keyFolderOf } from "../support/replicas.ts";
import { solverContract } from "../support/solver-contract.ts";
import { storeContract } from "../support/store-contract.ts";
import { until } from "../support/until.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import { makeSharedStoreAccess, openShared, type SharedStoreAccess } from "./replicas/shared.ts";

const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const program = fileURLToPath(new URL("replicas/lock-holder.ts", import.meta.url));
const address: CertificateAddress = {
  directory: "https://ca.example/directory",
  account: "",
  names: ["oidc.example.com"],
};

/** A replica in a process of its own that holds the lock. */
class Holder {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(place: SharedStoreAccess) {
    this.#child = spawn(process.execPath, [program, JSON.stringify(place)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** The next line but for those of its reads of the Lease. */
  async line(): Promise<string> {
    for (;;) {
      const line = await this.#next();
      if (line !== "read") return line;
    }
  }

  /** Ends when it has read the Lease once more; fails where it has the lock before. */
  async read(): Promise<void> {
    assert.equal(await this.#next(), "read");
  }

  async #next(): Promise<string> {
    const next = await this.#lines.next();
    return next.done === true ? "it ended" : next.value;
  }

  async save(value: object): Promise<string> {
    this.#child.stdin.write(`${JSON.stringify(value)}\n`);
    return this.line();
  }

  /** Has it give the lock back and end. */
  async end(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.stdin.end();
    await gone;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** What a validator of TLS-ALPN-01 is shown, or undefined when it is refused. */
async function shown(port: number, servername: string): Promise<X509Certificate | undefined> {
  const options = { host: "127.0.0.1", port, servername, ALPNProtocols: ["acme-tls/1"] };
  const socket: TLSSocket = connect({ ...options, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return new X509Certificate(socket.getPeerCertificate().raw);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** The body that a validator of HTTP-01 is given. */
async function body(port: number, token: string): Promise<string> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.end(`GET /.well-known/acme-challenge/${token} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  let text = "";
  for await (const part of socket as AsyncIterable<Buffer>) text += part.toString("latin1");
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

const skip = leftOut();

describe("a Secret under a Lease", { skip }, () => {
  let plane: ControlPlane;
  let authority: TestAuthority;
  const open: SharedStore[] = [];

  async function opened(place?: SharedStoreAccess): Promise<SharedStore> {
    const store = await openShared(place ?? (await makeSharedStoreAccess(plane)));
    open.push(store);
    return store;
  }

  before(async () => {
    plane = await startControlPlane({ issuer: "https://oidc.example.com" });
    authority = await testAuthority();
  });
  after(async () => {
    await Promise.all(open.map((store) => store.close()));
    await plane?.stop();
  });

  storeContract("Secret store", async () => (await opened()).certificates);

  describe("what one replica presents another answers", () => {
    let asked: SharedStore;
    let presenting: SharedStore;
    let other: TestPublisher;
    const port = (): number => other.publisher.addresses.http[0]?.port ?? 0;

    before(async () => {
      const place = await makeSharedStoreAccess(plane);
      [presenting, asked] = [await opened(place), await opened(place)];
      const { challenges } = asked;
      const local = { host: "127.0.0.1", port: 0 };
      other = await startTestPublisher({
        options: {
          listen: { https: [local], http: [local], admin: false },
          challenges: {
            http01: (token) => challenges.findHttp01(token),
            tlsAlpn01: (name) => challenges.findTlsAlpn01(name),
          },
        },
      });
    });
    after(() => other[Symbol.asyncDispose]());

    solverContract("http-01 at another replica", () => ({
      solver: presenting.challenges.solver(http01Solver()),
      answered: async ({ token, keyAuthorization }) => (await body(port(), token)) === keyAuthorization,
    }));

    solverContract("tls-alpn-01 at another replica", () => ({
      solver: presenting.challenges.solver(tlsAlpn01Solver()),
      async answered({ identifier, keyAuthorization }: PresentedChallenge) {
        const certificate = await shown(other.port, identifier.value);
        return certificate?.raw.includes(alpnDigest(keyAuthorization)) === true;
      },
    }));

    test("a validator of a name for which nothing is presented gets no certificate", async () => {
      assert.equal(await shown(other.port, "nobody.example"), undefined);
      assert.equal(await shown(other.port, other.host), undefined);
    });
  });

  test("what one process saved another is told of, and reads", async () => {
    const place = await makeSharedStoreAccess(plane);
    const [one, two] = [await opened(place), await opened(place)];
    assert.equal(await two.certificates.load(address), undefined);
    const { promise: reported, resolve } = Promise.withResolvers<void>();
    two.certificates.onChange?.(resolve);
    const pair = await authority.issue(address.names);
    await one.certificates.save(address, pair);
    await reported;
    assert.deepEqual(await two.certificates.load(address), pair);
  });

  test("rights are to read and change this Secret and this Lease, and nothing else", async () => {
    const [own, another] = [await makeSharedStoreAccess(plane), await makeSharedStoreAccess(plane)];
    const api = await openKubernetes({ kubeconfig: own.kubeconfig });
    const { namespace, name } = own;
    for (const kind of ["Secret", "Lease"] as const) {
      assert.ok(await api.read({ kind, namespace, name }));
      const forbidden = { code: "cluster-forbidden" };
      await assert.rejects(api.read({ kind, namespace, name: another.name }), forbidden);
      await assert.rejects(api.list({ kind, namespace }), forbidden);
      await assert.rejects(api.remove({ kind, namespace, name }), forbidden);
    }
  });

  test("a replica backs up what all share, with the rights to read and change this Secret alone", async (t) => {
    const place = await makeSharedStoreAccess(plane);
    const { namespace, name, kubeconfig } = place;
    const issuer = "https://oidc.example.test";
    const documents = (await opened(place)).documents({
      stack: "test",
      issuer,
      keyRetention: 86_400_000,
      part: "documents",
    });
    const jwk = newKey();
    const now = systemClock.now();
    await documents.save({
      ...(await documents.load()).state,
      ring: [{ jwk, firstSeen: now, lastSeen: now }],
    });
    const secret = { namespace, name };
    const config = await parse(
      JSON.stringify({
        stack: "test",
        issuer,
        publisher: {
          source: { kubeconfig },
          store: { secret, keyFolder: keyFolderOf(t) },
          https: { acme: {} },
        },
      }),
    );
    const written: string[] = [];
    const backup = new ScheduledBackup({
      config,
      backup: {
        recipients: [recipient],
        every: 86_400_000,
        place: { folder: "/nowhere", keep: 1, otherFileSystem: false },
      },
      place: { name: "a bucket", put: (file) => Promise.resolve(void written.push(file)) },
      deps: { clock: systemClock, env: {}, logger: silentLogger },
    });
    await until("a backup is there", () => written.length > 0, {
      detail: () => String(backup.status.trouble),
    });
    await backup.close();
    assert.match(written.join(), /^test-publisher-.*\.age$/u);
    const { files } = await publisherContents(config, { clock: systemClock, env: {}, logger: silentLogger });
    assert.ok(files.get("documents.json")?.toString().includes(jwk.kid));
  });

  test("where the Secret is not there, the error says who makes it", async () => {
    const place = await makeSharedStoreAccess(plane);
    const store = await opened(place);
    await plane.kubectl(["delete", "secret", place.name]);
    await assert.rejects(
      store.certificates.load(address),
      (error: Error & { code: string; next: string }) => {
        assert.deepEqual(
          [error.code, error.message],
          ["cluster-not-found", `there is no Secret default/${place.name}`],
        );
        assert.match(error.next, /podtrust manifests publisher/u);
        return true;
      },
    );
  });

  test("a publisher with the printed rights keeps a distrust where its own disk is lost", async () => {
    const rights = { namespace: "lasting", name: "publisher", distrustSecret: "distrusted" };
    await plane.kubectl(["apply", "-f", "-"], publisherRbac(rights));
    const token = await plane.requestToken("lasting", "publisher", plane.issuer);
    const place = { namespace: "lasting", name: "distrusted", kubeconfig: plane.kubeconfigWithToken(token) };
    const store = await opened(place);
    const spec = { stack: "test", issuer: "https://oidc.example.test", keyRetention: 86_400_000 };
    const distrusts = store.documents({ ...spec, part: "distrusted" });
    const keys = [newKey(), newKey()];
    const [first, second] = keys;
    await using to = await startTestPublisher({ keys, issuerOptions: { distrusts } });
    await to.publisher.ready();
    const outcome = await to.publisher.distrust(first?.kid ?? "", { force: true });
    assert.deepEqual([outcome.persisted, outcome.outlivesIn], [true, "Secret lasting/distrusted"]);
    await using anew = await startTestPublisher({ keys, issuerOptions: { distrusts } });
    await anew.publisher.ready();
    const [issuer] = anew.publisher.status().issuers;
    const states = new Map(issuer?.keys.map(({ kid, state }) => [kid, state]));
    assert.deepEqual(
      [states.get(first?.kid ?? ""), states.get(second?.kid ?? "")],
      ["distrusted", "current"],
    );
  });

  describe("replicas in processes of their own", { concurrency: true }, () => {
    test("two wait for one another, and who waits gets the lock when it is given back", async () => {
      const place = await makeSharedStoreAccess(plane);
      const first = new Holder(place);
      assert.equal(await first.line(), "held");
      const second = new Holder(place);
      // Each read but the first says that the one before gave it nothing.
      for (let reads = 0; reads < 3; reads += 1) await second.read();
      const held = second.line();
      assert.equal(await first.save(await authority.issue(address.names)), "saved");
      await first.end();
      assert.equal(await held, "held");
      await second.end();
    });

    test("the lock of a replica that was killed is taken over", async () => {
      const place = await makeSharedStoreAccess(plane);
      const first = new Holder(place);
      assert.equal(await first.line(), "held");
      first.signal("SIGKILL");
      const store = await opened(place);
      const lock = await store.certificates.lock("certificate oidc.example.com");
      await store.certificates.save(address, await authority.issue(address.names), { lock });
      await lock.release();
    });

    test("a replica that stood still, and comes back when another has taken over, writes nothing", async () => {
      const place = await makeSharedStoreAccess(plane);
      const frozen = new Holder(place);
      assert.equal(await frozen.line(), "held");
      frozen.signal("SIGSTOP");
      const store = await opened(place);
      const lock = await store.certificates.lock("certificate oidc.example.com");
      const [theirs, ours] = [await authority.issue(address.names), await authority.issue(address.names)];
      // Before the new holder has written anything at all.
      const outcome = frozen.save(theirs);
      frozen.signal("SIGCONT");
      assert.equal(await outcome, "certificate-lock-lost");
      assert.equal(await store.certificates.load(address), undefined);
      await store.certificates.save(address, ours, { lock });
      assert.equal(await frozen.save(theirs), "certificate-lock-lost");
      assert.deepEqual(await store.certificates.load(address), ours);
      await lock.release();
      await frozen.end();
    });
  });
});
