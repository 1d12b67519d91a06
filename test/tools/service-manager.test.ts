/** `podtrust serve` below a service manager: sockets that are passed, what it reports, and restarts. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { type TestAuthority, testAuthority } from "../support/certificates.ts";
import { certificateFiles, sourceCommand } from "../support/publisher-process.ts";
import { type ManagedService, startManaged } from "../support/service-manager/manager.ts";

const host = "oidc.example.test";
const issuer = `https://${host}`;

function missing(program: string, ...args: string[]): string | false {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return false;
  } catch {
    return `${program} is not installed`;
  }
}

describe("podtrust serve below a service manager", { skip: missing("python3", "--version") }, () => {
  let folder: string;
  let cluster: StandInCluster;
  let authority: TestAuthority;
  let service: ManagedService;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-managed-"));
    cluster = await startStandInCluster({ issuer });
    authority = await testAuthority();
    await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig("publisher"), { mode: 0o600 });
    const { listen: _own, ...pair } = await certificateFiles(folder, await authority.issue([host]));
    const https = { ...pair, listen: ["systemd:https"], http: ["systemd:http"] };
    const publisher = {
      source: { kubeconfig: "kubeconfig" },
      stateDir: "state",
      admin: "127.0.0.1:0",
      https,
    };
    const config = join(folder, "podtrust.yaml");
    await writeFile(config, JSON.stringify({ stack: "prod", issuer, publisher }));
    const asRoot = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
    service = await startManaged(
      folder,
      // Two sockets of one name, one of each family, and one that takes both.
      ["https=127.0.0.1:0", "https=[::1]:0", "http=[::]:0"],
      [...sourceCommand, "serve", "-f", config, ...asRoot],
    );
    await service.until("publication", () => service.log().includes("every stack is published"));
  });
  after(async () => {
    await service.stop();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The JWK Set's status, over a connection of its own. */
  function fetchKeys(address: string, port: number | undefined): Promise<number | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const options = { host: address, port, servername: host, ca: authority.root, agent: false };
    const headers = { host, connection: "close" };
    httpsRequest({ ...options, path: "/openid/v1/jwks", headers }, (response) => {
      response
        .resume()
        .on("end", () => resolve(response.statusCode))
        .on("error", reject);
    })
      .on("error", reject)
      .end();
    return promise;
  }

  test("every socket that is passed is served, of both families, under its name", async () => {
    const [v4, v6, plain] = service.ports;
    assert.equal(await fetchKeys("127.0.0.1", v4), 200);
    assert.equal(await fetchKeys("::1", v6), 200);
    for (const address of ["127.0.0.1", "::1"]) {
      const status = await new Promise((resolve, reject) => {
        const path = "/.well-known/acme-challenge/unknown";
        httpRequest({ host: address, port: plain, path, agent: false }, (response) => {
          resolve(response.resume().statusCode);
        })
          .on("error", reject)
          .end();
      });
      assert.equal(status, 404, address);
    }
  });

  test("a restart behind the sockets loses no request, and the one before ends with 0", async () => {
    const [v4, v6] = service.ports;
    const begun = service.events.length;
    const over = new AbortController();
    const statuses: (number | undefined)[] = [];
    // At most 1500 requests, one after the other, on each family.
    const load = async (address: string, port: number | undefined): Promise<void> => {
      for (let count = 0; !over.signal.aborted && count < 1500; count += 1)
        statuses.push(await fetchKeys(address, port));
    };
    const loads = [load("127.0.0.1", v4), load("::1", v6)];
    await service.until("load", () => statuses.length > 20);
    service.restart();
    const starts = (): number => service.events.slice(begun).filter((event) => "started" in event).length;
    await service.until("second start", () => starts() === 1);
    const answered = statuses.length;
    await service.until("answers of the second", () => statuses.length > answered + 20);
    over.abort();
    await Promise.all(loads);
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.deepEqual(
      service.events.slice(begun).flatMap((event) => ("exited" in event ? [event.exited] : [])),
      [0],
    );
  });

  test(
    "systemd's own helper reports that it is ready, that it lives, and that it ends",
    { skip: missing("systemd-notify", "--version") },
    async () => {
      await service.until(
        "sign of life",
        () => service.notices().filter((one) => one === "WATCHDOG=1").length > 3,
      );
      assert.ok(service.notices().includes("READY=1"));
      assert.ok(service.notices().includes("STATUS=every stack is published"));
      await service.stop();
      assert.deepEqual(service.notices().slice(-2), ["STOPPING=1", "BARRIER=1"]);
      assert.doesNotMatch(service.log(), /systemd could not be notified/u);
    },
  );
});
