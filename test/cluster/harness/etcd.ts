import { cp, rm } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { maxWait } from "../../support/until.ts";
import { freePorts } from "./ports.ts";
import { type Program, type Run, untilReady } from "./run.ts";

export interface Etcd {
  readonly url: string;
  readonly pid: () => number;
  /** Remembers all that it holds now; it is away for a moment. */
  readonly save: () => Promise<void>;
  /** Goes back to what was saved last, as an administrator restores a backup; API servers are to be stopped before. */
  readonly restore: () => Promise<void>;
}

function health(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${url}/health`, { agent: false, signal: AbortSignal.timeout(maxWait) }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`etcd answers ${answer.statusCode}`));
    }).on("error", reject);
  });
}

/** A store of one member on loopback, in plain text, that forgets everything at the end. */
export async function startEtcd(run: Run, command: string): Promise<Etcd> {
  const [clients = 0, peers = 0] = await freePorts(2);
  const [url, peer] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`];
  const [data, saved] = [join(run.folder, "etcd"), join(run.folder, "etcd-saved")];
  const spec = {
    name: "etcd",
    command,
    args: [
      `--data-dir=${data}`,
      "--name=test",
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=test=${peer}`,
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
  };
  const launch = async (): Promise<Program> => {
    const started = await run.start(spec);
    await untilReady(started, () => health(url));
    return started;
  };
  let program = await launch();
  const replace = async (from: string, to: string): Promise<void> => {
    await program.stop();
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
    program = await launch();
  };
  return {
    url,
    pid: () => program.pid,
    save: () => replace(data, saved),
    restore: () => replace(saved, data),
  };
}
