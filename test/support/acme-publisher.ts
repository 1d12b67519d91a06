import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { defined, systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { type ServeOptions, servePublisher } from "../../src/publisher/configs/index.ts";
import { startAuthority, startStandInCluster } from "../../src/sandbox/index.ts";
import { freePort } from "./free-port.ts";
import { MemoryLog } from "./publisher.ts";

const host = "oidc.example.test";
const issuer = `https://${host}`;

/** What dns-01 needs beside: a dns section, how its zone is opened, and how the CA finds what stands there. */
export interface ByDns {
  readonly dns?: object;
  readonly openTxtRecords?: NonNullable<ServeOptions["openTxtRecords"]>;
  readonly resolveTxt?: (name: string) => Promise<readonly string[]>;
}

/** Serves a config with ACME against the stand-in CA, which finds ports 80 and 443 of the name on loopback. */
export async function serveByAcme(
  t: TestContext,
  challenge: "http-01" | "tls-alpn-01" | "dns-01",
  byDns: ByDns = {},
) {
  const { dns, openTxtRecords, resolveTxt } = byDns;
  const folder = await mkdtemp(join(tmpdir(), "podtrust-acme-"));
  // The last that was started ends first: the folder is written into until then.
  const ending = new AsyncDisposableStack();
  t.after(() => ending.disposeAsync());
  ending.defer(() => rm(folder, { recursive: true, force: true }));
  const [https, http] = [await freePort(), await freePort()];
  const connectTo = [
    parseConnectTo(`${host}:80:127.0.0.1:${http}`),
    parseConnectTo(`${host}:443:127.0.0.1:${https}`),
  ];
  const ca = await startAuthority({ connectTo, ...defined({ resolveTxt }) });
  ending.defer(() => ca.close());
  const cluster = await startStandInCluster({ issuer });
  ending.defer(() => cluster.close());
  await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig("publisher"), { mode: 0o600 });
  await writeFile(join(folder, "ca.pem"), ca.tlsCa);
  const acme = { directory: ca.directoryUrl, caFile: "ca.pem", challenge };
  const publisher = {
    source: { kubeconfig: "kubeconfig" },
    stateDir: "state",
    admin: false,
    https: {
      listen: [`127.0.0.1:${https}`],
      ...(challenge === "http-01" ? { http: [`127.0.0.1:${http}`] } : {}),
      acme,
    },
  };
  const logger = new MemoryLog();
  const start = async () => {
    // JSON is YAML.
    const text = JSON.stringify({ stack: "prod", issuer, publisher, ...defined({ dns }) });
    const config = await parseConfig(text, join(folder, "podtrust.yaml"), {});
    const served = await servePublisher({
      configs: [config],
      clock: systemClock,
      logger,
      sockets: new Map(),
      env: {},
      ...defined({ openTxtRecords }),
    });
    ending.defer(() => served.close(0));
    return served;
  };
  const fetchKeys = async (): Promise<string> => {
    const answer = await request(`${issuer}/openid/v1/jwks`, { ca: ca.root, connectTo });
    assert.equal(answer.status, 200);
    return answer.tls?.chain[0]?.sha256 ?? "";
  };
  return { start, fetchKeys, connectTo, logger, ca, stateDir: join(folder, "state") };
}
